//! The AWS half end to end: core's whole graph of AWS resources, on the stage's AWS and on its time.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on may as well stop"
)]

mod account;
mod bucket_names;
mod crash;
mod existing;
mod faults;
mod foreign;
mod install;
mod kafka_versions;
mod kept_vectors;
#[cfg(feature = "plugin")]
mod kubernetes;
mod pains;
mod proxies;
mod rights;
mod slow_changes;
#[cfg(feature = "plugin")]
mod tokens;
#[cfg(feature = "plugin")]
mod uninstall;
