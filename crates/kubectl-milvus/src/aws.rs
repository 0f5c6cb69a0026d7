//! The target `aws`: an account, everything in it, and Milvus on top.

pub(crate) mod account;
pub(crate) mod confirm;
pub(crate) mod eks_token;
pub(crate) mod graph;
pub(crate) mod kubeconfig;
mod kubernetes_access;
pub(crate) mod uninstall;
