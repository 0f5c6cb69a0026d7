//! Encryption towards clients: what the chart's values say by settings, a volume and where it is mounted.

use milvus_aws_core::topology::REST_PORT;
use serde_json::{Value as Json, json};

use super::{Import, below, config::Config};

/// Where volumes for the server's front may be said.
const PLACES: [&str; 3] = [
    "cluster.components.proxy.pod",
    "standalone.pod",
    "scheduling",
];

/// The settings that say which files the server takes, and what they are called in a Secret of that kind.
const FILES: [(&str, &str); 3] = [
    ("serverPemPath", "tls.crt"),
    ("serverKeyPath", "tls.key"),
    ("caPemPath", "ca.crt"),
];

/// A certificate that is mounted out of a Secret is said as one. Anything else stays as it is: settings and volumes.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let mode = match config.text(&["common", "security", "tlsMode"]).as_deref() {
        Some("1") => "oneWay",
        Some("2") => "mutual",
        _ => return,
    };
    // It follows from TLS.
    let rest = ["proxy", "http", "port"];
    if config.text(&rest).as_deref() == Some(REST_PORT.to_string().as_str()) {
        config.remove(&rest);
    }
    let needed = if mode == "mutual" { 3 } else { 2 };
    let Some(folder) = folder(config, needed) else {
        return;
    };
    let Some(secret) = PLACES
        .iter()
        .find_map(|place| take_volume(import, place, &folder))
    else {
        return;
    };
    import.draft.set_for(
        "tls",
        json!({"mode": mode, "secret": secret}),
        "extraConfigFiles.user.yaml",
    );
    config.remove(&["common", "security", "tlsMode"]);
    for (setting, _) in FILES {
        config.remove(&["tls", setting]);
    }
}

/// The folder that all files are in, under the names of a Secret for TLS.
fn folder(config: &Config<'_>, needed: usize) -> Option<String> {
    let mut folder: Option<String> = None;
    for (setting, name) in FILES.iter().take(needed) {
        let path = config.text(&["tls", setting])?;
        let (parent, file) = path.rsplit_once('/')?;
        if file != *name || folder.as_ref().is_some_and(|known| known != parent) {
            return None;
        }
        folder = Some(parent.to_owned());
    }
    folder
}

/// The Secret that is mounted there, which leaves the list of volumes.
fn take_volume(import: &mut Import<'_>, place: &str, folder: &str) -> Option<String> {
    let (mounts_at, volumes_at) = (below(place, "volumeMounts"), below(place, "volumes"));
    let list = |import: &Import<'_>, path: &str| {
        import
            .draft
            .get(path)
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (mut mounts, mut volumes) = (list(import, &mounts_at), list(import, &volumes_at));
    let is_there = |mount: &Json| {
        let path = mount["mountPath"].as_str().unwrap_or_default();
        path.trim_end_matches('/') == folder && mount["subPath"].is_null()
    };
    let mount = mounts.iter().position(is_there)?;
    let volume = volumes.iter().position(|volume| {
        volume["name"] == mounts[mount]["name"] && volume["secret"]["items"].is_null()
    })?;
    let secret = volumes[volume]["secret"]["secretName"].as_str()?.to_owned();
    mounts.remove(mount);
    volumes.remove(volume);
    for (at, left) in [(mounts_at, mounts), (volumes_at, volumes)] {
        if left.is_empty() {
            import.draft.forget(&at);
        } else {
            import.draft.put(&at, left);
        }
    }
    Some(secret)
}
