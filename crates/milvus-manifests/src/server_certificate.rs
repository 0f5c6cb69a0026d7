//! The certificate by which clients know the server, out of a Secret of the user's.

use k8s_openapi::{
    ByteString,
    api::core::v1::{PodSpec, Secret},
};
use secrecy::SecretString;

/// The volume through which the pods that serve clients have it.
pub(crate) const VOLUME: &str = "milvus-tls";

/// A certificate, and what proves that it is one's own.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The certificate, and what leads from it to its authority, in PEM.
    pub certificate: String,
    /// Its key, in PEM.
    pub key: SecretString,
}

/// The name of the Secret out of which a pod has the certificate; none where it serves clients without, or has it by a
/// volume of the user's own.
pub fn server_certificate_secret(pod: &PodSpec) -> Option<&str> {
    let mut volumes = pod.volumes.iter().flatten();
    let volume = volumes.find(|volume| volume.name == VOLUME)?;
    volume.secret.as_ref()?.secret_name.as_deref()
}

/// The certificate that a Secret of the type `kubernetes.io/tls` holds.
pub fn server_certificate_in(secret: &Secret) -> Option<ServerCertificate> {
    let text = |key| {
        let ByteString(bytes) = secret.data.as_ref()?.get(key)?;
        String::from_utf8(bytes.clone()).ok()
    };
    Some(ServerCertificate {
        certificate: text("tls.crt")?,
        key: text("tls.key")?.into(),
    })
}
