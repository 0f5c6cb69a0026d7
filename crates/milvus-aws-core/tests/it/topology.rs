//! What runs, per version.

use std::collections::BTreeSet;

use milvus_aws_core::{
    Installation, Topology,
    installation::MilvusVersion,
    topology::{ConfigLoader, MessageQueue, Partner, Role, lines},
};
use serde_json::json;

const CLUSTER: &str = "\
apiVersion: kubectl-milvus/v1
name: demo
mode: cluster
cluster:
  kafka: {brokers: ['b-1:9096', 'b-2:9096'], security: {scramSha512: {username: u, password: {env: PW}}}}
  s3: {endpoint: 's3.us-west-2.amazonaws.com:443', bucket: demo, rootPath: demo, region: us-west-2, access: iam}
  serviceAccount: {name: s3}
";

const STANDALONE: &str = "apiVersion: kubectl-milvus/v1\nname: demo\n";

const VERSIONS: [&str; 8] = [
    "2.3.5", "2.4.5", "2.4.6", "2.4.17", "2.5.16", "2.6.15", "3.0.0", "3.0.7",
];

fn topology(text: &str, version: &str) -> Topology {
    let text = format!("{text}version: {version}\n");
    match Installation::from_yaml("milvus.yaml", text) {
        Ok(installation) => Topology::of(&installation),
        Err(error) => panic!("{error}"),
    }
}

fn names(topology: &Topology) -> Vec<&str> {
    topology
        .components
        .iter()
        .map(|component| component.name)
        .collect()
}

#[test]
fn clusters_and_standalones_of_every_line() {
    let summary: Vec<String> = VERSIONS
        .iter()
        .flat_map(|version| {
            [CLUSTER, STANDALONE].map(|text| {
                let topology = topology(text, version);
                format!(
                    "{version} {} · {:?} · {:?} · {} · {}",
                    names(&topology).join(" "),
                    topology.message_queue,
                    topology.config_loader,
                    topology.etcd_image,
                    topology.attu_image,
                )
            })
        })
        .collect();
    insta::assert_snapshot!(summary.join("\n"));
}

#[test]
fn the_guides_cluster() {
    let pairs = "{replicas: 2, resources: {limits: {cpu: 0.5, memory: 0.5Gi}}}";
    let components = format!(
        "cluster:\n  components:\n    rootCoordinator: {pairs}\n    dataCoordinator: {pairs}\n    proxy: {{replicas: 2}}\n"
    );
    let topology = topology(
        &CLUSTER
            .replace("cluster:\n", &components)
            .replace("mode: cluster:", "mode: cluster"),
        "2.4.5",
    );
    insta::assert_json_snapshot!(topology);
}

#[test]
fn coordinators_stand_by_when_there_are_two() {
    for (version, component) in [
        ("2.5.16", "mixCoordinator"),
        ("2.6.15", "mixCoordinator"),
        ("2.5.16", "rootCoordinator"),
    ] {
        let components = format!("  components: {{{component}: {{replicas: 2}}}}\n  kafka:");
        let topology = topology(&CLUSTER.replace("  kafka:", &components), version);
        let settings = topology.settings.as_yaml_value();
        assert_eq!(
            settings["rootCoord"]["enableActiveStandby"],
            json!(true),
            "{version} {component}"
        );
        let standby: Vec<_> = topology
            .components
            .iter()
            .filter(|it| it.active_standby)
            .collect();
        assert_eq!(standby.len(), 1, "{version} {component}");
    }
    assert_eq!(
        topology(CLUSTER, "2.6.15").settings.as_yaml_value()["mixCoord"]["enableActiveStandby"],
        json!(false)
    );
}

#[test]
fn separate_coordinators_replace_the_mixture_where_a_user_names_one() {
    let text = CLUSTER.replace("  kafka:", "  components: {queryCoordinator: {}}\n  kafka:");
    assert_eq!(
        names(&topology(&text, "2.5.16")),
        [
            "rootcoord",
            "datacoord",
            "indexcoord",
            "querycoord",
            "indexnode",
            "datanode",
            "querynode",
            "proxy"
        ]
    );
    let text = CLUSTER.replace("  kafka:", "  components: {mixCoordinator: {}}\n  kafka:");
    assert_eq!(
        names(&topology(&text, "2.3.5")),
        ["mixcoord", "indexnode", "datanode", "querynode", "proxy"]
    );
}

