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
mod installed;
mod output;
mod plugin;
mod proxy;
mod readme;
mod refused;
mod render;
mod rights;
mod shared_services;
mod size;
mod status;
mod uninstall;
mod unreachable;
mod upgrade;
mod usage;
