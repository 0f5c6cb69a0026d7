//! Attu, the web interface.

use serde_json::json;

use super::{Import, below};

/// Attu, where it is on.
pub(super) fn read(import: &mut Import<'_>) {
    const KEY: &str = "attu";
    if import.values.flag("attu.enabled") != Some(true) {
        return;
    }
    import.draft.set_for(KEY, json!({}), "attu.enabled");
    import.copy_number("attu.replicas", "attu.replicas");
    for field in ["repository", "tag", "pullPolicy"] {
        import.copy_text(
            &format!("attu.image.{field}"),
            &format!("attu.image.{field}"),
        );
    }
    service(import);
    import.resources("attu.resources", "attu.resources");
    scheduling(import);
    import.pod(KEY, "attu.pod");
    import.copy("attu.image.pullSecrets", "attu.pod.imagePullSecrets");
    if import.values.flag("attu.ingress.enabled") == Some(true) {
        import.draft.put("attu.ingress", json!({}));
        import.ingress_basics("attu.ingress", "attu.ingress");
        let usual = json!([{"host": "milvus-attu.local", "path": "/", "pathType": "Prefix"}]);
        import.hosts("attu.ingress", "attu.ingress", usual);
    }
}

/// Where Milvus runs Attu runs too, unless something else is said of it, as the chart has it.
fn scheduling(import: &mut Import<'_>) {
    let contexts: &[&str] = if import.chart.attu_contexts {
        &["securityContext", "containerSecurityContext"]
    } else {
        &[]
    };
    let fields = ["nodeSelector", "affinity", "tolerations"];
    for field in fields.iter().chain(contexts) {
        import.copy(field, &format!("attu.pod.{field}"));
    }
}

fn service(import: &mut Import<'_>) {
    let (key, to) = ("attu.service", "attu.service");
    import.copy_text(&below(key, "type"), &below(to, "type"));
    import.copy_number(&below(key, "port"), &below(to, "port"));
    import.copy(&below(key, "annotations"), &below(to, "annotations"));
    import.copy(&below(key, "labels"), &below(to, "labels"));
    let kind = import.values.text("attu.service.type");
    if kind.is_some_and(|text| text.value == "LoadBalancer") {
        import.copy_text(&below(key, "loadBalancerIP"), &below(to, "loadBalancerIP"));
        import.copy(
            &below(key, "loadBalancerSourceRanges"),
            &below(to, "loadBalancerSourceRanges"),
        );
    }
}
