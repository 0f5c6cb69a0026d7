//! Verification of servers outside of Kubernetes.
