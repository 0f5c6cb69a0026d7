//! Settings while two versions run side by side.
//!
//! All pods read one ConfigMap. Those that were not replaced yet must find in it what they found before, should they
//! restart meanwhile; so it holds the settings of both, as long as the two do not contradict each other.

use std::path::Path;

use milvus_aws_core::engine::ResourceError;
use serde_json::{Map, Value};

use crate::yaml;

/// The wanted settings together with those that are there. What says otherwise in both is an error.
pub(super) fn with_live(wanted: &mut Value, live: &Value) -> Result<(), ResourceError> {
    let mut contradictions = Vec::new();
    let Some(live) = live["data"].as_object() else {
        return Ok(());
    };
    for (name, text) in live {
        let there = wanted["data"].get(name).and_then(Value::as_str);
        let both = match (there, text.as_str()) {
            (None, _) => text.clone(),
            (Some(there), Some(text)) if is_document(name) => {
                Value::String(documents(there, text, &mut contradictions)?)
            }
            (Some(there), Some(text)) if there != text => {
                contradictions.push(contradiction(name, text, there));
                continue;
            }
            _ => continue,
        };
        wanted["data"][name] = both;
    }
    if contradictions.is_empty() {
        return Ok(());
    }
    Err(ResourceError::fatal(format!(
        "settings would change with the version, and components that still wait for their turn would read them too: {}; \
         change settings by `install` before or after the upgrade",
        contradictions.join(", ")
    )))
}

/// Whether an entry is a file of settings; others are single variables.
fn is_document(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "yaml")
}

fn documents(
    wanted: &str,
    live: &str,
    contradictions: &mut Vec<String>,
) -> Result<String, ResourceError> {
    let (Some(new), Some(old)) = (parsed(wanted), parsed(live)) else {
        return Err(ResourceError::fatal(
            "the settings that are there are no YAML",
        ));
    };
    let mut both = old.clone();
    merge("", &mut both, &new, contradictions);
    // As it is rendered, where the old one adds nothing: then nothing differs in the end.
    if both == new {
        return Ok(wanted.to_owned());
    }
    if both == old {
        return Ok(live.to_owned());
    }
    yaml::document(&Value::Object(both), "settings of two versions")
        .map_err(|error| ResourceError::fatal("write settings of two versions").caused_by(error))
}

/// An empty document has no settings.
pub(super) fn parsed(text: &str) -> Option<Map<String, Value>> {
    match serde_saphyr::from_str(text).ok()? {
        Value::Object(map) => Some(map),
        Value::Null => Some(Map::new()),
        _ => None,
    }
}

/// The server does not tell upper from lower case in keys.
fn merge(
    path: &str,
    both: &mut Map<String, Value>,
    new: &Map<String, Value>,
    contradictions: &mut Vec<String>,
) {
    for (key, value) in new {
        let same = |known: &&String| known.eq_ignore_ascii_case(key);
        let name = both.keys().find(same).unwrap_or(key).clone();
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (both.get_mut(&name), value) {
            (None, value) => {
                both.insert(name, value.clone());
            }
            (Some(Value::Object(old)), Value::Object(new)) => {
                merge(&path, old, new, contradictions);
            }
            (Some(old), new) if old != new => {
                contradictions.push(contradiction(&path, &plain(old), &plain(new)));
            }
            _ => {}
        }
    }
}

fn contradiction(name: &str, live: &str, wanted: &str) -> String {
    format!("{name} is {live} there and {wanted} in the file")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn both(live: &Value, wanted: &Value) -> Result<Value, String> {
        let mut map = json!({"data": wanted});
        let live = json!({"data": live});
        with_live(&mut map, &live).map_err(|error| error.to_string())?;
        Ok(map["data"].clone())
    }

    #[test]
    fn each_version_finds_what_it_reads() {
        let live = json!({"default.yaml": "indexNode:\n  port: 21121\nlog:\n  level: info\n", "user.yaml": "{}\n"});
        let wanted = json!({"default.yaml": "Log:\n  level: info\nmixCoord:\n  a: true\n", "user.yaml": "{}\n"});
        let data = both(&live, &wanted).unwrap();
        let text = data["default.yaml"].as_str().unwrap();
        let settings = parsed(text).unwrap();
        assert_eq!(
            Value::Object(settings),
            json!({"indexNode": {"port": 21121}, "log": {"level": "info"}, "mixCoord": {"a": true}})
        );
        // Looked at again, nothing differs.
        assert_eq!(both(&data, &wanted).unwrap(), data);
        // What the old one adds nothing to stays byte by byte.
        assert_eq!(both(&wanted, &wanted).unwrap(), wanted);
        assert_eq!(both(&json!({}), &wanted).unwrap(), wanted);
    }

    #[test]
    fn variables_are_kept_side_by_side() {
        let live = json!({"MQ_TYPE": "kafka", "INDEXNODE_PORT": "21121"});
        let wanted = json!({"MQ_TYPE": "kafka", "MIXCOORD_A": "true"});
        assert_eq!(
            both(&live, &wanted).unwrap(),
            json!({"MQ_TYPE": "kafka", "INDEXNODE_PORT": "21121", "MIXCOORD_A": "true"})
        );
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        let live = json!({"default.yaml": "log: {level: info}\n"});
        let wanted = json!({"default.yaml": "log: {level: debug}\n"});
        let refused = both(&live, &wanted).unwrap_err();
        assert!(
            refused.contains("log.level is info there and debug in the file"),
            "{refused}"
        );
        let refused = both(&json!({"A": "1"}), &json!({"A": "2"})).unwrap_err();
        assert!(
            refused.contains("A is 1 there and 2 in the file"),
            "{refused}"
        );
    }
}
