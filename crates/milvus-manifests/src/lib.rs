//! Kubernetes objects of a Milvus installation, as typed values.
//!
//! [`render`] makes them out of an [`Installation`](milvus_aws_core::Installation): pure, the same input gives the same
//! bytes, no client and no runtime. The feature `apply` (on by default) brings them about in a cluster, as resources of
//! the core's engine: server-side apply, differences, prune, readiness with reasons.
//!
//! Names, selectors and ports are those of the official Helm chart for the same release name.
//!
//! ```
//! use milvus_aws_core::{Installation, installation::Secrets};
//! use milvus_manifests::Kind;
//!
//! let installation = Installation {
//!     name: "demo".parse()?,
//!     ..Installation::default()
//! };
//! let manifests = milvus_manifests::render(&installation, &Secrets::default())?;
//!
//! assert!(manifests.get(Kind::Deployment, "demo-milvus-standalone").is_some());
//! assert!(manifests.to_yaml()?.starts_with("---\napiVersion: v1\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "apply")]
pub mod apply;
mod attu;
mod autoscaler;
mod certificate;
mod config_map;
mod disruption_budget;
mod error;
mod etcd;
pub mod helm;
mod ingress;
pub mod labels;
mod load_balancer;
#[cfg(feature = "apply")]
pub mod load_balancer_controller;
mod manifests;
mod names;
mod namespace;
mod object;
mod pod;
mod pvc;
mod render;
mod root_login;
mod secret;
mod secret_settings;
mod server_certificate;
mod service;
mod service_account;
mod service_monitor;
mod storage_class;
mod workload;
mod yaml;

pub use attu::{Attu, Exposure, attu_image};
pub use error::Error;
pub use load_balancer::{NETWORK_LOAD_BALANCER_CLASS, NetworkLoadBalancer, Scheme};
pub use manifests::Manifests;
pub use namespace::namespace;
pub use object::{Kind, Object, ObjectRef, Scope};
pub use render::render;
pub use root_login::{ROOT, password_in, root_secret_name};
pub use server_certificate::{ServerCertificate, server_certificate_in, server_certificate_secret};
pub use service_monitor::{Endpoint, NamespaceSelector, ServiceMonitor, ServiceMonitorSpec};
pub use storage_class::{EbsStorageClass, IS_DEFAULT_CLASS};
