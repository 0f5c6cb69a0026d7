//! The stage: real parts on one machine, inside namespaces of their own. `README.md` beside this file says what each part is.

pub mod aws;
pub mod cache;
mod cgroup;
pub mod check;
pub mod control;
pub mod data_plane;
pub mod exec;
pub mod kubernetes;
pub mod lifecycle;
pub mod milvus;
pub mod namespace;
pub mod parts;
pub mod report;
mod requirements;
pub mod supervisor;
pub mod wait;
