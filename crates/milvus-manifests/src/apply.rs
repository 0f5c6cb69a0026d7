//! Bringing objects about: server-side apply, differences, readiness with reasons, prune, and taking away.
//!
//! Each object is one resource of the core's engine. [`Install::graph`] puts them in order; [`uninstall`] finds what
//! exists by our mark and puts that in the reverse order. [`Install::adopt`] takes over what Helm made, object by object.
//!
//! ```no_run
//! use milvus_aws_core::{Installation, engine::Engine, installation::Secrets};
//! use milvus_manifests::apply::Install;
//!
//! # async fn install(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let installation = Installation::default();
//! let manifests = milvus_manifests::render(&installation, &Secrets::default())?;
//! let install = Install::new(client, &installation, &manifests).graph()?;
//! Engine::new().apply(&install.graph).await.result()?;
//! # Ok(())
//! # }
//! ```

mod adapt;
mod adopted_claims;
mod api;
mod both_settings;
mod certified;
mod cluster;
mod default_class;
mod difference;
mod etcd_claims;
mod failure;
mod former_coordinators;
mod helm_release;
mod in_the_way;
mod install;
mod installations;
mod kept_data;
mod known_passwords;
mod lacking;
mod live_service_names;
mod managed_fields;
mod namespace;
mod neighbours;
mod object;
mod obsolete;
mod one_by_one;
mod operator;
mod other_controller;
mod others_files;
mod owner;
mod placed;
mod platform;
mod readiness;
mod released;
mod root_secret;
mod running;
mod scale;
mod scaled_by;
mod strangers;
mod taken_over;
mod takeover;
mod uninstall;
mod webhook_answers;

pub use cluster::{ControllerHandles, add_load_balancer_controller, add_storage_class};
pub use etcd_claims::etcd_is_claimed;
pub use helm_release::{HelmRelease, HelmStatus, helm_releases};
pub use install::{Install, InstallGraph, Installed};
pub use installations::installations;
pub use known_passwords::has_known_passwords;
pub use lacking::{Lack, Lacking, lacking, survivors};
pub use live_service_names::{LiveServiceNames, live_service_names};
pub use neighbours::neighbours;
pub use one_by_one::{OneByOne, Proofs, Turn};
pub use operator::operated;
pub use other_controller::has_other_controller;
pub use others_files::{OthersFiles, StayingFiles, others_files};
pub use placed::Placed;
pub use platform::platform;
pub use readiness::why_not_ready;
pub use released::{ReleasedComponent, exists, released_components, still_of_helm};
pub use running::{RunningComponent, RunningMilvus, running};
pub use scale::{Unscalable, scale};
pub use scaled_by::Autoscaler;
pub use uninstall::{Kept, Uninstall, uninstall};

/// The field manager of everything that we apply.
pub const FIELD_MANAGER: &str = "kubectl-milvus";
