//! What must hold for the server's settings in a file. They end in a ConfigMap, which anybody may read.

use serde_json::{Map, Value};

use super::{diagnostic::Path, rules::Broken};
use crate::topology::ConfigLoader;

/// Endings of keys that hold secrets, without separators and in lower case.
const SECRET_ENDINGS: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    // A database's address, with the login in it.
    "dsn",
    "rootkey",
    "secretkey",
    "secretaccesskey",
    "clientsecret",
    "apikey",
    "accesstoken",
    "authtoken",
    "privatekey",
    "authparams",
    "credentialjson",
];

/// Looks for secrets, and for keys that the server would not find.
pub(super) fn check(config: &Map<String, Value>, loader: ConfigLoader, broken: &mut Vec<Broken>) {
    let path = Path::of(&["config"]);
    if loader == ConfigLoader::Environment {
        check_names(&path, config, broken);
    }
    for (key, value) in config {
        if let Some((section, rest)) = key.split_once('.') {
            let message = format!("is not nested, write `{section}: {{{rest}: …}}`");
            broken.push((path.key(key), message));
        }
        check_value(&path.key(key), key, value, broken);
    }
}

/// Keys that cannot be part of a variable's name, and lists that cannot be its value. Recurses as deep as a file may nest.
fn check_names(path: &Path, config: &Map<String, Value>, broken: &mut Vec<Broken>) {
    const WHY: &str = "before Milvus 2.4.6 settings go in as environment variables";
    for (key, value) in config {
        let path = path.key(key);
        let starts_well = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            broken.push((
                path,
                format!("cannot be set: {WHY}, write letters, digits and `_` only"),
            ));
            continue;
        }
        match value {
            Value::Object(section) => check_names(&path, section, broken),
            Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                broken.push((
                    path,
                    format!("cannot be set: {WHY}, write a list of plain values"),
                ));
            }
            _ => {}
        }
    }
}

/// Recurses as deep as a file may nest.
fn check_value(path: &Path, key: &str, value: &Value, broken: &mut Vec<Broken>) {
    match value {
        Value::Object(section) => {
            for (key, value) in section {
                check_value(&path.key(key), key, value, broken);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_value(&path.index(index), key, item, broken);
            }
        }
        Value::String(text) if !text.is_empty() && holds_secret(key) => {
            broken.push((path.clone(), instead_of(key)));
        }
        Value::Number(_) if holds_secret(key) => broken.push((path.clone(), instead_of(key))),
        _ => {}
    }
}

fn plain(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

/// Whether a key of that name holds a secret.
pub fn holds_secret(key: &str) -> bool {
    let key = plain(key);
    // Headers of a collector of traces carry its login.
    matches!(key.as_str(), "secret" | "token" | "pass" | "headers")
        || SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending))
}

fn instead_of(key: &str) -> String {
    let instead = match plain(key).as_str() {
        "saslpassword" => "write the login under `cluster.kafka.security.scramSha512`",
        "authparams" => "write the login under `cluster.pulsar.auth`",
        "secretaccesskey" => "write the keys under `cluster.s3.access.keys`",
        "defaultrootpassword" => "write `authorization: true`: a password of `root` is made then",
        _ => "write it under `secretConfig`, with where it is read from",
    };
    format!("would stand in a ConfigMap for everybody to read; {instead}")
}