#[test]
fn settings_of_a_cluster() {
    let topology = topology(CLUSTER, "2.4.17");
    insta::assert_json_snapshot!(topology.settings.as_yaml_value());
}

#[test]
fn settings_of_a_standalone() {
    insta::assert_json_snapshot!(
        "standalone_2_3",
        topology(STANDALONE, "2.3.5").settings.as_environment()
    );
    insta::assert_json_snapshot!(
        "standalone_2_6",
        topology(STANDALONE, "2.6.15").settings.as_yaml_value()
    );
}

#[test]
fn settings_without_login() {
    let plain = CLUSTER.replace(
        ", security: {scramSha512: {username: u, password: {env: PW}}}",
        "",
    );
    let tls = CLUSTER.replace("{scramSha512: {username: u, password: {env: PW}}}", "tls");
    let kafka = |text: &str| topology(text, "2.6.15").settings.as_yaml_value()["kafka"].clone();
    assert_eq!(kafka(&plain)["securityProtocol"], json!("PLAINTEXT"));
    assert_eq!(kafka(&tls)["producer"]["security.protocol"], json!("SSL"));
}

/// Newer proxies do not start where REST would share gRPC's port and clients speak TLS (milvus#46312).
#[test]
fn rest_has_a_port_of_its_own_beside_tls() {
    let port = |more: &str, version: &str| {
        let settings = topology(&format!("{CLUSTER}{more}"), version).settings;
        settings.as_yaml_value()["proxy"]["http"]["port"].clone()
    };
    let raw = |mode: &str| format!("config: {{common: {{security: {{tlsMode: {mode}}}}}}}\n");
    for version in VERSIONS {
        assert_eq!(port("tls: {secret: certificates}\n", version), 8080);
        assert_eq!(port(&raw("2"), version), 8080);
        for off in ["\"0\"", "0", "null", "\"\""] {
            assert_eq!(port(&raw(off), version), json!(null));
        }
        let taken_back = format!("tls: {{secret: certificates}}\n{}", raw("0"));
        assert_eq!(port(&taken_back, version), json!(null));
        assert_eq!(port("", version), json!(null));
        let own = "tls: {secret: certificates}\nconfig: {proxy: {http: {port: 9080}}}\n";
        assert_eq!(port(own, version), 9080);
    }
}

#[test]
fn no_settings_hold_a_user_name_or_password() {
    for version in VERSIONS {
        let settings = topology(CLUSTER, version).settings;
        let text = settings.as_yaml_value().to_string();
        assert!(
            !text.contains("sasl_username") && !text.contains("saslUsername"),
            "{text}"
        );
        assert!(!text.contains("saslPassword"), "{text}");
    }
}

#[test]
fn what_a_user_sets_wins_whatever_its_case() {
    let text = format!(
        "{CLUSTER}config: {{Log: {{Level: debug}}, minio: {{useVirtualHost: true}}, mine: {{a: [1, x]}}}}\n"
    );
    let settings = topology(&text, "2.6.15").settings;
    let value = settings.as_yaml_value();
    assert_eq!(
        value["log"],
        json!({"level": "debug", "format": "text", "file": {"rootPath": ""}})
    );
    assert_eq!(value["minio"]["useVirtualHost"], json!(true));
    assert!(
        settings
            .as_environment()
            .contains(&("MINE_A".to_owned(), "1,x".to_owned()))
    );
}

#[test]
fn environment_names_are_names() {
    for version in VERSIONS {
        for text in [CLUSTER, STANDALONE] {
            let topology = topology(text, version);
            let environment = topology.settings.as_environment();
            let unique: BTreeSet<_> = environment.iter().map(|(name, _)| name).collect();
            assert_eq!(unique.len(), environment.len());
            let good = |name: &str| {
                name.chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            };
            if topology.config_loader == ConfigLoader::Environment {
                assert!(
                    environment.iter().all(|(name, _)| good(name)),
                    "{environment:?}"
                );
            }
        }
    }
}

