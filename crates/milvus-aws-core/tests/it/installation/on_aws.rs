//! The target `aws` in the file.

use milvus_aws_core::{
    Installation, Topology,
    installation::{Deployment, Etcd, S3Access, Services, Target, aws::Network},
};

fn read(lines: &str) -> Result<Installation, String> {
    let text =
        format!("apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.4.5\ntarget: aws\n{lines}");
    Installation::from_yaml("milvus.yaml", text).map_err(|error| error.to_string())
}

fn refused(lines: &str) -> String {
    read(lines).unwrap_err()
}

fn services() -> Services {
    Services {
        brokers: vec![
            "b-1.demo.kafka.us-west-2.amazonaws.com:9096"
                .parse()
                .unwrap(),
        ],
        bucket: "demo-bucket".parse().unwrap(),
        region: "us-west-2".parse().unwrap(),
        s3_endpoint: "s3.us-west-2.amazonaws.com:443".parse().unwrap(),
        role_arn: "arn:aws:iam::111122223333:role/demo-s3".to_owned(),
    }
}

#[test]
fn nothing_but_the_target_is_needed() {
    let installation = read("").unwrap();
    assert_eq!(installation.target(), Target::Aws);
    let aws = &installation.on_aws().unwrap().aws;
    let Network::New(network) = &aws.network else {
        panic!("{:?}", aws.network);
    };
    assert_eq!(network.cidr.subnet(0).as_str(), "10.0.0.0/20");
    assert_eq!(network.cidr.subnet(5).as_str(), "10.0.80.0/20");
    assert_eq!(aws.eks.nodes.instance_type.as_str(), "m6i.2xlarge");
    assert_eq!(aws.eks.nodes.count.get(), 3);
}

#[test]
fn rows_2_and_44_coordinators_come_in_pairs_that_stand_by() {
    let topology = Topology::of(&read("").unwrap());
    let coordinators: Vec<_> = topology
        .components
        .iter()
        .filter(|one| one.role.is_coordinator())
        .collect();
    assert_eq!(coordinators.len(), 4);
    assert!(
        coordinators
            .iter()
            .all(|one| one.replicas == 2 && one.active_standby)
    );
    let replicas = |name: &str| {
        topology
            .components
            .iter()
            .find(|one| one.name == name)
            .unwrap()
            .replicas
    };
    assert_eq!((replicas("proxy"), replicas("querynode")), (2, 1));
    let one = read("cluster: {components: {proxy: {replicas: 4}}}\n").unwrap();
    assert!(
        Topology::of(&one)
            .components
            .iter()
            .any(|one| one.name == "proxy" && one.replicas == 4)
    );
}

#[test]
fn rows_22_27_and_30_the_cluster_on_its_services_uses_the_role_tls_and_names_its_class() {
    let on_services = read("").unwrap().on_services(&services());
    let Deployment::Cluster(cluster) = &on_services.deployment else {
        panic!("{:?}", on_services.deployment);
    };
    assert_eq!(cluster.s3.access, S3Access::Iam);
    assert!(cluster.s3.tls);
    let account = cluster.service_account.as_ref().unwrap();
    assert_eq!(account.name.as_str(), "milvus-s3-access-sa");
    let annotations = account.annotations.to_map();
    assert_eq!(
        annotations["eks.amazonaws.com/role-arn"],
        "arn:aws:iam::111122223333:role/demo-s3"
    );
    let Etcd::InCluster(etcd) = &cluster.etcd else {
        panic!("{:?}", cluster.etcd);
    };
    assert_eq!(etcd.storage.class.as_ref().unwrap().as_str(), "ebs-sc");
    // It is a file that the target `kubernetes` takes as well.
    assert!(Installation::from_yaml("written", on_services.to_yaml()).is_ok());
}

#[test]
fn row_10_a_kafka_that_milvus_cannot_log_in_to_is_refused() {
    let said = refused("aws: {msk: {version: 4.0.x}}\n");
    assert!(
        said.contains("cannot log in to Kafka 4.x") && said.contains("write `3.9.x.kraft`"),
        "{said}"
    );
}

