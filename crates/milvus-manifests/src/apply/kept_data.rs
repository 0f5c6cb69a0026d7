//! Changes that would leave data behind: another part of etcd or of the log, and an etcd that cannot read what is there.

use std::collections::BTreeMap;

use milvus_aws_core::{
    engine::{Foreign, ForeignKind},
    topology::{EtcdStep, ServiceNames},
};
use serde_json::Value;

use super::{both_settings::parsed, released::tag_of};
use crate::{
    Kind,
    config_map::{DEFAULT_FILE, USER_FILE},
    labels::NAME,
};

/// How every such refusal begins.
const DATA_LEFT_BEHIND: &str = "its data would be left behind: ";

/// What a change of an object would do to data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing.
    Harmless,
    /// Nobody can tell, and why.
    Unknown(String),
    /// It would be left behind, and why.
    LeftBehind(Foreign),
}

/// Judges the change from what is there to what is wanted.
pub(super) fn judge(kind: Kind, live: &Value, wanted: &Value) -> Judgement {
    match kind {
        Kind::ConfigMap => settings(live, wanted),
        Kind::StatefulSet if wanted["metadata"]["labels"][NAME] == "etcd" => etcd(live, wanted),
        _ => Judgement::Harmless,
    }
}

fn settings(live: &Value, wanted: &Value) -> Judgement {
    let (Some(old), Some(new)) = (service_names(live), service_names(wanted)) else {
        return Judgement::Harmless;
    };
    let Some(setting) = old.differences(&new).into_iter().next() else {
        return Judgement::Harmless;
    };
    Judgement::LeftBehind(left_behind(&format!(
        "it is under {} `{}`, and the file says `{}`",
        setting.key(),
        old.value(setting),
        new.value(setting)
    )))
}

fn etcd(live: &Value, wanted: &Value) -> Judgement {
    let (Some(old), Some(new)) = (image(live), image(wanted)) else {
        return Judgement::Harmless;
    };
    match EtcdStep::between(tag_of(old), tag_of(new)) {
        EtcdStep::Kept => Judgement::Harmless,
        EtcdStep::Unknown { tag } => Judgement::Unknown(format!(
            "{old} is replaced by {new}, and `{tag}` does not say which etcd it is: whether it can read the data that is there is not known"
        )),
        EtcdStep::NotKept { because } => Judgement::LeftBehind(left_behind(&because)),
    }
}

fn left_behind(because: &str) -> Foreign {
    let because = format!("{DATA_LEFT_BEHIND}{because}");
    Foreign::new(ForeignKind::DataLeftBehind, because)
}

/// The image of the container `etcd`, or of the only one.
fn image(set: &Value) -> Option<&str> {
    let containers = set["spec"]["template"]["spec"]["containers"].as_array()?;
    let own = containers.iter().find(|it| it["name"] == "etcd");
    own.or(containers.first())?["image"].as_str()
}

/// The parts of etcd and of the log that the settings in a ConfigMap name; none where it holds no settings.
pub(super) fn service_names(map: &Value) -> Option<ServiceNames> {
    let data = map["data"].as_object()?;
    let entry = |name: &str| data.get(name).and_then(Value::as_str);
    if entry(DEFAULT_FILE).is_some() {
        // The user's file is read last.
        let files = [DEFAULT_FILE, USER_FILE].into_iter().filter_map(entry);
        return Some(ServiceNames::of_files(files.filter_map(parsed)));
    }
    let variables = data.iter();
    let variables: BTreeMap<String, String> = variables
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    variables
        .contains_key("METASTORE_TYPE")
        .then(|| ServiceNames::of_environment(&variables))
}
