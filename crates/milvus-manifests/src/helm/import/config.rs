//! Settings of the server's own: the text under `extraConfigFiles.user.yaml`.

use milvus_aws_core::{installation::holds_secret, topology::demands_tls};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};

use super::{
    super::{
        document::{self, Node, Scalar, Value},
        draft::remove,
        placeholders,
        reading::Found,
        remark::Remark,
    },
    Import,
};

const KEY: &str = "extraConfigFiles.user.yaml";
/// Settings that are the name in a login.
const LOGIN_NAMES: [[&str; 2]; 3] = [
    ["minio", "accessKeyID"],
    ["kafka", "saslUsername"],
    ["pulsar", "authPlugin"],
];

/// The server's settings, without the secrets in them.
pub(super) struct Config<'a> {
    settings: Map<String, Json>,
    secrets: Vec<Secret>,
    found: Option<Found<'a>>,
}

/// A secret among the settings.
struct Secret {
    /// Its keys, as they are written.
    path: Vec<String>,
    value: SecretString,
    /// Whether it is part of a login, which has a Secret of its own.
    is_taken: bool,
}

/// Reads the settings. What is wrong with them is said of the values.
pub(super) fn read<'a>(import: &mut Import<'a>) -> Config<'a> {
    let mut config = Config {
        settings: Map::new(),
        secrets: Vec::new(),
        found: None,
    };
    let Some(found) = import.values.find_file("extraConfigFiles", "user.yaml") else {
        return config;
    };
    let Value::Scalar(Scalar::Text(text)) = &found.node.value else {
        import.values.wrong(
            &found,
            "expected a text, write `user.yaml: |` and the settings below it",
        );
        return config;
    };
    match document::read(text.as_bytes(), 0) {
        Ok(document) => {
            let inside = |remark: Remark| in_file(&found, remark);
            import
                .values
                .notices
                .extend(document.notices.into_iter().map(inside));
            flags_for_secrets(import, &found, &document.root, &mut Vec::new());
            if let Json::Object(settings) = document.root.to_json() {
                config.settings = nested(settings);
            }
            take_secrets(&mut config.settings, &mut Vec::new(), &mut config.secrets);
            logins_with_placeholders(import, &found, &config);
        }
        Err(remark) => import.values.problems.push(in_file(&found, remark)),
    }
    config.found = Some(found);
    config
}

/// Logins whose name or password is a placeholder.
fn logins_with_placeholders(import: &mut Import<'_>, found: &Found<'_>, config: &Config<'_>) {
    let secrets = config.secrets.iter();
    let secrets = secrets.map(|secret| (secret.path.join("."), secret.value.clone()));
    let users = LOGIN_NAMES.iter().filter_map(|path| {
        let user = config.text(path)?;
        Some((path.join("."), user.into()))
    });
    for (path, value) in secrets.chain(users) {
        if let Some(message) = placeholders::said_of(value.expose_secret()) {
            let remark = Remark::new(path, None, message);
            import.values.placeholders.push(in_file(found, remark));
        }
    }
}

/// What is left of the settings, once logins took theirs.
pub(super) fn write<'a>(import: &mut Import<'a>, mut config: Config<'a>) {
    let Some(found) = config.found.take() else {
        return;
    };
    let has_password = config.has_secret(&["common", "security", "defaultRootPassword"]);
    // With a first password of the user's own there is none for us to make.
    if !has_password && config.authorizes() {
        import.draft.set("authorization", true, &found);
        config.remove(&["common", "security", "authorizationEnabled"]);
    }
    let mut secrets = Map::new();
    for secret in config.secrets.iter().filter(|secret| !secret.is_taken) {
        let path = secret.path.join(".");
        let variable = format!(
            "MILVUS_{}",
            path.to_uppercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        );
        import.draft.password(secret.value.clone(), &variable);
        secrets.insert(path, serde_json::json!({"env": variable}));
    }
    if !secrets.is_empty() {
        import.draft.set("secretConfig", secrets, &found);
    }
    let mut settings = match import.draft.get("config") {
        Some(Json::Object(ours)) => ours.clone(),
        _ => Map::new(),
    };
    merge(&mut settings, config.settings);
    if !settings.is_empty() {
        import.draft.set("config", settings, &found);
    }
}

