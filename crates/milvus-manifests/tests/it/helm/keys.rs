//! Keys: known ones, unknown ones, and those that cannot be honoured.

use super::release::{imported, lines, read, refused};

/// A cluster that needs nothing else.
pub(crate) const SERVICES: &str = "\
minio: {enabled: false}
pulsar: {enabled: false}
pulsarv3: {enabled: false}
externalS3: {enabled: true, host: s3.us-west-2.amazonaws.com, port: 443, useSSL: true, bucketName: vectors, useIAM: true}
externalKafka: {enabled: true, brokerList: 'kafka:9092', securityProtocol: PLAINTEXT}
";

/// What is said of lines that stand behind five lines of services.
fn unsupported(version: &str, more: &str) -> Vec<String> {
    lines(&imported(version, &format!("{SERVICES}{more}")).unsupported)
}

/// The same of keys that nobody knows.
fn unknown(version: &str, more: &str) -> Vec<String> {
    lines(&imported(version, &format!("{SERVICES}{more}")).unknown)
}

#[test]
fn a_typo_is_told_with_the_key_that_was_meant() {
    let said = unknown(
        "2.6.15",
        "queryNode:\n  replica: 3\n  resource: {limits: {cpu: 1}}\nattu: {enabeld: true}\nqueryNodes: {replicas: 3}\n",
    );
    assert_eq!(
        said,
        [
            "values.yaml:7:3: queryNode.replica: is no key of the chart, which ignores it; write `replicas`",
            "values.yaml:8:3: queryNode.resource: is no key of the chart, which ignores it; write `resources`",
            "values.yaml:9:8: attu.enabeld: is no key of the chart, which ignores it; write `enabled`",
            "values.yaml:10:1: queryNodes: is no key of the chart, which ignores it; write `queryNode`",
        ]
    );
}

#[test]
fn another_word_is_no_typo() {
    for (more, near) in [
        ("service: {loadBalancerClass: a}", None),
        ("service: {externalTrafficPolicy: Local}", None),
        ("proxy: {priorityClassName: a}", None),
        ("proxy: {hostNetwork: true}", None),
        ("proxy: {extraEnvVars: [{name: A}]}", Some("extraEnv")),
        ("proxy: {nodeselector: {a: b}}", Some("nodeSelector")),
        ("etcd: {persistance: {size: 1Gi}}", Some("persistence")),
        ("extralConfigFiles: {a: b}", Some("extraConfigFiles")),
    ] {
        let said = unknown("2.6.15", more);
        let written = said[0].split("write `").nth(1);
        let written = written.and_then(|rest| rest.strip_suffix('`'));
        assert_eq!(written, near, "{more}: {said:?}");
    }
}

#[test]
fn a_key_with_dots_is_no_path() {
    for more in [
        "'cluster.enabled': false",
        "'image.all.tag': v2.6.1",
        "'etcd.replicaCount': 1",
        "proxy: {'hpa.enabled': true}",
    ] {
        let said = unknown("2.6.15", more);
        assert_eq!(said.len(), 1, "{more}: {said:?}");
        assert!(said[0].contains("is no key of the chart"), "{said:?}");
    }
}

#[test]
fn keys_that_lost_their_indentation_are_told() {
    let said = unknown("2.6.15", "cluster:\nenabled: false\n");
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("values.yaml:7:1: enabled: is no key of the chart"),
        "{said:?}"
    );
}

#[test]
fn values_of_a_chart_around_it_are_told() {
    let said = unknown("2.6.15", "milvus:\n  cluster: {enabled: false}\n");
    assert_eq!(
        said,
        [
            "values.yaml:6:1: milvus: is no key of the chart, which ignores it; give what stands below it as a file of its own"
        ]
    );
}

#[test]
fn what_cannot_be_honoured_has_a_reason() {
    for (more, key, reason) in [
        (
            "customConfigMap: mine",
            "customConfigMap",
            "extraConfigFiles.user.yaml",
        ),
        (
            "livenessProbe: {initialDelaySeconds: 10}",
            "livenessProbe.initialDelaySeconds",
            "probes",
        ),
        (
            "queryNode: {heaptrack: {enabled: true}}",
            "queryNode.heaptrack.enabled",
            "debugging",
        ),
        (
            "queryNode: {enabled: false}",
            "queryNode.enabled",
            "cannot do without",
        ),
        (
            "queryNode: {resources: {limits: {nvidia.com/gpu: 1}}}",
            "queryNode.resources.limits.nvidia.com/gpu",
            "processor, memory",
        ),
        (
            "etcd: {auth: {rbac: {enabled: true}}}",
            "etcd.auth.rbac.enabled",
            "externalEtcd",
        ),
        ("tei: {enabled: true}", "tei.enabled", "its own chart"),
        (
            "service: {clusterIP: None}",
            "service.clusterIP",
            "reach one address",
        ),
        (
            "attu: {route: {enabled: true}}",
            "attu.route.enabled",
            "attu.ingress",
        ),
        (
            "minio: {enabled: true}",
            "minio.enabled",
            "nothing would use it",
        ),
        (
            "kafka: {enabled: true}",
            "kafka.enabled",
            "nothing would use it",
        ),
        (
            "extraConfigFiles: {other.yaml: 'a: b'}",
            "extraConfigFiles.other.yaml",
            "`user.yaml` alone",
        ),
    ] {
        let said = unsupported("2.6.15", more);
        let line = said.iter().find(|line| line.contains(&format!(" {key}: ")));
        let line = line.unwrap_or_else(|| panic!("{more}: {said:?}"));
        assert!(
            line.starts_with("values.yaml:6:") && line.contains(reason),
            "{line}"
        );
    }
}

