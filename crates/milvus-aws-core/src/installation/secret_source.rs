//! Where passwords come from: never from the file itself.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ObjectName;

/// A user name and where its password is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Credentials {
    /// A Kubernetes Secret that exists in the installation's namespace, with the keys `username` and `password`.
    ExistingSecret(ObjectName),
    /// A user name here, the password elsewhere; we keep both in a Secret of ours.
    Given {
        /// User name, or access key id.
        username: String,
        /// Where the password, or secret access key, is read from at install time.
        password: PasswordSource,
    },
}

/// Where a password is read from when the command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum PasswordSource {
    /// A file; one trailing newline is dropped. Relative paths start at the folder of `milvus.yaml`.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}
