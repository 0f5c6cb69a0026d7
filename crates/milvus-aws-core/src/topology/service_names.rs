//! Which parts of etcd and of the log a server uses, as its settings say it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::settings::{merge_maps, plain, value_of};
use crate::installation::PartSetting;

/// The parts of etcd and of the log that a server uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceNames {
    /// The prefix of all metadata in etcd: `etcd.rootPath`.
    pub root_path: String,
    /// What the names of topics and logs begin with: `msgChannel.chanNamePrefix.cluster`.
    pub channel_prefix: String,
}

impl ServiceNames {
    /// What every Milvus uses unless its settings say otherwise (source: Milvus's own `milvus.yaml`).
    pub const USUAL: &str = "by-dev";

    /// By files of settings, the later ones laid over the earlier ones.
    pub fn of_files(files: impl IntoIterator<Item = Map<String, Value>>) -> Self {
        let mut settings = Map::new();
        for file in files {
            merge_maps(&mut settings, file);
        }
        Self::of(&settings)
    }

    /// By settings as one map.
    pub fn of(settings: &Map<String, Value>) -> Self {
        let named = |setting: PartSetting| {
            let paths = setting.paths().iter();
            let mut found = paths.filter_map(|path| value_of(settings, path));
            found.find(|value| !value.is_null()).map(plain)
        };
        Self::with(named)
    }

    /// By settings in the environment.
    pub fn of_environment(variables: &BTreeMap<String, String>) -> Self {
        let named = |setting: PartSetting| {
            let names = setting.paths().iter();
            let mut names = names.map(|path| path.join("_").to_uppercase());
            names.find_map(|name| variables.get(&name).cloned())
        };
        Self::with(named)
    }

    fn with(named: impl Fn(PartSetting) -> Option<String>) -> Self {
        let or_usual = |setting| named(setting).unwrap_or_else(|| Self::USUAL.to_owned());
        Self {
            root_path: or_usual(PartSetting::RootPath),
            channel_prefix: or_usual(PartSetting::ChannelPrefix),
        }
    }

    /// The value of one of the two settings.
    pub fn value(&self, setting: PartSetting) -> &str {
        match setting {
            PartSetting::RootPath => &self.root_path,
            PartSetting::ChannelPrefix => &self.channel_prefix,
        }
    }

    /// What another one says otherwise.
    pub fn differences(&self, other: &Self) -> Vec<PartSetting> {
        let mut settings = vec![PartSetting::RootPath, PartSetting::ChannelPrefix];
        settings.retain(|setting| self.value(*setting) != other.value(*setting));
        settings
    }
}
