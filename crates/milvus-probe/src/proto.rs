//! Code generated from `proto/*.proto`; `tests/generated.rs` keeps it current.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the .proto files hold the comments"
)]

pub mod common {
    include!("proto/milvus.proto.common.rs");
}

pub mod schema {
    include!("proto/milvus.proto.schema.rs");
}

// The generated paths climb to their siblings from here.
pub mod milvus {
    include!("proto/milvus.proto.milvus.rs");
}
