//! What is judged in another way where it runs already, what is only unwise, and other cases from the field.

use milvus_aws_core::{Installation, installation::Standing};

fn text(rest: &str) -> String {
    format!("apiVersion: kubectl-milvus/v1\n{rest}")
}

#[track_caller]
fn refused(rest: &str) -> String {
    match Installation::from_yaml("milvus.yaml", text(rest)) {
        Ok(_) => panic!("was accepted: {rest}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn read(rest: &str) -> serde_json::Value {
    match Installation::from_yaml("milvus.yaml", text(rest)) {
        Ok(installation) => installation.to_json(),
        Err(error) => panic!("{error}"),
    }
}

/// What is said of a file, new and running; nothing where it is refused.
fn warned(rest: &str, standing: Standing) -> Option<Vec<String>> {
    let read = Installation::read_yaml("milvus.yaml", text(rest), None, standing).ok();
    read.map(|(_, warnings)| warnings.iter().map(ToString::to_string).collect())
}

const CLUSTER: &str = "mode: cluster\ncluster:\n  kafka: {brokers: ['a:9092'], security: plaintext}\n  s3: {endpoint: 'store:9000', bucket: vectors, access: {keys: {existingSecret: s3}}}\n  components:\n";

#[test]
fn field_2_3_a_class_alone_leaves_the_usual_size() {
    let of = |rest: &str| read(rest)["standalone"]["storage"].clone();
    let class = of("standalone: {storage: {class: gp3}}\n");
    assert_eq!(class, serde_json::json!({"size": "50Gi", "class": "gp3"}));
    assert_eq!(of("standalone: {storage: {}}\n")["size"], "50Gi");
    assert_eq!(of("standalone: {storage: {size: 5Gi}}\n")["size"], "5Gi");
}

#[test]
fn field_2_5_an_autoscaler_of_the_user_s_own() {
    let of = |rest: &str| format!("{CLUSTER}    queryNode: {{externalAutoscaler: true{rest}}}\n");
    read(&of(""));
    let said = refused(&of(", replicas: 2"));
    assert!(
        said.contains("queryNode.replicas: is chosen by your own"),
        "{said}"
    );
    let coordinator = format!("{CLUSTER}    mixCoordinator: {{externalAutoscaler: true}}\n");
    assert!(refused(&coordinator).contains("write `replicas`"));
}

#[test]
fn field_3_2_names_of_stores_that_are_not_aws() {
    let of = |endpoint: &str, more: &str| {
        format!(
            "standalone: {{s3: {{endpoint: '{endpoint}', access: {{keys: {{existingSecret: s3}}}}, {more}}}}}\n"
        )
    };
    for more in [
        "bucket: Vectors, region: RegionOne",
        "bucket: my_vectors, region: US_EAST.1",
        "bucket: vectors, rootPath: files/",
        "bucket: vectors, rootPath: /files",
    ] {
        read(&of("store:9000", more));
    }
    for (more, said) in [
        (
            "bucket: Vectors",
            "s3.bucket: `Vectors` is no valid bucket name",
        ),
        (
            "bucket: vectors, region: RegionOne",
            "s3.region: `RegionOne` is no valid region",
        ),
    ] {
        let refused = refused(&of("s3.us-west-2.amazonaws.com:443", more));
        assert!(refused.contains(said), "{refused}");
    }
    // No client library takes them.
    for bucket in ["a", "a..b", "-ab", "10.0.0.1", "a b c", "a/b"] {
        refused(&of("store:9000", &format!("bucket: '{bucket}'")));
    }
}

#[test]
fn field_3_3_what_must_not_be_installed_may_run() {
    let bad = "version: 2.5.14\n";
    assert!(refused(bad).contains("version: 2.5.14 must not be installed"));
    let said = warned(bad, Standing::Runs).unwrap();
    assert!(said[0].starts_with("version: 2.5.14 must not"), "{said:?}");
    assert_eq!(
        warned("version: 2.5.16\n", Standing::Runs),
        Some(Vec::new())
    );
    // What flags put together is judged as well.
    let mut installation = Installation::from_yaml("milvus.yaml", text("")).unwrap();
    installation.version = "2.5.14".parse().unwrap();
    assert_eq!(installation.problems().len(), 1);
    assert!(
        installation
            .clone()
            .validated("flags", Standing::New)
            .is_err()
    );
    assert!(
        installation
            .clone()
            .validated("flags", Standing::Runs)
            .is_ok()
    );
    assert_eq!(installation.warnings(Standing::Runs).len(), 1);
    assert_eq!(installation.warnings(Standing::New).len(), 0);
}

#[test]
fn field_3_4_small_requests_are_told_and_small_limits_judged() {
    let request = "standalone: {resources: {requests: {memory: 64Mi}, limits: {memory: 4Gi}}}\n";
    for standing in [Standing::New, Standing::Runs] {
        let said = warned(request, standing).unwrap();
        assert!(said[0].contains("requests.memory: is 64Mi"), "{said:?}");
    }
    let limit = "standalone: {resources: {limits: {memory: 64Mi}}}\n";
    assert!(refused(limit).contains("limits.memory: is 64Mi, nothing starts"));
    assert_eq!(warned(limit, Standing::Runs).unwrap().len(), 1);
}

#[test]
fn field_3_7_an_autoscaler_by_percent_without_requests_is_a_warning() {
    let file = format!(
        "{CLUSTER}    proxy: {{resources: {{limits: {{cpu: 1}}}}, autoscaling: {{max: 5, memoryPercent: 60}}}}\n"
    );
    let said = warned(&file, Standing::New).unwrap();
    assert!(
        said[0].starts_with("cluster.components.proxy.autoscaling.memoryPercent: is a part"),
        "{said:?}"
    );
}

#[test]
fn field_5_2_a_class_of_load_balancers_is_a_key() {
    let of = |class: &str| format!("service: {{type: LoadBalancer, loadBalancerClass: {class}}}\n");
    for class in ["example.com/x", "service.k8s.aws/nlb", "internal-vip"] {
        let file = read(&of(class));
        assert_eq!(file["service"]["loadBalancerClass"], class);
    }
    for class in ["'/x'", "Example.com/x", "a/", "'a b'", "a/b/c"] {
        refused(&of(class));
    }
    let said = refused("service: {loadBalancerClass: example.com/x}\n");
    assert!(said.contains("needs `type: LoadBalancer`"), "{said}");
}
