//! The targets `aws` and `eks`: an account, everything in it, and Milvus on top.

pub(crate) mod account;
mod bucket_contents;
pub(crate) mod cluster;
mod ebs_driver;
pub(crate) mod eks_token;
pub(crate) mod existing_cluster;
pub(crate) mod graph;
pub(crate) mod kubeconfig;
pub(crate) mod kubernetes_access;
pub(crate) mod uninstall;
