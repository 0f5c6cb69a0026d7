//! The AWS half end to end: core's whole graph of AWS resources, on the stage's AWS and on its time.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on may as well stop"
)]

mod account;
mod crash;
mod existing;
mod faults;
mod foreign;
mod install;
mod kept_vectors;
mod pains;
mod rights;
mod slow_changes;