/// Facts that hold for the table as a whole, so that a new row cannot forget them.
#[test]
fn the_table_is_in_order() {
    assert!(lines().is_sorted_by_key(|line| line.from));
    for line in lines() {
        assert!(line.newest >= line.from, "{line:?}");
        let roles: BTreeSet<Role> = line.cluster.iter().copied().collect();
        assert_eq!(roles.len(), line.cluster.len(), "{line:?}");
        assert!(roles.contains(&Role::Proxy) && roles.contains(&Role::QueryNode));
        assert!(!roles.contains(&Role::Standalone));
        assert!(
            line.other_coordinators
                .iter()
                .all(|role| role.is_coordinator() && !roles.contains(role))
        );
        let mixed = roles.contains(&Role::MixCoordinator);
        let separate = Role::SEPARATE_COORDINATORS
            .iter()
            .filter(|role| roles.contains(role))
            .count();
        assert!(
            mixed && separate == 0 || !mixed && separate == 4,
            "{line:?}"
        );
        assert!(!roles.contains(&Role::IndexNode) || !roles.contains(&Role::StreamingNode));
        assert!(line.standalone_queues.contains(&line.standalone_queue));
        let built_in = |queue: &&MessageQueue| **queue == MessageQueue::RocksMq;
        assert!(
            !line.cluster_queues.iter().any(|queue| built_in(&queue)),
            "it is of one process"
        );
        let known = line.known_bad.iter().map(|bad| bad.version);
        for version in known.chain(line.bad_pairs.iter().filter_map(|pair| pair.version)) {
            let version: MilvusVersion = version.parse().unwrap();
            assert_eq!(
                version.line(),
                (line.from.0, line.from.1),
                "{version} is of another row"
            );
        }
        // Whoever refuses Kafka 4.x does so whatever the version.
        let newest: MilvusVersion =
            format!("{}.{}.{}", line.newest.0, line.newest.1, line.newest.2)
                .parse()
                .unwrap();
        let kafka_four = line.bad_pair(Partner::KafkaFour, &newest).unwrap();
        assert_eq!((kafka_four.version, kafka_four.fixed_in), (None, None));
    }
}

/// The names that files use and the names that serde gives are the same.
#[test]
fn keys_of_roles() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).unwrap(), json!(role.key()));
    }
}

/// Settings of one file mean the same in both lines of every step: while both run, all pods read one ConfigMap.
#[test]
fn settings_of_two_lines_do_not_contradict_each_other() {
    let steps = [
        ("2.3.13", "2.4.5"),
        ("2.4.6", "2.4.17"),
        ("2.4.17", "2.5.26"),
        ("2.5.26", "2.6.20"),
        ("2.6.20", "3.0.0"),
    ];
    let mixed = CLUSTER.replace(
        "  kafka:",
        "  components: {mixCoordinator: {replicas: 2}}\n  kafka:",
    );
    for (from, to) in steps {
        let [before, after] =
            [from, to].map(|version| topology(&mixed, version).settings.as_yaml_value());
        agree("", &before, &after);
    }
}

fn agree(path: &str, before: &serde_json::Value, after: &serde_json::Value) {
    match (before.as_object(), after.as_object()) {
        (Some(before), Some(after)) => {
            for (key, value) in before {
                if let Some(other) = after.get(key) {
                    agree(&format!("{path}.{key}"), value, other);
                }
            }
        }
        _ => assert_eq!(before, after, "{path}"),
    }
}

/// Row 44 of the pains, and the release that cannot do it.
#[test]
fn a_release_whose_second_coordinator_fails_gets_none() {
    let file = |version: &str, replicas: u8| {
        let components =
            format!("  components: {{mixCoordinator: {{replicas: {replicas}}}}}\n  kafka:");
        let text = format!(
            "{}version: {version}\n",
            CLUSTER.replace("  kafka:", &components)
        );
        Installation::from_yaml("milvus.yaml", text)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let refused = file("2.5.17", 2).unwrap_err();
    assert!(
        refused.contains("milvus#45019") && refused.contains("write `1`, or `version: 2.5.26`"),
        "{refused}"
    );
    assert_eq!(file("2.5.17", 1), Ok(()));
    assert_eq!(file("2.5.16", 2), Ok(()));
    let aws = "apiVersion: kubectl-milvus/v1\nname: demo\ntarget: aws\nversion: 2.5.17\n";
    let refused = Installation::from_yaml("milvus.yaml", aws)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("2.5.17: coordinators come in pairs here"),
        "{refused}"
    );
    let alone = format!("{aws}cluster: {{components: {{mixCoordinator: {{replicas: 1}}}}}}\n");
    assert!(Installation::from_yaml("milvus.yaml", alone).is_ok());
}

#[test]
fn the_default_is_the_newest_2_6() {
    let newest = lines()
        .iter()
        .map(|line| line.newest)
        .filter(|newest| newest.1 == 6)
        .max()
        .unwrap();
    let version = Installation::default().version.to_string();
    assert_eq!(version, format!("{}.{}.{}", newest.0, newest.1, newest.2));
}
