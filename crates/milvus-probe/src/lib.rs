//! milvus-probe