#[test]
fn defaults_of_the_chart_are_no_wishes() {
    let more = "\
livenessProbe: {enabled: true, initialDelaySeconds: 90, periodSeconds: 30, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 5}
customConfigMap: ''
image: {tools: {repository: milvusdb/milvus-config-tool, tag: v0.1.2}}
heaptrack: {image: {repository: milvusdb/heaptrack, tag: v0.1.0}}
rootCoordinator: {enabled: false, replicas: 1, resources: {}, heaptrack: {enabled: false}, service: {port: 53100, clusterIP: ''}}
indexNode: {enabled: false, replicas: 1, hpa: {enabled: false, minReplicas: 1, maxReplicas: 5, cpuUtilization: 40}}
standalone: {messageQueue: woodpecker, persistence: {enabled: true, persistentVolumeClaim: {size: 50Gi, storageClass: null}}}
kafka: {enabled: false, replicaCount: 3, heapOpts: -Xmx4096m}
tei: {enabled: false, modelId: some}
woodpecker: {enabled: false, replicaCount: 4}
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
    assert_eq!(lines(&imported.notices), Vec::<String>::new());
}

#[test]
fn null_takes_the_chart_s_default_back() {
    use crate::fixtures::object;

    use super::release::objects;
    let more = "\
ingress: {enabled: true, annotations: null}
service: {type: LoadBalancer, loadBalancerSourceRanges: null}
log: {level: null}
nodeSelector: null
etcd: {persistence: {storageClass: null}}
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
    let manifests = objects(&imported);
    let ingress = object(&manifests, "Ingress", "demo-milvus");
    assert!(ingress["metadata"]["annotations"].is_null(), "{ingress}");
    let service = object(&manifests, "Service", "demo-milvus");
    assert!(
        service["spec"]["loadBalancerSourceRanges"].is_null(),
        "{service}"
    );
    for (more, key) in [
        ("etcd: {replicaCount: null}", "etcd.replicaCount"),
        ("etcd: {autoCompactionMode: ~}", "etcd.autoCompactionMode"),
        (
            "etcd: {persistence: {enabled: null}}",
            "etcd.persistence.enabled",
        ),
        (
            "livenessProbe: {periodSeconds: null}",
            "livenessProbe.periodSeconds",
        ),
        ("queryNode: {disk: {enabled: }}", "queryNode.disk.enabled"),
        ("cluster: {enabled: null}", "cluster.enabled"),
    ] {
        let said = unsupported("2.6.15", more);
        assert!(
            said.len() == 1 && said[0].contains(&format!(" {key}: cannot be honoured")),
            "{more}: {said:?}"
        );
    }
}

