//! Values of one chart on a Milvus that goes with another.

use serde_json::json;

use super::{
    keys::SERVICES,
    release::{imported, lines, objects, refused},
};
use crate::fixtures::{object, values};

const GUIDE: &str = include_str!("../../golden/helm/values/a-guide.yaml");

#[test]
fn the_guide_on_2_6() {
    let imported = imported("2.6.20", GUIDE);
    assert_eq!(imported.unsupported, []);
    let said = lines(&imported.notices);
    assert_eq!(
        said,
        [
            "values.yaml: streamingNode: is added, as Milvus 2.6.20 needs one: one pod with half a core and 2Gi, up to 8Gi",
            "values.yaml:48:1: rootCoordinator: in Milvus 2.6.20 one `mixCoordinator` does the work of rootCoordinator, dataCoordinator, indexCoordinator, queryCoordinator: 2 pods, active-standby, with the sum of their resources (limits cpu 2500m, memory 3584Mi)",
            "values.yaml:73:1: indexNode: Milvus 2.6.20 has no index node, data nodes build indexes: `dataNode` gets the larger of both resources and replicas",
        ]
    );
    let manifests = objects(&imported);
    let deployments: Vec<_> = values(&manifests)
        .into_iter()
        .filter(|object| object["kind"] == "Deployment")
        .map(|object| {
            format!(
                "{} {}",
                object["metadata"]["name"].as_str().unwrap(),
                object["spec"]["replicas"]
            )
        })
        .collect();
    assert_eq!(
        deployments,
        [
            "demo-milvus-mixcoord 2",
            "demo-milvus-streamingnode 1",
            "demo-milvus-querynode 1",
            "demo-milvus-datanode 1",
            "demo-milvus-proxy 2",
            "demo-milvus-attu 1",
        ]
    );
    // No stray Pulsar, whatever the newest chart's default is.
    assert!(
        !values(&manifests)
            .iter()
            .any(|object| object.to_string().contains("pulsar"))
    );
    let limits = |name: &str| {
        let deployment = object(&manifests, "Deployment", &format!("demo-milvus-{name}"));
        deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"].clone()
    };
    assert_eq!(
        limits("mixcoord"),
        json!({"cpu": "2500m", "memory": "3584Mi"})
    );
    assert_eq!(limits("datanode"), json!({"cpu": "4", "memory": "8Gi"}));
    let text = object(&manifests, "ConfigMap", "demo-milvus")["data"]["default.yaml"].clone();
    let settings: serde_json::Value = serde_saphyr::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(settings["mq"]["type"], "kafka");
    assert_eq!(settings["mixCoord"]["enableActiveStandby"], true);
}

#[test]
fn the_guide_on_later_releases_of_2_4_and_2_5() {
    for version in ["2.4.7", "2.4.17", "2.5.16"] {
        let imported = imported(version, GUIDE);
        let file = imported.installation.to_json();
        let components = file["cluster"]["components"].as_object().unwrap();
        let mut names: Vec<_> = components.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "dataNode",
                "indexNode",
                "mixCoordinator",
                "proxy",
                "queryNode"
            ],
            "{version}"
        );
        assert_eq!(components["mixCoordinator"]["replicas"], 2);
        assert_eq!(imported.notices.len(), 1, "{:?}", lines(&imported.notices));
    }
}

#[test]
fn separate_coordinators_that_are_asked_for_by_name_stay_where_they_can() {
    let coordinators = "rootCoordinator: {enabled: true}\nqueryCoordinator: {enabled: true}\nindexCoordinator: {enabled: true}\ndataCoordinator: {enabled: true, replicas: 2, activeStandby: {enabled: true}}\n";
    for off in ["", "mixCoordinator: {enabled: false}\n"] {
        let imported = imported("2.5.16", &format!("{SERVICES}{off}{coordinators}"));
        let file = imported.installation.to_json();
        assert_eq!(
            file["cluster"]["components"]["dataCoordinator"]["replicas"],
            2
        );
        assert_eq!(file["cluster"]["components"]["mixCoordinator"], json!(null));
    }
    let newer = imported("2.6.15", &format!("{SERVICES}{coordinators}"))
        .installation
        .to_json();
    assert_eq!(
        newer["cluster"]["components"]["mixCoordinator"]["replicas"],
        2
    );
}

