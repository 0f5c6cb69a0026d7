//! The server's settings, and how it reads them. No secret is among them.

use std::{collections::BTreeMap, fmt::Write};

use k8s_openapi::api::core::v1::ConfigMap;
use milvus_aws_core::{
    Installation,
    topology::{ConfigLoader, Topology},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Error,
    labels::{self, Part},
    names::Names,
    yaml,
};

/// The file with what follows from the installation.
pub(crate) const DEFAULT_FILE: &str = "default.yaml";
/// The file with what the user says further; the server reads it last.
pub(crate) const USER_FILE: &str = "user.yaml";

/// The settings in the form that this version reads: files that the chart mounts too, or environment variables, where
/// the image knows no file but its own (before 2.4.6; overwriting that one would need a writable root file system).
pub(crate) fn config_map(
    installation: &Installation,
    topology: &Topology,
) -> Result<ConfigMap, Error> {
    let names = Names::of(installation);
    let (name, data) = match topology.config_loader {
        ConfigLoader::Environment => (names.environment(), environment(topology)),
        ConfigLoader::Layered => (names.full(), files(installation, topology)?),
    };
    Ok(ConfigMap {
        metadata: labels::metadata(installation, Part::Whole, name),
        data: Some(data),
        ..ConfigMap::default()
    })
}

fn environment(topology: &Topology) -> BTreeMap<String, String> {
    topology.settings.as_environment().into_iter().collect()
}

fn files(
    installation: &Installation,
    topology: &Topology,
) -> Result<BTreeMap<String, String>, Error> {
    let file = |name: &str, value: &Value| {
        let text = yaml::document(value, name)?;
        Ok::<_, Error>((name.to_owned(), text))
    };
    let user = Value::Object(installation.config.clone());
    Ok(BTreeMap::from([
        file(DEFAULT_FILE, &topology.settings.as_yaml_value())?,
        file(USER_FILE, &user)?,
    ]))
}

/// Changes with the settings, so that pods restart with them.
pub(crate) fn checksum(config_map: &ConfigMap) -> String {
    let mut hash = Sha256::new();
    for (key, value) in config_map.data.iter().flatten() {
        // Lengths keep `a: bc` and `ab: c` apart.
        hash.update(key.len().to_be_bytes());
        hash.update(key);
        hash.update(value.len().to_be_bytes());
        hash.update(value);
    }
    let hash = hash.finalize();
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
