//! The stage: real parts on one machine, inside namespaces of their own. `README.md` beside this file says what each part is.

pub mod cache;
pub mod control;
pub mod data_plane;
pub mod parts;
pub mod report;
pub mod supervisor;
pub mod wait;
