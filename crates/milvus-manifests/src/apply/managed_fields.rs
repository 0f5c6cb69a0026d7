//! Fields of an object as `metadata.managedFields` names them.
//!
//! Each manager has a tree of fields: `f:NAME` is a field; `k:{KEYS}`, `v:VALUE` and `i:INDEX` are items of a list; `.` is
//! the place itself. Sources: `FieldsV1` of the Kubernetes API, and the package `fieldpath` of structured-merge-diff.

use serde_json::{Map, Value, json};

/// The fields below one place, by their keys. A place with nothing below is owned itself.
pub(super) type Fields = Map<String, Value>;

/// The keys that lead to a place, from the top.
pub(super) type Path = Vec<String>;

/// The key of the place itself.
const ITSELF: &str = ".";

/// Whether the place itself is owned, and not only something below it.
pub(super) fn is_owned(fields: &Fields) -> bool {
    fields.is_empty() || fields.contains_key(ITSELF)
}

/// Whether a key names an item of a list.
pub(super) fn is_item(key: &str) -> bool {
    !key.starts_with("f:") && key != ITSELF
}

/// The key of a field.
pub(super) fn field_key(name: &str) -> String {
    ["f:", name].concat()
}

/// The fields below a key.
pub(super) fn below<'a>(fields: &'a Fields, key: &str) -> Option<&'a Fields> {
    fields.get(key)?.as_object()
}

/// The fields at a place.
pub(super) fn at<'a>(fields: &'a Fields, path: &[String]) -> Option<&'a Fields> {
    path.iter()
        .try_fold(fields, |fields, key| below(fields, key))
}

/// What is below this place, key by key.
pub(super) fn children(fields: &Fields) -> impl Iterator<Item = (&str, &Fields)> {
    fields
        .iter()
        .filter(|(key, _)| *key != ITSELF)
        .filter_map(|(key, inner)| Some((key.as_str(), inner.as_object()?)))
}

/// Adds fields to others.
pub(super) fn unite(into: &mut Fields, more: &Fields) {
    for (key, inner) in more {
        let Some(inner) = inner.as_object() else {
            continue;
        };
        match into.get_mut(key).and_then(Value::as_object_mut) {
            Some(known) => {
                if known.is_empty() != inner.is_empty() {
                    known.insert(ITSELF.to_owned(), json!({}));
                }
                unite(known, inner);
            }
            None => {
                into.insert(key.clone(), Value::Object(inner.clone()));
            }
        }
    }
}

/// Adds a place, whatever is below it.
pub(super) fn insert(into: &mut Fields, path: &[String]) {
    let place = path.iter().rev().fold(json!({}), |inner, key| {
        let mut outer = Map::new();
        outer.insert(key.clone(), inner);
        Value::Object(outer)
    });
    if let Value::Object(place) = place {
        unite(into, &place);
    }
}

/// Takes a place away with everything below it, and what then has nothing below.
pub(super) fn remove(from: &mut Fields, path: &[String]) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        from.remove(key);
        return;
    }
    let Some(inner) = from.get_mut(key).and_then(Value::as_object_mut) else {
        return;
    };
    // A place without anything below is owned itself: nothing below it can be taken away.
    if inner.is_empty() {
        return;
    }
    remove(inner, rest);
    if inner.is_empty() {
        from.remove(key);
    }
}

/// What a key names within a value.
pub(super) fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match key.split_once(':')? {
        ("f", field) => value.get(field),
        (kind, what) => {
            let items = value.as_array()?;
            items.get(position(items, kind, what)?)
        }
    }
}

/// The same, to be changed.
pub(super) fn find_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match key.split_once(':')? {
        ("f", field) => value.get_mut(field),
        (kind, what) => {
            let items = value.as_array_mut()?;
            let at = position(items, kind, what)?;
            items.get_mut(at)
        }
    }
}