#[test]
fn wrong_values_are_told_in_the_words_of_the_values() {
    for (more, said) in [
        (
            "cluster: {enabled: 'false'}",
            "values.yaml:6:11: cluster.enabled: write `true` or `false`, without quotes",
        ),
        (
            "image: milvusdb/milvus:v2.6.10",
            "values.yaml:6:1: image: is no section of keys and values, and helm passes it over; write `image: {all: …}`",
        ),
        (
            "service: LoadBalancer",
            "values.yaml:6:1: service: is no section of keys and values, and helm passes it over; write `service: {type: …}`",
        ),
        (
            "attu: true",
            "values.yaml:6:1: attu: is no section of keys and values, and helm passes it over; write `attu: {enabled: …}`",
        ),
        (
            "log: {persistence: true}",
            "values.yaml:6:7: log.persistence: is no section",
        ),
        (
            "etcd: {persistence: false}",
            "values.yaml:6:8: etcd.persistence: is no section",
        ),
        (
            "metrics: {serviceMonitor: true}",
            "values.yaml:6:11: metrics.serviceMonitor: is no section",
        ),
        (
            "kafka: true",
            "values.yaml:6:1: kafka: is no section of keys and values, and helm passes it over; write `kafka: {enabled: …}`",
        ),
        (
            "extraConfigFiles: 'proxy: {maxNameLength: 300}'",
            "values.yaml:6:1: extraConfigFiles: is no section of files",
        ),
        (
            "queryNode: [{replicas: 3}]",
            "values.yaml:6:1: queryNode: is no section",
        ),
        (
            "queryNode: {replicas: many}",
            "values.yaml:6:13: queryNode.replicas: expected a whole number",
        ),
        (
            "queryNode: {resources: {limits: {memory: 8GB}}}",
            "values.yaml:6:34: queryNode.resources.limits.memory: is no amount of bytes",
        ),
        (
            "service: {type: Loadbalancer}",
            "values.yaml:6:11: service.type: `Loadbalancer` is not known, write `LoadBalancer`",
        ),
        (
            "queryNode: {affinity: {nodeAffinty: {}}}",
            "values.yaml:6:24: queryNode.affinity.nodeAffinty: is no known key",
        ),
        (
            "queryNode: {tolerations: [{key: a, efect: NoSchedule}]}",
            "queryNode.tolerations[0].efect: is no known key",
        ),
        (
            "extraConfigFiles:\n  user.yaml: |\n    a: b\n    c: [\n",
            "extraConfigFiles.user.yaml: is no valid YAML",
        ),
        (
            "extraConfigFiles: {user.yaml: {a: b}}",
            "expected a text, write `user.yaml: |`",
        ),
        (
            "externalEtcd: {enabled: true, endpoints: ['etcd']}",
            "externalEtcd.endpoints[0]: `etcd` is no valid address",
        ),
        (
            "etcd: {replicaCount: 2}",
            "etcd.replicaCount: etcd cannot have 2 members",
        ),
        (
            "fullnameOverride: My_Milvus",
            "fullnameOverride: `My_Milvus` is no valid prefix of names",
        ),
    ] {
        let invalid = refused("2.6.15", &format!("{SERVICES}{more}"));
        assert!(invalid.contains(said), "{more}:\n{invalid}");
    }
}

#[test]
fn texts_that_are_no_values() {
    for (text, said) in [
        ("- a\n- b\n", "values.yaml:1:1: holds no keys"),
        ("a: b: c\n", "values.yaml:1:5: is no valid YAML"),
        ("a: *b\n", "is no valid YAML"),
        ("\u{0}", "is no valid YAML"),
        ("? [a]\n: b\n", "a key must be a plain text"),
        ("a: &a [*a]\n", "values.yaml:1:8"),
        ("a: .inf\n", "is no number that can be set"),
    ] {
        let invalid = refused("2.6.15", text);
        assert!(invalid.contains(said), "{text}:\n{invalid}");
    }
    let bomb = "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    assert!(refused("2.6.15", bomb).contains("holds too much"));
    let deep = format!("a: {}", "[".repeat(100));
    assert!(refused("2.6.15", &deep).contains("is no valid YAML"));
}

#[test]
fn aliases_and_merges_are_helm_s() {
    let more = "\
x-size: &size {limits: {memory: 8Gi}}
queryNode: {resources: *size}
dataNode: &data {replicas: 2, resources: *size}
proxy: {<<: *data, replicas: 3}
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(imported.unknown.len(), 1, "the chart has no `x-size`");
    let file = imported.installation.to_json();
    let components = &file["cluster"]["components"];
    assert_eq!(
        components["queryNode"]["resources"]["limits"]["memory"],
        "8Gi"
    );
    assert_eq!(components["proxy"]["resources"]["limits"]["memory"], "8Gi");
    assert_eq!(components["proxy"]["replicas"], 3);
    assert_eq!(components["dataNode"]["replicas"], 2);
}

#[test]
fn the_later_of_two_is_taken_and_told() {
    let more = "proxy: {replicas: 2}\nproxy: {replicas: 3}\n";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    let said = lines(&imported.notices);
    assert_eq!(
        said,
        [
            "values.yaml:7:1: proxy: is there twice, first in line 6; this one is taken, as helm does"
        ]
    );
    assert_eq!(
        imported.installation.to_json()["cluster"]["components"]["proxy"]["replicas"],
        3
    );
}

#[test]
fn an_empty_file_is_the_chart_s_default() {
    let imported = read("2.6.15", "").unwrap();
    let said = lines(&imported.unsupported);
    assert!(
        said[0].contains("minio: is on by the chart's default") && said[0].contains("externalS3"),
        "{said:?}"
    );
    assert!(
        said[1].contains("pulsarv3: is on by the chart's default")
            && said[1].contains("externalKafka"),
        "{said:?}"
    );
    let file = imported.installation.to_json();
    assert_eq!(file["cluster"]["s3"]["endpoint"], "demo-minio:9000");
    assert_eq!(
        file["cluster"]["pulsar"]["endpoint"],
        "demo-pulsarv3-proxy:6650"
    );
    let older = read("2.4.5", "").unwrap().installation.to_json();
    assert_eq!(
        older["cluster"]["pulsar"]["endpoint"],
        "demo-pulsar-proxy:6650"
    );
}
