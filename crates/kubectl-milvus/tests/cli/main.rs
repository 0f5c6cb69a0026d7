//! What users and scripts see of the binary, without a cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod account;
mod adopt;
mod api_server;
mod aws;
mod bad_input;
mod file_cluster;
mod helm;
mod init;
mod output;
mod plugin;
mod readme;
mod render;
mod size;
mod uninstall;
mod unreachable;
mod upgrade;
mod usage;
