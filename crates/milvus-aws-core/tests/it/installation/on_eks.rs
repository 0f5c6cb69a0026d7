//! The target `eks` in the file, and what exists already.

use milvus_aws_core::{
    Installation, Topology,
    installation::{Deployment, Services, Target},
};

fn read(lines: &str) -> Result<Installation, String> {
    let text = format!("apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.4.5\n{lines}");
    Installation::from_yaml("milvus.yaml", text).map_err(|error| error.to_string())
}

fn on_services(installation: &Installation) -> Installation {
    installation.on_services(&Services {
        brokers: vec!["b-1.kafka.us-west-2.amazonaws.com:9096".parse().unwrap()],
        bucket: "team".parse().unwrap(),
        region: "us-west-2".parse().unwrap(),
        s3_endpoint: "s3.us-west-2.amazonaws.com:443".parse().unwrap(),
        role_arn: "arn:aws:iam::111122223333:role/demo-s3".to_owned(),
    })
}

/// Prefix of objects, prefix of topics where there is one, and storage class.
fn shared(lines: &str) -> (String, Option<String>, String) {
    let installation = on_services(&read(lines).unwrap());
    let Deployment::Cluster(cluster) = &installation.deployment else {
        panic!("{:?}", installation.deployment);
    };
    let milvus_aws_core::installation::Etcd::InCluster(etcd) = &cluster.etcd else {
        panic!("{:?}", cluster.etcd);
    };
    let settings = Topology::of(&installation).settings.as_yaml_value();
    let topics = settings["msgChannel"]["chanNamePrefix"]["cluster"].as_str();
    (
        cluster.s3.root_path.to_string(),
        topics.map(str::to_owned),
        etcd.storage.class.as_ref().unwrap().to_string(),
    )
}

#[test]
fn the_cluster_s_name_is_all_that_is_needed() {
    let installation = read("target: eks\naws: {existing: {eksCluster: team}}\n").unwrap();
    assert_eq!(installation.target(), Target::Eks);
    let written = Installation::from_yaml("written", installation.to_yaml()).unwrap();
    assert_eq!(written, installation);
    for lines in ["target: eks\n", "target: eks\naws: {existing: {}}\n"] {
        let said = read(lines).unwrap_err();
        assert!(
            said.contains(
                "target: needs the name of the cluster, write `aws: {existing: {eksCluster: NAME}}`"
            ),
            "{said}"
        );
    }
}

#[test]
fn what_others_may_have_written_already_has_other_names() {
    let own = shared("target: aws\n");
    assert_eq!(own, ("files".to_owned(), None, "ebs-sc".to_owned()));
    let eks = "target: eks\naws: {existing: {eksCluster: team}}\n";
    assert_eq!(
        shared(eks),
        ("files".to_owned(), None, "demo-milvus-ebs".to_owned())
    );
    let everything = "target: eks\naws: {existing: {eksCluster: team, mskCluster: team, bucket: team, secret: AmazonMSK_team}}\n";
    let name = "demo-milvus".to_owned();
    assert_eq!(
        shared(everything),
        (name.clone(), Some(name), "demo-milvus-ebs".to_owned())
    );
    // What a user says wins.
    let said =
        format!("{everything}config: {{msgChannel: {{chanNamePrefix: {{cluster: mine}}}}}}\n");
    assert_eq!(shared(&said).1.as_deref(), Some("mine"));
}

#[test]
fn what_contradicts_what_exists_is_refused_before_any_call() {
    for (target, lines, message) in [
        (
            "aws",
            "{existing: {eksCluster: team}}",
            "aws.existing.eksCluster: needs `target: eks`",
        ),
        (
            "aws",
            "{existing: {loadBalancerController: true}}",
            "aws.existing.loadBalancerController: needs `target: eks`",
        ),
        (
            "eks",
            "{existing: {eksCluster: team}, network: {new: {cidr: 10.9.0.0/16}}}",
            "aws.network: is the cluster's own with `target: eks`; leave it out",
        ),
        (
            "eks",
            "{existing: {eksCluster: team}, eks: {nodes: {count: 9}}}",
            "aws.eks: says how a cluster is made",
        ),
        (
            "eks",
            "{existing: {eksCluster: team, mskCluster: team}, msk: {version: 3.8.x}}",
            "aws.msk: says how brokers are made",
        ),
        (
            "eks",
            "{existing: {eksCluster: team, bucket: team}, bucket: other}",
            "aws.bucket: is the name of a bucket that is made",
        ),
        (
            "eks",
            "{existing: {eksCluster: team, secret: AmazonMSK_team}}",
            "aws.existing.secret: needs brokers that know it, write `existing: {mskCluster: NAME}`",
        ),
        (
            "aws",
            "{existing: {mskCluster: team}}",
            "aws.existing.mskCluster: cannot be reached from a network of its own",
        ),
        (
            "eks",
            "{existing: {eksCluster: team, mskCluster: team, secret: team}}",
            "begins with `AmazonMSK_`",
        ),
        (
            "eks",
            "{existing: {eksCluster: team, mskCluster: 'arn:aws:s3:::team'}}",
            "write it like `arn:aws:kafka:us-west-2:123456789012:cluster/NAME/ID`",
        ),
        (
            "eks",
            "{existing: {eksCluster: -team}}",
            "must start with a letter",
        ),
    ] {
        let said = read(&format!("target: {target}\naws: {lines}\n")).unwrap_err();
        assert!(said.contains(message), "{lines}: {said}");
    }
    let said = read(
        "target: eks\naws: {existing: {eksCluster: team}}\ncluster: {kafka: {brokers: ['a:1']}}\n",
    );
    let said = said.unwrap_err();
    assert!(said.contains("is made by `target: eks`"), "{said}");
    let elsewhere = read("aws: {existing: {bucket: team}}\n").unwrap_err();
    assert!(
        elsewhere.contains("needs `target: aws` or `target: eks`"),
        "{elsewhere}"
    );
}