/// The version of Kafka that those lines name.
fn version_in(lines: &str) -> Option<String> {
    let installation = read(lines).unwrap();
    let msk = &installation.on_aws().unwrap().aws.msk;
    msk.version.as_ref().map(ToString::to_string)
}

#[test]
fn discovery_24_kafka_with_and_without_zookeeper_can_be_named() {
    for version in ["3.9.x.kraft", "3.7.x.kraft", "3.9.x", "2.8.1"] {
        let named = version_in(&format!("aws: {{msk: {{version: {version}}}}}\n"));
        assert_eq!(named.as_deref(), Some(version));
    }
    assert_eq!(version_in(""), None, "the region decides");
    for version in ["2.8.1.kraft", "3.9.x.zk", "3.9.kraft", "4.0.x.kraft"] {
        let said = refused(&format!("aws: {{msk: {{version: {version}}}}}\n"));
        assert!(said.contains("`3.9.x.kraft`"), "{said}");
    }
}

#[test]
fn row_5_attu_is_on_the_internet_only_behind_a_login_and_a_certificate() {
    let said = refused("authorization: false\naws: {attu: {exposure: internetFacing}}\n");
    assert!(
        said.contains("needs a certificate") && said.contains("authorization: true"),
        "{said}"
    );
    let certificate = "arn:aws:acm:us-west-2:111122223333:certificate/1";
    let lines =
        format!("aws: {{attu: {{exposure: internetFacing, certificate: '{certificate}'}}}}\n");
    assert!(read(&lines).is_ok());
}

#[test]
fn row_53_clients_log_in_on_aws_unless_the_file_says_otherwise() {
    assert!(read("").unwrap().authorization);
    assert!(!read("authorization: false\n").unwrap().authorization);
    let elsewhere = Installation::from_yaml("milvus.yaml", "apiVersion: kubectl-milvus/v1\n");
    assert!(!elsewhere.unwrap().authorization);
}

#[test]
fn what_the_target_makes_must_not_be_given() {
    let said = refused("cluster: {kafka: {brokers: ['a:1']}, etcd: {endpoints: ['b:2']}}\n");
    assert!(
        said.contains("cluster.kafka: is made by `target: aws`"),
        "{said}"
    );
    assert!(
        said.contains("cluster.etcd: is made by `target: aws`"),
        "{said}"
    );
    assert!(refused("mode: standalone\n").contains("leave `mode` out"));
    let said = refused("names: {inSharedServices: own}\n");
    assert!(said.contains("names.inSharedServices: goes with"), "{said}");
}

#[test]
fn values_of_aws_are_checked_before_any_call() {
    for (lines, word) in [
        ("aws: {bucket: My_Bucket}", "bucket name"),
        (
            "aws: {network: {existing: {privateSubnets: [subnet-0123456789abcdef0]}}}",
            "write 2 or more",
        ),
        (
            "aws: {network: {existing: {privateSubnets: [vpc-1, subnet-0123456789abcdef0]}}}",
            "must begin with `subnet-`",
        ),
        ("aws: {network: {new: {cidr: 8.8.0.0/16}}}", "private ones"),
        (
            "aws: {network: {new: {cidr: 10.0.0.0/20}}}",
            "must be a `/16`",
        ),
        (
            "aws: {eks: {endpoint: {publicAndPrivate: {cidrs: [203.0.113.7/24]}}}}",
            "first one of its range",
        ),
        ("aws: {eks: {nodes: {storage: 5Gi}}}", "at least"),
        ("aws: {eks: {admins: [me]}}", "arn:aws:iam"),
        (
            "aws: {msk: {configuration: {num.partitions: '3'}}}",
            "Milvus needs `1`",
        ),
        ("aws: {msk: {storage: 900Mi}}", "write `1Gi`"),
    ] {
        let said = refused(&format!("{lines}\n"));
        assert!(said.contains(word), "{lines}: {said}");
    }
    let elsewhere =
        Installation::from_yaml("f", "apiVersion: kubectl-milvus/v1\naws: {}\n").unwrap_err();
    assert!(elsewhere.to_string().contains("needs `target: aws`"));
}
