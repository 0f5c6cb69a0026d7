//! Services that other installations may use: which part of them is this installation's.

use milvus_aws_core::{Installation, installation::PartSetting, topology::Topology};
use serde_json::Value;

const S3: &str = "s3: {endpoint: 'store:9000', bucket: abc, access: {keys: {existingSecret: s3}}}";
const KAFKA: &str = "kafka: {brokers: ['kafka:9092']}";
const ETCD: &str = "etcd: {endpoints: ['etcd:2379']}";

fn read(text: &str) -> Installation {
    let text = format!("apiVersion: kubectl-milvus/v1\nname: demo\nnamespace: vectors\n{text}");
    Installation::from_yaml("milvus.yaml", text).unwrap()
}

fn cluster(services: &[&str], further: &str) -> Installation {
    let services = services.join(", ");
    read(&format!(
        "version: 2.6.15\nmode: cluster\ncluster: {{{services}, {S3}}}\n{further}"
    ))
}

/// What the server is told: `etcd.rootPath` and `msgChannel.chanNamePrefix.cluster`.
fn told(installation: &Installation) -> (Option<String>, Option<String>) {
    let settings = Topology::of(installation).settings.as_yaml_value();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (
        text(&settings["etcd"]["rootPath"]),
        text(&settings["msgChannel"]["chanNamePrefix"]["cluster"]),
    )
}

fn undecided(installation: &Installation) -> Vec<(String, PartSetting)> {
    let parts = installation.undecided_parts().into_iter();
    parts.map(|part| (part.path, part.setting)).collect()
}

const OWN: &str = "names: {inSharedServices: own}\n";

#[test]
fn discovery_9_woodpecker_on_an_etcd_of_others_gets_names_of_its_own() {
    let own = Some("vectors.demo-milvus".to_owned());
    let one = cluster(&[ETCD, "woodpecker: embedded"], OWN);
    assert_eq!(told(&one), (own.clone(), own.clone()));
    // The built-in log of one pod keeps its metadata in that etcd too.
    let pod = read(&format!("standalone: {{{ETCD}}}\n{OWN}"));
    assert_eq!(told(&pod), (own.clone(), own.clone()));
    // RocksMQ keeps nothing there.
    let older = read(&format!("version: 2.5.16\nstandalone: {{{ETCD}}}\n{OWN}"));
    assert_eq!(told(&older), (own, None));
    // Our own etcd is nobody else's, and neither is what is inside of the pod.
    for alone in [cluster(&["woodpecker: embedded"], OWN), read(OWN)] {
        assert_eq!(told(&alone), (None, None));
        assert!(undecided(&alone).is_empty());
    }
}

#[test]
fn discovery_9_names_of_two_installations_differ() {
    let named = |name: &str, namespace: &str| {
        let text = format!(
            "apiVersion: kubectl-milvus/v1\nname: {name}\nnamespace: {namespace}\nmode: cluster\ncluster: {{{KAFKA}, {ETCD}, {S3}}}\n{OWN}"
        );
        told(&Installation::from_yaml("milvus.yaml", text).unwrap())
    };
    let all = [
        named("demo", "a"),
        named("demo", "b"),
        named("b-demo", "a"),
        named("demo", "a-b"),
        named("milvus-b", "a"),
    ];
    for (index, names) in all.iter().enumerate() {
        assert!(!all[..index].contains(names), "{all:?}");
        assert_eq!(names.0, names.1);
    }
}

#[test]
fn discovery_15_a_file_that_says_nothing_stays_as_it_is_and_is_told() {
    let silent = cluster(&[ETCD, KAFKA], "");
    assert_eq!(told(&silent), (None, None));
    assert_eq!(silent.service_names().root_path, "by-dev");
    assert_eq!(silent.service_names().channel_prefix, "by-dev");
    assert_eq!(
        undecided(&silent),
        [
            ("cluster.etcd.endpoints".to_owned(), PartSetting::RootPath),
            ("cluster.kafka".to_owned(), PartSetting::ChannelPrefix),
        ]
    );
    let remarks = silent.remarks();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert_eq!(remarks[1].path, "cluster.kafka");
    assert!(
        remarks[1].text.contains("inSharedServices: own"),
        "{remarks:?}"
    );
}

#[test]
fn discovery_15_a_root_path_alone_leaves_the_channels_undecided() {
    let second = "config: {etcd: {rootPath: second}}\n";
    for log in [
        KAFKA,
        "pulsar: {endpoint: 'pulsar:6650'}",
        "woodpecker: embedded",
    ] {
        let installation = cluster(&[ETCD, log], second);
        let parts = undecided(&installation);
        assert_eq!(parts.len(), 1, "{log}: {parts:?}");
        assert_eq!(parts[0].1, PartSetting::ChannelPrefix, "{log}");
        assert_eq!(installation.remarks().len(), 1, "{log}");
    }
    // Both of the server's keys decide, in upper and lower case.
    for prefix in [
        "msgChannel: {chanNamePrefix: {cluster: second}}",
        "common: {ChanNamePrefix: {cluster: second}}",
    ] {
        let said = format!("config: {{etcd: {{rootPath: second}}, {prefix}}}\n");
        let installation = cluster(&[ETCD, KAFKA], &said);
        assert!(undecided(&installation).is_empty(), "{prefix}");
        assert_eq!(installation.service_names().channel_prefix, "second");
        assert!(installation.remarks().is_empty());
    }
    let unset = "config: {etcd: {rootPath: null}}\n";
    assert_eq!(undecided(&cluster(&[ETCD, KAFKA], unset)).len(), 2);
}

#[test]
fn discovery_15_what_config_says_wins_and_usual_is_a_word_too() {
    let said = format!("{OWN}config: {{etcd: {{rootPath: second}}}}\n");
    let installation = cluster(&[ETCD, KAFKA], &said);
    let prefix = Some("vectors.demo-milvus".to_owned());
    assert_eq!(told(&installation), (Some("second".to_owned()), prefix));
    let usual = cluster(&[ETCD, KAFKA], "names: {inSharedServices: usual}\n");
    assert_eq!(told(&usual), (None, None));
    assert!(undecided(&usual).is_empty());
    assert!(usual.remarks().is_empty());
    let again = Installation::from_yaml("again", usual.to_yaml()).unwrap();
    assert_eq!(again, usual);
}

#[test]
fn discovery_15_names_reach_servers_that_read_the_environment_alone() {
    let text = format!("version: 2.4.5\nmode: cluster\ncluster: {{{KAFKA}, {ETCD}, {S3}}}\n{OWN}");
    let settings = Topology::of(&read(&text)).settings.as_environment();
    for name in ["ETCD_ROOTPATH", "MSGCHANNEL_CHANNAMEPREFIX_CLUSTER"] {
        let value = settings.iter().find(|(key, _)| key == name);
        assert_eq!(value.unwrap().1, "vectors.demo-milvus", "{name}");
    }
}
