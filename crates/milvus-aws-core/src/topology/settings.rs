//! The server's settings, as its own configuration files spell them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{component::Component, line::MessageQueue};
use crate::installation::Installation;

/// The server's settings as a nested map: the content of its configuration file. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Settings(Map<String, Value>);

impl Settings {
    pub(super) fn of(
        installation: &Installation,
        _components: &[Component],
        _queue: MessageQueue,
    ) -> Self {
        Self(installation.config.clone())
    }

    /// The settings as one value, for a file in YAML.
    pub fn as_yaml_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The settings as environment variables, sorted by name: `etcd.endpoints` is `ETCD_ENDPOINTS`, lists are joined by commas.
    pub fn as_environment(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}
