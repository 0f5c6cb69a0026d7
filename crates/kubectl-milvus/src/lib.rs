//! The library under the `kubectl milvus` plugin: it wires core, manifests and probe.

pub mod cli;
pub mod cluster;
pub mod completion;
pub mod exit_code;
pub mod port_forward;
pub mod printer;
pub mod version;

pub use exit_code::ExitCode;