#[test]
fn a_mixture_beside_which_the_chart_makes_coordinators_is_told() {
    let of = |version: &str, more: &str| {
        lines(&imported(version, &format!("{SERVICES}{more}")).notices).join("\n")
    };
    let said = of("2.4.5", "mixCoordinator: {enabled: true}");
    assert!(
        said.contains("values.yaml:6:18: mixCoordinator.enabled: does the work of the separate coordinators, which the chart would make beside it by default"),
        "{said}"
    );
    let off = "rootCoordinator: {enabled: false}\nqueryCoordinator: {enabled: false}\nindexCoordinator: {enabled: false}\ndataCoordinator: {enabled: false}\n";
    let alone = format!("mixCoordinator: {{enabled: true}}\n{off}");
    assert_eq!(of("2.4.5", &alone), "");
    assert_eq!(of("2.5.16", "mixCoordinator: {enabled: true}"), "");
}

#[test]
fn a_mixture_that_is_described_wins_over_separate_coordinators() {
    let more = "mixCoordinator: {replicas: 3, activeStandby: {enabled: true}}\nrootCoordinator: {replicas: 2}\n";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(
        imported.installation.to_json()["cluster"]["components"]["mixCoordinator"]["replicas"],
        3
    );
    let said = lines(&imported.notices);
    assert!(
        said.iter()
            .any(|line| line.starts_with("values.yaml:7:1: rootCoordinator: is passed over")),
        "{said:?}"
    );
}

#[test]
fn roles_of_later_versions_are_refused_with_who_does_their_work() {
    for more in ["streamingNode: {replicas: 2}", "streaming: {enabled: true}"] {
        let invalid = refused("2.5.16", &format!("{SERVICES}{more}"));
        assert!(
            invalid.contains("values.yaml:6:")
                && invalid.contains("`dataNode` and `queryNode` do its work there"),
            "{invalid}"
        );
    }
    let invalid = refused("2.5.16", &format!("{SERVICES}cdc: {{enabled: true}}"));
    assert!(invalid.contains("cdc"), "{invalid}");
    let invalid = refused(
        "2.5.16",
        "cluster: {enabled: false}\nstandalone: {messageQueue: woodpecker}",
    );
    assert!(
        invalid.contains("standalone.messageQueue: comes with 2.6"),
        "{invalid}"
    );
}

#[test]
fn coordinators_in_pairs_stand_by_without_the_flag() {
    let imported = imported(
        "2.4.5",
        &format!("{SERVICES}rootCoordinator: {{replicas: 2}}"),
    );
    let said = lines(&imported.notices);
    assert_eq!(
        said,
        [
            "values.yaml:6:19: rootCoordinator.replicas: run active-standby, as more than one would stop each other otherwise"
        ]
    );
}

#[test]
fn the_version_is_that_of_the_image_unless_it_is_asked_for() {
    use milvus_manifests::helm::Values;

    use super::release::release;
    let file = |tag: &str| {
        Values::from_yaml(
            "values.yaml",
            format!("{SERVICES}image: {{all: {{tag: {tag}}}}}"),
        )
        .unwrap()
    };
    let of = |tag: &str, version: Option<&str>| file(tag).import(&release("demo", version));
    assert_eq!(
        of("v2.4.5", None).unwrap().installation.version.to_string(),
        "2.4.5"
    );
    let built = of("v2.5.4-gpu", Some("2.5.4")).unwrap().installation;
    assert_eq!(
        built.image.reference(&built.version),
        "milvusdb/milvus:v2.5.4-gpu"
    );
    let other = of("v2.4.5", Some("2.6.15")).unwrap();
    assert_eq!(
        other
            .installation
            .image
            .reference(&other.installation.version),
        "milvusdb/milvus:v2.6.15"
    );
    assert!(
        lines(&other.notices)
            .concat()
            .contains("image.all.tag: gives way to Milvus 2.6.15")
    );
    let nightly = of("master-20240925-bdc59f3b", None)
        .unwrap_err()
        .to_string();
    assert!(
        nightly.contains("values.yaml:6:15: image.all.tag: names no known release")
            && nightly.contains("--milvus-version"),
        "{nightly}"
    );
    let own = of("master-20240925-bdc59f3b", Some("2.5.0"))
        .unwrap()
        .installation;
    assert_eq!(
        own.image.reference(&own.version),
        "milvusdb/milvus:master-20240925-bdc59f3b"
    );
}
