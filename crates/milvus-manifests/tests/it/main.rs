//! What the rendered objects promise, and what their application does to a cluster.
#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute alone, not what they call"
)]

#[cfg(feature = "apply")]
mod adopt;
#[cfg(feature = "apply")]
mod apply;
mod attu;
#[cfg(feature = "apply")]
mod autoscalers;
mod chart;
#[cfg(feature = "apply")]
mod cluster;
#[cfg(feature = "apply")]
mod cluster_wide;
#[cfg(feature = "apply")]
mod controller;
#[cfg(feature = "apply")]
mod etcd_claims;
mod features;
mod fixtures;
mod helm;
#[cfg(feature = "apply")]
mod kept_data;
#[cfg(feature = "apply")]
mod lacking;
#[cfg(feature = "apply")]
mod late;
#[cfg(feature = "apply")]
mod one_by_one;
#[cfg(feature = "apply")]
mod others_files;
mod pains;
mod properties;
mod said;
mod secrets;
mod security;
mod shape;
mod snapshots;
mod validity;
#[cfg(feature = "apply")]
mod waiting;
