//! kubectl-milvus
