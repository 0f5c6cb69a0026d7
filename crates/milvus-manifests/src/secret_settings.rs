//! The server's settings that are secret: one Secret of ours, and how pods get what is in it.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::core::v1::{EnvVar, EnvVarSource, Secret, SecretKeySelector},
};
use milvus_aws_core::{Installation, installation::Secrets};
use secrecy::ExposeSecret;

use crate::{
    Error,
    labels::{self, Part, REVISION},
    names::Names,
    secret::{FIRST_REVISION, revision_annotation},
};

/// Settings that are secret, by the variables that set them; variables outrank every file.
pub(crate) struct SecretSettings {
    /// The Secret's name.
    name: String,
    values: BTreeMap<String, ByteString>,
}

impl SecretSettings {
    /// What the installation names; none where it names nothing.
    pub(crate) fn of(
        installation: &Installation,
        secrets: &Secrets,
    ) -> Result<Option<Self>, Error> {
        let mut values = BTreeMap::new();
        for key in installation.secret_config.keys() {
            let missing = Error::MissingLogin("the settings that are secret");
            let value = secrets.config.get(key).ok_or(missing)?;
            let bytes = value.expose_secret().as_bytes().to_vec();
            values.insert(key.variable(), ByteString(bytes));
        }
        let name = Names::of(installation).settings_secret();
        Ok((!values.is_empty()).then_some(Self { name, values }))
    }

    pub(crate) fn object(&self, installation: &Installation) -> Secret {
        let mut metadata = labels::metadata(installation, Part::Whole, self.name.clone());
        let revision = (REVISION.to_owned(), FIRST_REVISION.to_string());
        metadata.annotations = Some(BTreeMap::from([revision]));
        Secret {
            metadata,
            type_: Some("Opaque".to_owned()),
            data: Some(self.values.clone()),
            ..Secret::default()
        }
    }

    /// The annotation of pods that read it: key and revision.
    pub(crate) fn pod_annotation(&self) -> (String, String) {
        (revision_annotation(&self.name), FIRST_REVISION.to_string())
    }

    pub(crate) fn environment(&self) -> impl Iterator<Item = EnvVar> {
        self.values.keys().map(|variable| EnvVar {
            name: variable.clone(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector {
                    name: self.name.clone(),
                    key: variable.clone(),
                    optional: None,
                }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        })
    }
}
