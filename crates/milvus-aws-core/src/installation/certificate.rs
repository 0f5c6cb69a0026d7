//! Certificates that are not in the cluster yet.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::PasswordSource;

/// Where a server's certificate and its key are read from. A Secret of the type `kubernetes.io/tls` is made of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// The certificate, and what leads from it to its authority, in PEM.
    pub certificate: PasswordSource,
    /// Its private key, in PEM.
    pub key: PasswordSource,
}

/// A certificate and its key, read.
#[derive(Debug, Clone)]
pub struct CertificateSecret {
    /// The certificate, in PEM.
    pub certificate: SecretString,
    /// Its private key, in PEM.
    pub key: SecretString,
}