/// Takes out of a value what a key names.
pub(super) fn take_out(value: &mut Value, key: &str) {
    match (key.split_once(':'), value) {
        (Some(("f", field)), Value::Object(fields)) => drop(fields.remove(field)),
        (Some((kind, what)), Value::Array(items)) => {
            if let Some(at) = position(items, kind, what) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// Whether that key names that item of a list.
pub(super) fn names(key: &str, item: &Value) -> bool {
    let parsed = key
        .split_once(':')
        .and_then(|(kind, what)| Some((kind, serde_json::from_str(what).ok()?)));
    parsed.is_some_and(|(kind, what)| is_it(kind, &what, item))
}

/// The keys of an item: what tells it apart within its list, which stays as long as the item does.
pub(super) fn keys_of_item(key: &str) -> Map<String, Value> {
    let keys = key.strip_prefix("k:");
    keys.and_then(|keys| serde_json::from_str(keys).ok())
        .unwrap_or_default()
}

/// Where in a list that item is.
fn position(items: &[Value], kind: &str, what: &str) -> Option<usize> {
    let what: Value = serde_json::from_str(what).ok()?;
    match kind {
        "i" => what.as_u64()?.try_into().ok(),
        _ => items.iter().position(|item| is_it(kind, &what, item)),
    }
}

fn is_it(kind: &str, what: &Value, item: &Value) -> bool {
    match (kind, what) {
        // A key that is not written has its default: of the keys of a list one at least is always written.
        ("k", Value::Object(keys)) => {
            let same = |(key, value): (&String, &Value)| item.get(key).map(|it| it == value);
            let mut known = keys.iter().filter_map(same).peekable();
            known.peek().is_some() && known.all(|same| same)
        }
        ("v", value) => item == value,
        _ => false,
    }
}

/// The uppermost places that are owned themselves, from a place on, each by the keys that lead to it from there. Of a list
/// these are its items.
pub(super) fn owned_places(fields: &Fields) -> Vec<Path> {
    let is_list = children(fields).any(|(key, _)| is_item(key));
    if is_owned(fields) && !is_list {
        return vec![Path::new()];
    }
    let below = children(fields).flat_map(|(key, inner)| {
        let places = owned_places(inner).into_iter();
        places.map(move |rest| [key.to_owned()].into_iter().chain(rest).collect())
    });
    below.collect()
}

/// A place as people read it, below another one: `spec.ports[19530 TCP].name`.
pub(super) fn text_of(above: &str, path: &[String]) -> String {
    path.iter()
        .fold(above.to_owned(), |text, key| match key.split_once(':') {
            Some(("f", name)) => join(&text, name),
            Some(("k", _)) => {
                let keys = keys_of_item(key);
                let keys: Vec<_> = keys.values().map(value_text).collect();
                format!("{text}[{}]", keys.join(" "))
            }
            Some((_, what)) => format!("{text}[{}]", what.trim_matches('"')),
            None => text,
        })
}

/// A field below another one.
pub(super) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ if key.contains(['.', '/']) => format!("{path}[{key}]"),
        _ => format!("{path}.{key}"),
    }
}

fn value_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_place_that_one_side_owns_itself_is_owned_beside_what_is_below() {
        let mut all = fields(json!({"f:a": {}, "f:b": {"f:c": {}}}));
        unite(
            &mut all,
            &fields(json!({"f:a": {"f:d": {}}, "f:b": {"f:e": {}}})),
        );
        let expected = json!({"f:a": {".": {}, "f:d": {}}, "f:b": {"f:c": {}, "f:e": {}}});
        assert_eq!(Value::Object(all), expected);
    }

    #[test]
    fn places_come_and_go_with_what_is_below() {
        let mut all = fields(json!({"f:a": {"k:{\"name\":\"x\"}": {"f:b": {}}}, "f:c": {}}));
        let path: Path = ["f:a", "k:{\"name\":\"x\"}"].map(str::to_owned).to_vec();
        insert(&mut all, &path);
        let inside = json!({".": {}, "f:b": {}});
        assert_eq!(all["f:a"]["k:{\"name\":\"x\"}"], inside);
        remove(&mut all, &path);
        assert_eq!(Value::Object(all), json!({"f:c": {}}));
    }

    #[test]
    fn an_item_is_told_by_its_keys_its_value_or_its_place() {
        let list = json!([{"port": 1, "protocol": "TCP"}, {"port": 2}, "x"]);
        let found = |key: &str| find(&list, key).cloned();
        let udp = "k:{\"port\":1,\"protocol\":\"UDP\"}";
        assert_eq!(found(udp), None);
        let defaulted = "k:{\"port\":2,\"protocol\":\"TCP\"}";
        assert_eq!(found(defaulted), Some(json!({"port": 2})));
        assert_eq!(found("v:\"x\""), Some(json!("x")));
        assert_eq!(found("i:1"), Some(json!({"port": 2})));
        assert_eq!(found("k:{\"name\":\"x\"}"), None);
    }

    #[test]
    fn places_are_told_as_people_write_them() {
        let owned = fields(json!({"f:spec": {
            "f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {"f:name": {}}},
            "f:selector": {},
        }, "f:metadata": {"f:annotations": {"f:a.b/c": {}}, "f:finalizers": {".": {}, "v:\"x\"": {}}}}));
        let places = owned_places(&owned);
        let texts: Vec<_> = places.iter().map(|path| text_of("", path)).collect();
        let expected = [
            "spec.ports[1 TCP].name",
            "spec.selector",
            "metadata.annotations[a.b/c]",
            "metadata.finalizers[x]",
        ];
        assert_eq!(texts, expected);
    }
}
