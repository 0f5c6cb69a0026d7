//! What a Milvus installation *is*, and the engine that brings one about.
//!
//! - [`Installation`]: the file that users write, parsed and valid. Everything wrong with a file is told at once, with
//!   its line and with what to write instead.
//! - [`Topology`]: the components of that Milvus version, with replicas, ports, arguments and the server's settings.
//! - [`sizing`]: how large it must be for a load, on which machines, and what those cost.
//! - [`engine`] (feature `engine`, on by default): a graph of resources, each started the moment that its inputs are
//!   there. Without the feature the crate is types and parsing alone.
//!
//! - `aws` (feature `aws`): an account's resources for that engine, one file each: network, bucket, key, login, brokers,
//!   Kubernetes cluster, roles. The rights that their calls need, and what they cost.
//!
//! No Kubernetes client, no terminal and no argument parser is known here.
//!
//! # From a file to what has to run
//!
//! ```
//! use milvus_aws_core::{Installation, Topology};
//!
//! let installation = Installation::from_yaml(
//!     "milvus.yaml",
//!     "apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.5.16\n",
//! )?;
//! let topology = Topology::of(&installation);
//! assert_eq!(topology.components[0].name, "standalone");
//!
//! let error = Installation::from_yaml("milvus.yaml", "apiVersion: kubectl-milvus/v1\nnmae: demo\n").unwrap_err();
//! assert_eq!(error.to_string(), "milvus.yaml:2:1: nmae: is no known key, write `name`");
//! # Ok::<(), milvus_aws_core::installation::InvalidFile>(())
//! ```
//!
//! # A graph of two resources
//!
//! A handle exists only for what was added before, so that a graph cannot hold a cycle; a resource reads the outputs
//! of what it declared in `needs`, and of nothing else.
//!
//! ```
//! # #[cfg(feature = "engine")]
//! # {
//! use std::{sync::Mutex, time::Duration};
//!
//! use milvus_aws_core::engine::{
//!     Context, Engine, Graph, Handle, Inputs, Needs, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
//! };
//!
//! /// A line on a wall: the world outside of this process.
//! static WALL: Mutex<Vec<String>> = Mutex::new(Vec::new());
//!
//! struct Line<N> {
//!     text: &'static str,
//!     needs: N,
//! }
//!
//! impl<N: Needs + 'static> Resource for Line<N> {
//!     type Needs = N;
//!     type Output = usize;
//!
//!     fn id(&self) -> ResourceId {
//!         ResourceId::new(self.text)
//!     }
//!     fn needs(&self) -> &N {
//!         &self.needs
//!     }
//!     fn usual_duration(&self) -> Duration {
//!         Duration::from_secs(1)
//!     }
//!     async fn observe(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<Observed<usize>, ResourceError> {
//!         let wall = WALL.lock().unwrap();
//!         Ok(match wall.iter().position(|line| line == self.text) {
//!             Some(number) => Observed::Current { output: Some(number) },
//!             None => Observed::Absent,
//!         })
//!     }
//!     async fn apply(&self, _: &Inputs<Self>, _: &Step, _: &Context) -> Result<Readiness<usize>, ResourceError> {
//!         let mut wall = WALL.lock().unwrap();
//!         wall.push(self.text.to_owned());
//!         Ok(Readiness::Ready(wall.len() - 1))
//!     }
//!     async fn readiness(&self, _: &Inputs<Self>, _: &Context) -> Result<Readiness<usize>, ResourceError> {
//!         Ok(Readiness::Waiting { reason: "the paint dries".to_owned() })
//!     }
//!     async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
//!         WALL.lock().unwrap().retain(|line| line != self.text);
//!         Ok(())
//!     }
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let mut graph = Graph::builder();
//! let first: Handle<usize> = graph.add(Line { text: "first", needs: () }).unwrap();
//! let second = graph.add(Line { text: "second", needs: first }).unwrap();
//! let graph = graph.build();
//!
//! let report = Engine::new().apply(&graph).await;
//! assert_eq!(report.result(), Ok(()));
//! assert_eq!(report.output(&second), Some(1));
//! assert!(!Engine::new().plan(&graph).await.unwrap().has_changes());
//! # });
//! # }
//! ```

#[cfg(feature = "aws")]
pub mod aws;
pub mod cost;
#[cfg(feature = "engine")]
pub mod engine;
pub mod installation;
pub mod prices;
#[cfg(feature = "aws")]
pub mod proxy;
pub mod sizing;
pub mod topology;

pub use installation::Installation;
pub use topology::Topology;
