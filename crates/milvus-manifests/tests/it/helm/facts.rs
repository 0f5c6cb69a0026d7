//! What must be the same in two renderings, as a flat list.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Facts by their names: `Deployment/demo-milvus-proxy replicas`.
pub(crate) type Facts = BTreeMap<String, String>;

/// Everything about objects that is compared. `objects` are all objects of a rendering.
pub(crate) fn of(objects: &[Value], whole: &str) -> Facts {
    let mut facts = Facts::new();
    for object in objects {
        let kind = object["kind"].as_str().unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let mut put = |fact: &str, value: &Value| {
            if !value.is_null() {
                facts.insert(format!("{kind}/{name} {fact}"), plain(&sorted(value)));
            }
        };
        put("exists", &Value::Bool(true));
        let spec = &object["spec"];
        match kind {
            "Service" => service(spec, &object["metadata"]["annotations"], &mut put),
            "Deployment" | "StatefulSet" => workload(spec, &mut put),
            "Ingress" => {
                put("annotations", &object["metadata"]["annotations"]);
                put("spec", &without_nulls(spec));
            }
            "PersistentVolumeClaim" => {
                put("size", &spec["resources"]["requests"]["storage"]);
                put("access modes", &spec["accessModes"]);
                put("class", &spec["storageClassName"]);
            }
            _ => {}
        }
    }
    // An empty text is what the server takes where nothing is set.
    let settings = settings(objects, whole)
        .into_iter()
        .filter(|(_, value)| !value.is_empty());
    for (key, value) in settings {
        facts.insert(format!("setting {key}"), value);
    }
    facts
}

fn service(spec: &Value, annotations: &Value, put: &mut impl FnMut(&str, &Value)) {
    put(
        "type",
        spec.get("type").unwrap_or(&Value::from("ClusterIP")),
    );
    put("selector", &spec["selector"]);
    put("address", &spec["clusterIP"]);
    put("unready addresses", &spec["publishNotReadyAddresses"]);
    put("source ranges", &spec["loadBalancerSourceRanges"]);
    put("annotations", annotations);
    for port in spec["ports"].as_array().unwrap() {
        let name = port["name"].as_str().unwrap();
        put(&format!("port {name}"), &port["port"]);
        put(&format!("target of port {name}"), &port["targetPort"]);
    }
}

fn workload(spec: &Value, put: &mut impl FnMut(&str, &Value)) {
    put("replicas", &spec["replicas"]);
    put("selector", &spec["selector"]["matchLabels"]);
    put("service name", &spec["serviceName"]);
    put("pod management", &spec["podManagementPolicy"]);
    let template = &spec["template"];
    let pod = &template["spec"];
    // The namespace's own account is meant where none is named.
    let account = pod["serviceAccountName"]
        .as_str()
        .filter(|name| *name != "default");
    put("service account", &Value::from(account));
    for container in pod["initContainers"].as_array().into_iter().flatten() {
        put(
            &format!("init container {}", container["name"]),
            &container["image"],
        );
    }
    for claim in spec["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = claim["metadata"]["name"].as_str().unwrap();
        put(
            &format!("claim {name}"),
            &claim["spec"]["resources"]["requests"]["storage"],
        );
    }
    for container in pod["containers"].as_array().unwrap() {
        let name = container["name"].as_str().unwrap();
        put(
            &format!("{name} image"),
            &without_registry(&container["image"]),
        );
        put(
            &format!("{name} pull policy"),
            &container["imagePullPolicy"],
        );
        put(&format!("{name} args"), &container["args"]);
        put(&format!("{name} command"), &container["command"]);
        put(
            &format!("{name} resources"),
            &resources(&container["resources"]),
        );
        for port in container["ports"].as_array().into_iter().flatten() {
            let port_name = port["name"].as_str().unwrap();
            put(&format!("{name} port {port_name}"), &port["containerPort"]);
        }
        for variable in container["env"].as_array().into_iter().flatten() {
            // What sets the server's settings is compared as a setting.
            let is_setting = variable["valueFrom"]["secretKeyRef"].is_object();
            let variable_name = variable["name"].as_str().unwrap();
            let value = if variable["value"].is_null() {
                &variable["valueFrom"]
            } else {
                &variable["value"]
            };
            if !is_setting {
                put(
                    &format!("{name} env {variable_name}"),
                    &without_defaults(value),
                );
            }
        }
    }
}

/// The image's registry where none is named.
fn without_registry(image: &Value) -> Value {
    let text = image.as_str().unwrap();
    Value::from(text.strip_prefix("docker.io/").unwrap_or(text))
}

/// Amounts in thousandths of a core and in bytes, so that `0.5` and `500m` are the same.
fn resources(resources: &Value) -> Value {
    let mut amounts = Map::new();
    for side in ["requests", "limits"] {
        for (name, amount) in resources[side].as_object().into_iter().flatten() {
            amounts.insert(format!("{side}.{name}"), Value::from(quantity(amount)));
        }
    }
    if amounts.is_empty() {
        Value::Null
    } else {
        Value::Object(amounts)
    }
}

fn quantity(amount: &Value) -> f64 {
    let text = plain(amount);
    let units = [("m", 1e-3), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0)];
    for (unit, factor) in units {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<f64>().unwrap() * factor;
        }
    }
    text.parse().unwrap()
}

/// The same with keys in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<_> = fields
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            pairs.into_iter().collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// What the API server adds to a reference.
fn without_defaults(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(reference) = value.get_mut("fieldRef").and_then(Value::as_object_mut) {
        reference.remove("apiVersion");
    }
    value
}

/// The settings as the server reads them: files laid over each other, the environment over both; keys without their
/// separators and in lower case, values as texts (source: Milvus, pkg/config).
fn settings(objects: &[Value], whole: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let named = |kind: &str, name: &str| {
        let found = objects
            .iter()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.cloned().unwrap_or(Value::Null)
    };
    for file in ["default.yaml", "user.yaml"] {
        let text = named("ConfigMap", whole)["data"][file]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let content: Value = serde_norway::from_str(&text).unwrap();
        flatten("", &content, &mut settings);
    }
    for (name, value) in named("ConfigMap", &format!("{whole}-env"))["data"]
        .as_object()
        .into_iter()
        .flatten()
    {
        settings.insert(key(name), plain(value));
    }
    let first = objects.iter().find(|object| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["kind"] == "Deployment"
            && (name.ends_with("-proxy") || name.ends_with("-standalone"))
    });
    let container = &first.unwrap()["spec"]["template"]["spec"]["containers"][0];
    for variable in container["env"].as_array().into_iter().flatten() {
        let reference = &variable["valueFrom"]["secretKeyRef"];
        if let (Some(secret), Some(of)) = (reference["name"].as_str(), reference["key"].as_str()) {
            let data = named("Secret", secret)["data"][of].clone();
            let bytes: k8s_openapi::ByteString = serde_json::from_value(data).unwrap();
            let text = String::from_utf8(bytes.0).unwrap();
            settings.insert(key(variable["name"].as_str().unwrap()), text);
        }
    }
    settings
}

fn flatten(name: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(section) => {
            for (part, value) in section {
                flatten(&format!("{name}{}", key(part)), value, settings);
            }
        }
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().map(plain).collect();
            settings.insert(name.to_owned(), texts.join(","));
        }
        Value::Null if name.is_empty() => {}
        other => {
            settings.insert(name.to_owned(), plain(other));
        }
    }
}

fn key(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '.' | '_' | '/'));
    letters.collect::<String>().to_lowercase()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