impl Config<'_> {
    /// A setting that is no secret, whatever the case of its keys.
    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.written(path).filter(|text| !text.is_empty())
    }

    /// A setting as it is written, also where that is nothing.
    pub(super) fn written(&self, path: &[&str]) -> Option<String> {
        match self.find(path)? {
            Json::String(text) => Some(text.clone()),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
            other => Some(other.to_string()),
        }
    }

    /// The texts of a setting that is a list, or one text with commas.
    pub(super) fn texts(&self, path: &[&str]) -> Vec<String> {
        let plain = |item: &Json| match item {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self.find(path) {
            Some(Json::Array(items)) => items.iter().map(plain).collect(),
            Some(Json::String(text)) => {
                let parts = text.split(',').map(str::trim);
                parts
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn find(&self, path: &[&str]) -> Option<&Json> {
        let (last, sections) = path.split_last()?;
        let mut settings = &self.settings;
        for section in sections {
            settings = get(settings, section)?.as_object()?;
        }
        get(settings, last)
    }

    /// Writes a setting that is there in another way.
    pub(super) fn replace(&mut self, path: &[&str], text: &str) {
        let mut settings = &mut self.settings;
        let Some((last, sections)) = path.split_last() else {
            return;
        };
        for section in sections {
            let Some(inner) = get_mut(settings, section).and_then(Json::as_object_mut) else {
                return;
            };
            settings = inner;
        }
        if let Some(value) = get_mut(settings, last) {
            *value = Json::from(text);
        }
    }

    /// A secret setting, for a login that has a Secret of its own.
    pub(super) fn take(&mut self, path: &[&str]) -> Option<SecretString> {
        let secret = self.secrets.iter_mut().find(|secret| secret.is(path))?;
        secret.is_taken = true;
        Some(secret.value.clone()).filter(|value| !value.expose_secret().is_empty())
    }

    /// Whether the settings hold a secret, which reaches the server by itself.
    pub(super) fn has_secret(&self, path: &[&str]) -> bool {
        self.secrets.iter().any(|secret| secret.is(path))
    }

    /// Whether objects are on the server's own disk.
    pub(super) fn is_local(&self, import: &Import<'_>) -> bool {
        self.said(import, &["common", "storageType"])
            .is_some_and(|text| text == "local")
    }

    /// A setting, which a variable of the one pod outranks.
    pub(super) fn said(&self, import: &Import<'_>, path: &[&str]) -> Option<String> {
        let variable = import.variable_of_one_pod(&path.join("."));
        variable.or_else(|| self.text(path))
    }

    /// Whether clients must speak TLS.
    pub(super) fn speaks_tls(&self) -> bool {
        demands_tls(&self.settings) == Some(true)
    }

    fn authorizes(&self) -> bool {
        self.text(&["common", "security", "authorizationEnabled"])
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn remove(&mut self, path: &[&str]) {
        remove(&mut self.settings, path);
    }
}

impl Secret {
    fn is(&self, path: &[&str]) -> bool {
        self.path.join(".").eq_ignore_ascii_case(&path.join("."))
    }
}

fn get<'a>(settings: &'a Map<String, Json>, key: &str) -> Option<&'a Json> {
    let found = settings
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value)
}

fn get_mut<'a>(settings: &'a mut Map<String, Json>, key: &str) -> Option<&'a mut Json> {
    let found = settings
        .iter_mut()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value)
}

/// A bare `yes` where a secret belongs is `true` to some readers and a text to others: nobody knows which is meant.
fn flags_for_secrets<'n>(
    import: &mut Import<'_>,
    found: &Found<'_>,
    node: &'n Node,
    path: &mut Vec<&'n str>,
) {
    let Value::Section(entries) = &node.value else {
        return;
    };
    for entry in entries {
        path.push(&entry.key);
        let is_flag = matches!(entry.node.value, Value::Scalar(Scalar::Bool(_)));
        let is_word = !matches!(entry.node.written.as_deref(), Some("true" | "false"));
        let is_password = entry.key.to_lowercase().ends_with("password");
        if is_flag && holds_secret(&entry.key) && (is_word || is_password) {
            let message = "is read as `true` or `false`, put it in quotes if it is a secret";
            let remark = Remark::new(path.join("."), Some(entry.node.at), message);
            import.values.problems.push(in_file(found, remark));
        }
        flags_for_secrets(import, found, &entry.node, path);
        path.pop();
    }
}

/// `queryNode.enableDisk: false` at the top is one setting, as the server takes it.
fn nested(settings: Map<String, Json>) -> Map<String, Json> {
    let mut all = Map::new();
    for (key, value) in settings {
        let (first, rest) = match key.split_once('.') {
            Some((first, rest)) if !first.is_empty() && !rest.is_empty() => (first, rest),
            _ => {
                merge(&mut all, Map::from_iter([(key, value)]));
                continue;
            }
        };
        let inner = nested(Map::from_iter([(rest.to_owned(), value)]));
        let section = Map::from_iter([(first.to_owned(), Json::Object(inner))]);
        merge(&mut all, section);
    }
    all
}

/// Moves secrets out of settings, which end in a ConfigMap. Recurses as deep as a file may nest.
fn take_secrets(settings: &mut Map<String, Json>, path: &mut Vec<String>, found: &mut Vec<Secret>) {
    settings.retain(|key, value| {
        path.push(key.clone());
        let text = match value {
            Json::String(text) if holds_secret(key) => Some(text.clone()),
            Json::Number(number) if holds_secret(key) => Some(number.to_string()),
            _ => None,
        };
        let stays = match text.filter(|text| !text.is_empty()) {
            Some(text) => {
                found.push(Secret {
                    path: path.clone(),
                    value: text.into(),
                    is_taken: false,
                });
                false
            }
            None => {
                if let Json::Object(section) = value {
                    let was_empty = section.is_empty();
                    take_secrets(section, path, found);
                    was_empty || !section.is_empty()
                } else {
                    true
                }
            }
        };
        path.pop();
        stays
    });
}

/// What comes later wins, section by section.
fn merge(into: &mut Map<String, Json>, later: Map<String, Json>) {
    for (key, value) in later {
        let name = into
            .keys()
            .find(|known| known.eq_ignore_ascii_case(&key))
            .cloned()
            .unwrap_or(key);
        match (into.get_mut(&name), value) {
            (Some(Json::Object(known)), Json::Object(value)) => merge(known, value),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// What is said of a text within the values, at its place in their file: a block begins in the line after its key.
fn in_file(found: &Found<'_>, remark: Remark) -> Remark {
    let place = remark.place.map(|inner| found.at.within(inner));
    let path = if remark.path.is_empty() {
        KEY.to_owned()
    } else {
        format!("{KEY}: {}", remark.path)
    };
    Remark::new(path, place.or(Some(found.at)), remark.message)
}
