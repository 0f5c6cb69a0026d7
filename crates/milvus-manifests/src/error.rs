//! What can go wrong while objects are written or applied.

use crate::object::ObjectRef;

/// Why objects could not be written or applied. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two objects of one kind would have the same name.
    #[error("two objects would be called {0}, choose another installation name")]
    NameTaken(ObjectRef),
    /// The installation needs a login that was not given.
    #[error("the login for {0} was not given")]
    MissingLogin(&'static str),
    /// An object cannot be written as YAML.
    #[error("write {object} as YAML")]
    Yaml {
        /// Which object.
        object: String,
        /// What the writer said.
        #[source]
        source: serde::de::value::Error,
    },
    /// An object cannot be written as JSON.
    #[error("write {object} as JSON")]
    Json {
        /// Which object.
        object: String,
        /// What the writer said.
        #[source]
        source: serde_json::Error,
    },
    /// No certificate for the load balancer controller's webhooks could be made.
    #[cfg(feature = "apply")]
    #[error("make a certificate for the load balancer controller's webhooks")]
    Certificate(#[source] rcgen::Error),
    /// Two resources of a graph collide.
    #[cfg(feature = "apply")]
    #[error("put the resources in order")]
    Graph(#[from] milvus_aws_core::engine::InvalidGraph),
    /// Helm's record of a release cannot be read.
    #[cfg(feature = "apply")]
    #[error("understand what Helm remembers in secret/{0}")]
    HelmRecord(String),
    /// A request to the API server failed.
    #[cfg(feature = "apply")]
    #[error(transparent)]
    Request(milvus_aws_core::engine::ResourceError),
}
