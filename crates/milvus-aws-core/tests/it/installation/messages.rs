//! What users read when a file is wrong: these messages are the product.

use milvus_aws_core::Installation;

/// The message for a file that begins with the right `apiVersion`.
fn message(rest: &str) -> String {
    let text = format!("apiVersion: kubectl-milvus/v1\n{rest}");
    whole(text.as_bytes())
}

fn whole(text: &[u8]) -> String {
    match Installation::from_yaml("milvus.yaml", text) {
        Ok(_) => panic!("was accepted:\n{}", String::from_utf8_lossy(text)),
        Err(error) => error.to_string(),
    }
}

const CLUSTER: &str = "\
mode: cluster
cluster:
  kafka: {brokers: ['b-1.example.com:9092']}
  s3: {endpoint: 's3.us-west-2.amazonaws.com:443', bucket: demo, access: {keys: {existingSecret: s3}}}
";

fn cluster(rest: &str) -> String {
    message(&format!("{CLUSTER}{rest}"))
}

macro_rules! messages {
    ($($name:ident: $message:expr;)+) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!($message);
            }
        )+
    };
}

messages! {
    empty: whole(b"");
    comment_alone: whole(b"# nothing\n");
    binary: whole(&[0, 159, 146, 150]);
    utf16: whole(&[0xff, 0xfe, b'a', 0, b':', 0]);
    nul: whole(b"apiVersion: \0");
    a_list: whole(b"- a\n- b\n");
    a_text: whole(b"install me");
    another_kind: whole(b"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n");
    later_version: whole(b"apiVersion: kubectl-milvus/v2\nfoo: 1\n");
    no_version: whole(b"name: demo\n");
    version_is_no_text: whole(b"apiVersion: 1\n");
    two_documents: message("name: demo\n---\nname: other\n");
    duplicates: message("name: a\nservice:\n  port: 1\n  port: 2\nname: b\n");
    broken_yaml: message("name: [demo\nnamespace: x\n");
    colon_in_text: message("name: demo: x\n");
    tab: message("service:\n\tport: 1\n");
    unknown_anchor: message("name: *nope\n");
    key_is_a_list: message("? [a]\n: b\n");
    not_a_number: message("config: {a: {b: .nan}}\n");
    unknown_key: message("nmae: demo\n");
    unknown_key_far_from_all: message("zebra: 1\n");
    unknown_key_deep: message("standalone:\n  resources:\n    request: {cpu: 1}\n");
    unknown_keys_and_more: message(
        "nmae: demo\nversion: 2.6\nservice:\n  type: LoadBalancr\n  port: 0\n  anotations: {}\nimage: {pullPolicy: always}\n"
    );
    wrong_type_text: message("name: 12\n");
    wrong_type_true: message("namespace: true\n");
    wrong_type_section: message("service: LoadBalancer\n");
    wrong_type_list: message("scheduling: {imagePullSecrets: regcred}\n");
    wrong_type_bool: message("authorization: maybe\n");
    annotation_is_no_text: message("service: {annotations: {a: 1, b: true, c: [x]}}\n");
    annotation_key: message("service: {annotations: {'-a': x, 'b c': y, 'Example.com/z': z}}\n");
    label: message("scheduling: {nodeSelector: {disk: 'a b', 'x/y/z': ok}}\n");
    port_too_large: message("service: {port: 70000}\n");
    port_negative: message("service: {port: -1}\n");
    name_upper_case: message("name: Demo\n");
    name_too_long: message("name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
    name_starts_with_digit: message("name: 1demo\n");
    name_empty: message("name: ''\n");
    version_two_parts: message("version: '2.6'\n");
    version_unknown_line: message("version: 2.2.16\n");
    version_known_bad: message("version: 2.3.0\n");
    version_release_candidate: message("version: 2.6.0-rc1\n");
    version_with_build: message("version: 2.6.15+mine\n");
    image_with_tag: message("image: {repository: 'registry.example.com/milvus:v2', tag: 'a b'}\n");
    image_upper_case: message("image: {repository: Milvus/milvus}\n");
    image_scheme: message("image: {repository: 'https://registry.example.com/milvus'}\n");
    cpu: message("standalone: {resources: {requests: {cpu: lots}}}\n");
    cpu_zero: message("standalone: {resources: {requests: {cpu: 0}}}\n");
    memory_number: message("standalone: {resources: {requests: {memory: 1024}}}\n");
    memory_decimal_unit: message("standalone: {resources: {requests: {memory: 8GB}}}\n");
    memory_impossible: message("standalone: {storage: {size: 99999999Ti}}\n");
    storage_too_small: message("standalone: {storage: {size: 512Mi}}\n");
    limits_below_requests: message(
        "standalone: {resources: {requests: {cpu: 2, memory: 8Gi}, limits: {cpu: 1, memory: 4Gi}}}\n"
    );
    cluster_section_without_mode: message("cluster:\n  kafka: {brokers: ['a:1']}\n  s3: {endpoint: 'a:1', bucket: abc, access: iam}\n");
    cluster_without_section: message("mode: cluster\n");
    cluster_with_standalone: cluster("standalone: {}\n");
    cluster_without_kafka_and_s3: message("mode: cluster\ncluster:\n  components: {}\n");
    cluster_with_nothing: message("mode: cluster\ncluster:\n");
    mode_unknown: message("mode: distributed\n");
    target_unknown: message("target: kubernets\n");
    role_unknown: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {queryNodes: {replicas: 2}}\n  kafka"));
    role_gone: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {indexNode: {replicas: 2}, rootCoordinator: {replicas: 2}}\n  kafka"));
    role_not_there_yet: message(&format!("version: 2.5.4\n{}", CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {streamingNode: {}}\n  kafka")));
    role_standalone: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {standalone: {}}\n  kafka"));
    coordinators_mixed: message(&format!("version: 2.4.5\n{}", CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {mixCoordinator: {}, rootCoordinator: {}}\n  kafka")));
    replicas_zero: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {proxy: {replicas: 0}, queryNode: {replicas: 40000}}\n  kafka"));
    brokers_empty: message(&CLUSTER.replace("['b-1.example.com:9092']", "[]"));
    broker_without_port: message(&CLUSTER.replace("['b-1.example.com:9092']", "[b-1.example.com, 'b-2:0', 'tcp://b-3:1', 'a:1,b:2', 'x:9092']"));
    bucket: message(&CLUSTER.replace("bucket: demo", "bucket: My_Bucket"));
    bucket_address: message(&CLUSTER.replace("bucket: demo", "bucket: 10.0.0.1"));
    endpoint_is_a_url: message(&CLUSTER.replace("'s3.us-west-2.amazonaws.com:443'", "'s3://demo'"));
    iam_alone: message(&CLUSTER.replace("{keys: {existingSecret: s3}}", "iam"));
    access_unknown: message(&CLUSTER.replace("{keys: {existingSecret: s3}}", "irsa"));
    access_iam_with_settings: message(&CLUSTER.replace("{keys: {existingSecret: s3}}", "{iam: {role: x}}"));
    access_both: message(&CLUSTER.replace("{keys: {existingSecret: s3}}", "{iam: , keys: {existingSecret: s3}}"));
    etcd_both: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  etcd: {inCluster: {}, endpoints: []}\n  kafka"));
    etcd_members: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  etcd: {inCluster: {replicas: 2}}\n  kafka"));
    etcd_endpoints_empty: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  etcd: {endpoints: []}\n  kafka"));
    tls_without_login_on_an_old_server: message(&format!("version: 2.3.5\n{}", CLUSTER.replace("['b-1.example.com:9092']", "['b-1.example.com:9092'], security: tls")));
    credentials_empty: message(&CLUSTER.replace("{existingSecret: s3}", "{}"));
    credentials_without_password: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a}"));
    credentials_both: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a, existingSecret: b}"));
    password_in_the_file: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a, password: hunter2}"));
    password_is_a_number: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a, password: 31337}"));
    password_as_variant: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a, password: {value: hunter2}}"));
    password_variable: message(&CLUSTER.replace("{existingSecret: s3}", "{username: a, password: {env: 'A-B'}}"));
    config_dotted: message("config: {proxy.maxNameLength: 255}\n");
    config_secrets: message(
        "config:\n  kafka: {saslPassword: hunter2}\n  minio: {secretAccessKey: hunter2}\n  common: {security: {defaultRootPassword: hunter2}}\n  pulsar: {authParams: hunter2}\n  x: [{api_key: 31337}]\n"
    );
    config_for_an_old_server: message("version: 2.3.5\nconfig: {kafka: {consumer: {ssl.ca.location: /ca}}, a: [{b: c}]}\n");
    control_characters: message("\"\\e[31mred\": 1\nname: \"\\e[31m\"\n");
    pod_key_unknown: message("scheduling:\n  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerm: []\n");
    pod_key_unknown_in_a_list: message("scheduling:\n  tolerations:\n    - key: a\n      operater: Exists\n    - {efect: NoSchedule}\n");
    pod_key_mistyped: message("scheduling:\n  env: [{name: A, value: 5}]\n  securityContext: {runAsUser: root}\n  tolerations: {}\n");
    pod_values_unknown: message("scheduling:\n  tolerations: [{operator: Exist, effect: NoSchedul}]\n  strategy: {type: Rolling}\n  topologySpreadConstraints: [{}]\n");
    pod_names_missing: message("scheduling:\n  env: [{value: a}]\n  volumes: [{emptyDir: {}}]\n  volumeMounts: [{name: nope, mountPath: relative}]\n  sidecars: [{name: proxy}]\n");
    pod_labels_of_ours: message("labels: {component: proxy}\nscheduling: {labels: {app.kubernetes.io/name: x}, annotations: {kubectl-milvus/revision: '1'}}\nannotations: {checksum/config: x}\n");
    pod_secret_as_literal: message("standalone: {pod: {env: [{name: MINIO_SECRET_ACCESS_KEY, value: hunter2}]}}\n");
    autoscaling_of_nothing: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {queryNode: {autoscaling: {min: 3, max: 2}}, mixCoordinator: {replicas: 2, autoscaling: {max: 2, cpuPercent: 1}}}\n  kafka"));
    disk_of_a_role_without_one: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {proxy: {disk: {sizeLimit: 1Gi}}, streamingNode: {disk: {enabled: false}}}\n  kafka"));
    disk_of_vectors: message("standalone: {disk: {sizeLimit: 10Gi}}\n");
    cdc_before_its_time: message(&format!("version: 2.6.5\n{}", CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {cdc: {}}\n  kafka")));
    cdc_twice: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  components: {cdc: {replicas: 2}}\n  kafka"));
    two_logs: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  woodpecker: embedded\n  pulsar: {endpoint: 'p:6650'}\n  kafka"));
    woodpecker_before_its_time: message("version: 2.5.16\nmode: cluster\ncluster:\n  woodpecker: embedded\n  s3: {endpoint: 'a:1', bucket: abc, access: {keys: {existingSecret: s3}}}\n");
    woodpecker_service_before_its_time: message("version: 2.6.5\nmode: cluster\ncluster:\n  woodpecker: {service: {seeds: []}}\n  s3: {endpoint: 'a:1', bucket: abc, access: {keys: {existingSecret: s3}}}\n");
    woodpecker_without_a_bucket: message("standalone: {woodpecker: embedded}\n");
    pulsar: message("standalone: {pulsar: {endpoint: 'pulsar://p:6650', tenant: 'a b', maxMessageSize: 0}}\n");
    resource_groups: message(&format!("version: 2.5.16\nname: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n{}", CLUSTER.replace("cluster:\n  kafka", "cluster:\n  resourceGroups: [a, a]\n  kafka")));
    resource_group_too_long: message(&format!("name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n{}", CLUSTER.replace("cluster:\n  kafka", "cluster:\n  resourceGroups: [one, two]\n  kafka")));
    service_of_another_type: message("service: {nodePort: 80, loadBalancerIP: 10.0.0.1, loadBalancerSourceRanges: [10.0.0.0/33], externalIPs: [here]}\n");
    service_settings_of_another_type: message("service: {nodePort: 30000, loadBalancerIP: 10.0.0.1, loadBalancerSourceRanges: [10.0.0.0/8]}\n");
    ingress: message("ingress: {rules: [{host: 'Milvus.example.com', path: x}], tls: [{secretName: A}]}\n");
    names: message("name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nnames: {appName: bbbbbbbbbbbbb}\n");
    log_and_metrics: message("log: {level: verbose, persistence: {mountPath: logs, subPath: ../x}}\nmetrics: {serviceMonitor: {interval: 30}}\n");
    etcd_settings: message(&CLUSTER.replace("cluster:\n  kafka", "cluster:\n  etcd: {inCluster: {autoCompaction: {retention: 2h}, pod: {env: [{name: ETCD_ROOT_PASSWORD, value: hunter2}]}}}\n  kafka"));
    attu_on_aws: message("target: aws\nattu: {}\ncluster: {pulsar: {endpoint: 'a:1'}, woodpecker: embedded, resourceGroups: [a]}\n");
    nothing_is_lost_behind_a_fault: message("mode: cluster\ncluster:\n  kafka: {brokers: [x]}\n  s3: {bucket: A}\n  etcd: {inCluster: {replicas: 4, storage: {size: big}}}\n");
}

#[test]
fn too_long() {
    let text = format!(
        "apiVersion: kubectl-milvus/v1\n# {}\n",
        "x".repeat(1024 * 1024)
    );
    insta::assert_snapshot!(whole(text.as_bytes()));
}

#[test]
fn nested_too_deep() {
    insta::assert_snapshot!("flow", message(&format!("config: {}", "{a: ".repeat(5000))));
    let block: Vec<String> = (0..200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    insta::assert_snapshot!("block", message(&format!("config:\n{}", block.concat())));
}

#[test]
fn alias_bomb() {
    let mut text = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()];
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push(format!("a{level}: &a{level} [{before}]\n"));
    }
    insta::assert_snapshot!(message(&text.concat()));
}

#[test]
fn many_faults_are_cut() {
    let text: Vec<String> = (0..100).map(|number| format!("key{number}: 1\n")).collect();
    assert_eq!(message(&text.concat()).lines().count(), 20);
}

/// A password at a wrong place is not repeated, whatever the fault is.
#[test]
fn no_message_repeats_a_secret() {
    let places = [
        "name: \"hunter2 hunter2\"\n".replace("hunter2 hunter2", "x y"),
        CLUSTER.replace("{existingSecret: s3}", "{username: a, password: hunter2}"),
        CLUSTER.replace("{existingSecret: s3}", "{username: a, password: [hunter2]}"),
        CLUSTER.replace(
            "{existingSecret: s3}",
            "{username: a, password: {file: [hunter2]}}",
        ),
        CLUSTER.replace(
            "{existingSecret: s3}",
            "{username: a, password: {text: hunter2}}",
        ),
        CLUSTER.replace("{keys: {existingSecret: s3}}", "{keys: hunter2}"),
        "config: {kafka: {saslPassword: hunter2}}\n".to_owned(),
        "config: {minio: {secretAccessKey: hunter2}}\nname: [\n".to_owned(),
    ];
    for text in places {
        let message = message(&text);
        assert!(!message.contains("hunter2"), "{message}");
    }
}
