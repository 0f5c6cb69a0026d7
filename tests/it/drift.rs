//! A field changed by hand is shown, and put right.

use crate::plugin::{Namespace, STANDALONE};

#[test]
fn a_field_changed_by_hand_is_shown_by_plan_and_put_right_by_install() {
    let namespace = Namespace::new("drift");
    namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);

    let image = r#"[{"op":"replace","path":"/spec/ports/0/targetPort","value":9999}]"#;
    namespace
        .kubectl(&[
            "patch",
            "service",
            "demo-milvus",
            "--type=json",
            "-p",
            image,
        ])
        .exits(0);
    let by_hand = target_port(&namespace);
    assert_eq!(by_hand, "9999");

    let plan = namespace
        .milvus(&["plan", "-f", "-", "--exit-code"], STANDALONE)
        .exits(4);
    assert!(
        plan.stdout.contains("targetPort") && plan.stdout.contains("9999"),
        "{}",
        plan.stdout
    );
    let plan = ["plan", "-f", "-", "-o", "json"];
    let plan = namespace
        .milvus(&plan, STANDALONE)
        .exits(0)
        .result_of("plan");
    let updated = |step: &serde_json::Value| step["action"] == "update";
    assert!(
        plan["steps"].as_array().expect("steps").iter().any(updated),
        "{plan}"
    );
    let dry = namespace
        .milvus(&["install", "-f", "-", "--dry-run=server"], STANDALONE)
        .exits(0);
    assert!(dry.stdout.contains("targetPort"), "{}", dry.stdout);
    assert_eq!(target_port(&namespace), "9999", "a plan must not write");

    namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);
    assert_eq!(target_port(&namespace), "milvus");
}

fn target_port(namespace: &Namespace) -> String {
    let path = "jsonpath={.spec.ports[?(@.port==19530)].targetPort}";
    namespace
        .kubectl(&["get", "service", "demo-milvus", "-o", path])
        .exits(0)
        .stdout
}
