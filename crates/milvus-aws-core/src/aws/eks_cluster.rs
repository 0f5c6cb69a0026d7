//! The Kubernetes cluster.

use super::ids::{SecurityGroupId, VpcId};

/// A cluster that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EksCluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// URL of its API server.
    pub endpoint: String,
    /// Certificate of the CA that signed for the API server, as PEM.
    pub certificate_authority: Vec<u8>,
    /// The issuer of its service accounts' tokens.
    pub issuer: String,
    /// The security group of its nodes and pods.
    pub security_group: SecurityGroupId,
    /// Where it is.
    pub vpc: VpcId,
    /// Version of Kubernetes: `1.34`.
    pub version: String,
}
