//! End-to-end tests: the plugin as users run it, against the stage's real Kubernetes and Milvus.
//!
//! `cargo xtask test` runs them inside the stage's network.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and ends"
)]

mod adopt;
mod aws_crash;
mod aws_eks;
mod aws_install;
mod aws_stage;
mod canary;
mod crash;
mod data_plane;
mod drift;
mod every_layout;
mod foreign;
mod guide;
mod guide_adopt;
mod guide_adopt_files;
mod guide_failover;
mod guide_upgrade;
mod helm_chart;
mod install;
mod official_images;
mod openshift;
mod plugin;
mod render;
mod status;
mod tls;
mod uninstall;
mod vectors;
mod write_gate;
mod writer;
