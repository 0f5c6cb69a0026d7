//! milvus-manifests
