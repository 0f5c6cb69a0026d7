//! milvus-aws-core
