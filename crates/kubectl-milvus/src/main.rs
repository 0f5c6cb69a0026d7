//! The `kubectl-milvus` binary.
fn main() {}
