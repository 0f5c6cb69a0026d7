//! What valid files mean.

use milvus_aws_core::{
    Installation,
    installation::{Credentials, Deployment, Etcd, KafkaSecurity, PasswordSource, Queue, S3Access},
    topology::Role,
};

/// Valid files, from the least to nearly everything.
pub(crate) const EXAMPLES: [&str; 7] = [
    "apiVersion: kubectl-milvus/v1\n",
    "\
apiVersion: kubectl-milvus/v1
name: demo
namespace: vectors
target: kubernetes
version: v2.3.5
mode: standalone
standalone:
  resources:
    requests: {cpu: 500m, memory: 1Gi}
    limits: {memory: 2Gi}
  storage: {size: 50Gi, class: local-path}
service: {type: NodePort, port: 19531, annotations: {example.com/team: search}}
config:
  proxy: {maxNameLength: 255}
  log: {level: debug}
",
    "\
apiVersion: kubectl-milvus/v1
name: demo
version: 2.4.5
mode: cluster
cluster:
  components:
    rootCoordinator: &coordinator {replicas: 2, resources: {limits: {cpu: 0.5, memory: 0.5Gi}}}
    queryCoordinator: *coordinator
    indexCoordinator: *coordinator
    dataCoordinator: *coordinator
    proxy: {replicas: 2, resources: {limits: {cpu: 1, memory: 4Gi}}}
    queryNode: {resources: {limits: {cpu: 2, memory: 8Gi}}}
  etcd: {inCluster: {replicas: 3, storage: {size: 10Gi, class: gp3}}}
  kafka:
    brokers:
      - b-1.demo.kafka.us-west-2.amazonaws.com:9096
      - b-2.demo.kafka.us-west-2.amazonaws.com:9096
    security:
      scramSha512:
        username: milvus
        password: {file: kafka-password}
  s3:
    endpoint: s3.us-west-2.amazonaws.com:443
    bucket: milvus-demo-bucket
    rootPath: demo
    region: us-west-2
    access: iam
  serviceAccount:
    name: milvus-s3
    annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::123456789012:role/milvus'}
service:
  type: LoadBalancer
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-scheme: internal
authorization: true
",
    "\
apiVersion: kubectl-milvus/v1
mode: cluster
image: {repository: 'registry.example.com:5000/mirror/milvus', tag: v2.6.15-arm, pullPolicy: Always}
scheduling: {nodeSelector: {kubernetes.io/arch: amd64}, imagePullSecrets: [regcred], priorityClass: high}
standalone:
cluster:
  etcd: {endpoints: ['etcd-0.etcd:2379', 'etcd-1.etcd:2379']}
  kafka: {brokers: ['kafka:9093'], security: tls}
  s3: {endpoint: 'minio:9000', tls: false, bucket: milvus-bucket, access: {keys: {existingSecret: minio-keys}}}
",
    EVERYTHING_OF_A_CLUSTER,
    EVERYTHING_OF_ONE_POD,
    "\
apiVersion: kubectl-milvus/v1
name: demo
mode: cluster
version: 2.6.20
cluster:
  woodpecker: {service: {seeds: ['wp-0:18080', 'wp-1:18080']}}
  resourceGroups: [rg1, rg2]
  s3: {endpoint: 'minio:9000', tls: false, bucket: milvus-bucket, cloudProvider: minio, access: {keys: {existingSecret: minio-keys}}}
",
];

/// Every key that a cluster may have in a cluster that exists.
pub(crate) const EVERYTHING_OF_A_CLUSTER: &str = include_str!("everything-cluster.yaml");
/// Every key that one pod may have.
pub(crate) const EVERYTHING_OF_ONE_POD: &str = include_str!("everything-standalone.yaml");

fn read(text: &str) -> Installation {
    match Installation::from_yaml("milvus.yaml", text) {
        Ok(installation) => installation,
        Err(error) => panic!("{error}\n{text}"),
    }
}

#[test]
fn every_example_is_valid() {
    for example in EXAMPLES {
        read(example);
    }
}

#[test]
fn the_least_file_is_all_defaults() {
    assert_eq!(read(EXAMPLES[0]), Installation::default());
    assert_eq!(Installation::default().version.line(), (2, 6));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let text = EXAMPLES[1].replace('\n', "\r\n");
    assert_eq!(read(&format!("\u{feff}{text}")), read(EXAMPLES[1]));
}

#[test]
fn json_is_yaml() {
    let text = r#"{"apiVersion": "kubectl-milvus/v1", "name": "demo", "service": {"port": 1}}"#;
    assert_eq!(read(text).name.as_str(), "demo");
}

#[test]
fn a_section_that_is_named_alone_is_all_defaults() {
    let text = "apiVersion: kubectl-milvus/v1\nstandalone:\nservice:\nconfig: {}\nscheduling:\n";
    assert_eq!(read(text), Installation::default());
}

#[test]
fn the_guide() {
    let installation = read(EXAMPLES[2]);
    assert_eq!(installation.name.full_name(), "demo-milvus");
    assert_eq!(installation.name.etcd_name(), "demo-etcd");
    let Deployment::Cluster(cluster) = &installation.deployment else {
        panic!("{installation:?}");
    };
    assert_eq!(cluster.components.len(), 6);
    let limits = cluster.components[&Role::QueryCoordinator]
        .resources
        .unwrap()
        .limits;
    assert_eq!(limits.memory.unwrap().to_string(), "512Mi");
    assert_eq!(limits.cpu.unwrap().to_string(), "500m");
    let Queue::Kafka(kafka) = &cluster.queue else {
        panic!("{cluster:?}");
    };
    let KafkaSecurity::ScramSha512(Credentials::Given { username, password }) = &kafka.security
    else {
        panic!("{cluster:?}");
    };
    assert_eq!(username, "milvus");
    assert_eq!(*password, PasswordSource::File("kafka-password".into()));
    assert_eq!(cluster.s3.access, S3Access::Iam);
}

#[test]
fn names_alone_stand_for_sections_of_defaults() {
    let text = EXAMPLES[3].replace(
        "{endpoints: ['etcd-0.etcd:2379', 'etcd-1.etcd:2379']}",
        "inCluster",
    );
    let Deployment::Cluster(cluster) = read(&text).deployment else {
        panic!("{text}");
    };
    assert_eq!(cluster.etcd, Etcd::default());
}

#[test]
fn nothing_is_kept_as_nothing_in_the_servers_own_settings() {
    let text = "apiVersion: kubectl-milvus/v1\nconfig: {minio: {iamEndpoint: }, kafka: {saslPassword: ''}}\n";
    let config = serde_json::Value::Object(read(text).config);
    assert_eq!(config["minio"]["iamEndpoint"], serde_json::Value::Null);
}

#[test]
fn an_old_server_may_be_asked_for_logins() {
    // Its root's first password is `Milvus` and is changed over its own API: refusing would leave it open instead.
    let text = "apiVersion: kubectl-milvus/v1\nversion: 2.3.5\nauthorization: true\n";
    assert!(read(text).authorization);
}
