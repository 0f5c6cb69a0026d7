//! Secrets with certificates for the server, as the chart makes one of `proxy.tls`.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use milvus_aws_core::{Installation, installation::Secrets};
use secrecy::ExposeSecret;

use crate::{
    Error,
    labels::{self, Part},
};

/// The Secrets of the certificates that the installation names.
pub(crate) fn secrets(
    installation: &Installation,
    secrets: &Secrets,
) -> Result<Vec<Secret>, Error> {
    let names = installation.certificates.keys();
    names
        .map(|name| {
            let missing = Error::MissingLogin("the certificate");
            let read = secrets.certificates.get(name).ok_or(missing)?;
            let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
            Ok(Secret {
                metadata: labels::metadata(installation, Part::Whole, name.to_string()),
                type_: Some("kubernetes.io/tls".to_owned()),
                data: Some(BTreeMap::from([
                    (
                        "tls.crt".to_owned(),
                        bytes(read.certificate.expose_secret()),
                    ),
                    ("tls.key".to_owned(), bytes(read.key.expose_secret())),
                ])),
                ..Secret::default()
            })
        })
        .collect()
}
