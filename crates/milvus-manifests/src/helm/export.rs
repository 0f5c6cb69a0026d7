//! From an installation to values of the chart that goes with its version.

mod components;
mod server;
mod services;

use milvus_aws_core::{Installation, Topology, installation::Target};
use serde_json::{Map, Value as Json, json};

use super::remark::Remark;
use crate::{Error, yaml};

/// Values of the official chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The values. Passwords are not among them: where one belongs stands the variable that holds it, as `envsubst`
    /// replaces it.
    pub values: Json,
    /// What the chart has no words for, by the paths of the installation's file.
    pub lost: Vec<Remark>,
}

/// What is written while an installation is taken apart.
struct Export<'a> {
    installation: &'a Installation,
    topology: Topology,
    /// What is left of the installation's file.
    file: Json,
    values: Json,
    /// Settings for `user.yaml`.
    settings: Map<String, Json>,
    /// Variables of every container, for what the chart has no words for.
    variables: Vec<Json>,
    lost: Vec<Remark>,
}

/// Writes an installation as values for the chart that goes with its version.
pub fn export(installation: &Installation) -> Result<Exported, Error> {
    let mut export = Export {
        installation,
        topology: Topology::of(installation),
        file: installation.to_json(),
        values: json!({}),
        settings: installation.config_with_parts(),
        variables: Vec::new(),
        lost: Vec::new(),
    };
    if installation.target() != Target::Kubernetes {
        export.lose("target", "the chart makes nothing in an AWS account; its values are for a Kubernetes and services that exist");
        export.file = json!({});
        return Ok(export.finish());
    }
    for known in [
        "apiVersion",
        "target",
        "name",
        "namespace",
        "mode",
        "version",
        "config",
    ] {
        export.take(known);
    }
    server::write(&mut export);
    services::write(&mut export);
    server::write_variables(&mut export);
    components::write(&mut export);
    server::write_settings(&mut export)?;
    Ok(export.finish())
}

impl Exported {
    /// The values as YAML.
    pub fn to_yaml(&self) -> Result<String, Error> {
        yaml::document(&self.values, "the chart's values")
    }
}

impl Export<'_> {
    /// Everything that nobody took is lost.
    fn finish(mut self) -> Exported {
        let mut left = Vec::new();
        leaves("", &self.file, &mut left);
        for path in left {
            self.lose(&path, "the chart has no key for it");
        }
        Exported {
            values: self.values,
            lost: self.lost,
        }
    }

    fn lose(&mut self, path: &str, message: impl Into<String>) {
        self.lost.push(Remark::new(path, None, message));
    }

    /// Takes a value out of the installation's file.
    fn take(&mut self, path: &str) -> Option<Json> {
        let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
        let pointer = match section {
            "" => String::new(),
            section => format!("/{}", section.replace('.', "/")),
        };
        self.file
            .pointer_mut(&pointer)?
            .as_object_mut()?
            .shift_remove(key)
    }

    /// Writes a value of the chart.
    fn put(&mut self, key: &str, value: impl Into<Json>) {
        let mut section = &mut self.values;
        for key in key.split('.') {
            if !section.is_object() {
                *section = json!({});
            }
            section = &mut section[key];
        }
        *section = value.into();
    }

    /// Takes a value from one side to the other.
    fn pass(&mut self, path: &str, key: &str) {
        if let Some(value) = self.take(path) {
            self.put(key, value);
        }
    }

    /// The same for several keys of one section, which both sides call alike.
    fn pass_all(&mut self, section: &str, to: &str, keys: &[&str]) {
        for key in keys {
            self.pass(&format!("{section}.{key}"), &format!("{to}.{key}"));
        }
    }

    /// Requests and limits, as Kubernetes writes them.
    fn resources(&mut self, path: &str, key: &str) {
        let Some(mut resources) = self.take(path) else {
            return;
        };
        for side in ["requests", "limits"] {
            if let Some(Json::Object(amounts)) = resources.get_mut(side)
                && let Some(disk) = amounts.shift_remove("ephemeralStorage")
            {
                amounts.insert("ephemeral-storage".to_owned(), disk);
            }
        }
        if let Json::Object(sides) = &mut resources {
            sides.retain(|_, amounts| *amounts != json!({}));
        }
        self.put(key, resources);
    }

    /// What a password's source stands for in values: a variable's name for `envsubst`.
    fn placeholder(&mut self, path: &str, source: &Json, usual: &str) -> String {
        if let Some(variable) = source["env"].as_str() {
            return format!("${{{variable}}}");
        }
        let message = format!(
            "the password is no part of values: put it into the variable {usual}, and run them through `envsubst`"
        );
        self.lose(path, message);
        format!("${{{usual}}}")
    }
}

/// The paths of values that are more than an empty section.
fn leaves(path: &str, value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Null => {}
        Json::Object(section) => {
            for (key, value) in section {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(&path, value, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}
