//! Object stores: what only Amazon S3 is strict about, and volumes that are written in part.

use milvus_aws_core::{
    Installation,
    installation::{Deployment, Memory},
    topology::Topology,
};

fn read(text: &str) -> Result<Installation, String> {
    let text = format!("apiVersion: kubectl-milvus/v1\n{text}");
    Installation::from_yaml("milvus.yaml", text).map_err(|error| error.to_string())
}

fn store(s3: &str) -> Result<Installation, String> {
    read(&format!(
        "standalone: {{s3: {{access: {{keys: {{existingSecret: s3}}}}, {s3}}}}}\n"
    ))
}

#[test]
fn field_3_2_regions_and_buckets_of_other_stores_stay_as_they_are() {
    for (key, value) in [
        ("region", "RegionOne"),
        ("region", "region_1.north"),
        ("bucket", "My_Bucket"),
        ("bucket", "Vectors.2024"),
        ("bucket", "tenant:bucket"),
    ] {
        let bucket = if key == "bucket" { "" } else { ", bucket: abc" };
        let text = format!("endpoint: 'store:9000', {key}: '{value}'{bucket}");
        let installation = store(&text).unwrap();
        let s3 = installation.deployment.s3().unwrap();
        let read = match key {
            "region" => s3.region.as_ref().unwrap().as_str(),
            _ => s3.bucket.as_str(),
        };
        assert_eq!(read, value);
        let again = Installation::from_yaml("again", installation.to_yaml()).unwrap();
        assert_eq!(again, installation, "{text}");
    }
}

#[test]
fn field_3_2_amazon_has_its_own_rules_wherever_its_hosts_are() {
    for host in [
        "s3.us-west-2.amazonaws.com",
        "S3.amazonaws.com",
        "s3.cn-north-1.amazonaws.com.cn",
        "s3.dualstack.eu-west-1.api.aws",
        "bucket.vpce-1.s3.us-west-2.vpce.amazonaws.com",
    ] {
        let said = store(&format!(
            "endpoint: '{host}:443', region: US-West-2, bucket: abc"
        ));
        let said = said.unwrap_err();
        assert!(said.contains("standalone.s3.region: "), "{host}: {said}");
        assert!(said.contains("`US-West-2` is no valid region"), "{said}");
        let said = store(&format!("endpoint: '{host}:443', bucket: My_Bucket")).unwrap_err();
        assert!(said.contains("standalone.s3.bucket: "), "{host}: {said}");
    }
    let elsewhere = "endpoint: 'amazonaws.com.example.com:443', region: US, bucket: A_B";
    assert!(store(elsewhere).is_ok());
}

#[test]
fn field_3_2_no_store_takes_a_name_that_milvus_s_client_refuses() {
    for bucket in [
        "ab",
        "_abc",
        "abc-",
        "a..b",
        "a.-b",
        "10.0.0.1",
        "a/b",
        "ä-bucket",
    ] {
        let said = store(&format!("endpoint: 'store:9000', bucket: '{bucket}'")).unwrap_err();
        assert!(said.contains("bucket name"), "{bucket}: {said}");
    }
    let said = store("endpoint: 'store:9000', bucket: abc, region: 'a/b'").unwrap_err();
    assert!(said.contains("region"), "{said}");
}

#[test]
fn field_3_2_slashes_at_the_ends_of_a_root_path_stay() {
    for path in ["/", "files/", "/files", "/a/b/"] {
        let text = format!("endpoint: 'store:9000', bucket: abc, rootPath: '{path}'");
        let installation = store(&text).unwrap();
        let s3 = installation.deployment.s3().unwrap();
        assert_eq!(s3.root_path.as_str(), path);
    }
    for path in ["", "//", "a//b", "files//", "/..", "a/./b", "."] {
        let text = format!("endpoint: 'store:9000', bucket: abc, rootPath: '{path}'");
        assert!(store(&text).is_err(), "`{path}`");
    }
}

#[test]
fn field_2_3_a_class_alone_leaves_the_size_as_it_is_without_it() {
    let size = |text: &str| match read(text).unwrap().deployment {
        Deployment::Standalone(standalone) => standalone.storage.size,
        Deployment::Cluster(_) | Deployment::Aws(_) => Memory::from_mib(0),
    };
    let usual = size("name: demo\n");
    assert_eq!(usual.to_string(), "50Gi");
    assert_eq!(size("standalone: {storage: {class: gp3}}\n"), usual);
    assert_eq!(size("standalone: {storage: {}}\n"), usual);
    assert_eq!(
        size("standalone: {storage: {size: 20Gi}}\n").to_string(),
        "20Gi"
    );
}

/// What the log is told of conditional writes.
fn fence(version: &str, s3: &str) -> Option<String> {
    let text = format!(
        "version: {version}\nmode: cluster\ncluster: {{woodpecker: embedded, s3: {{bucket: abc, access: {{keys: {{existingSecret: s3}}}}, {s3}}}}}\n"
    );
    let settings = Topology::of(&read(&text).unwrap()).settings.as_yaml_value();
    let policy = &settings["woodpecker"]["logstore"]["fencePolicy"]["conditionWrite"];
    policy.as_str().map(str::to_owned)
}

#[test]
fn discovery_14_the_log_insists_on_conditional_writes_where_the_store_is_known_to_have_them() {
    let amazon = "endpoint: 's3.us-west-2.amazonaws.com:443'";
    let minio = "endpoint: 'minio:9000', cloudProvider: minio";
    for (version, store) in [("2.6.8", amazon), ("2.6.15", minio), ("3.0.0", amazon)] {
        assert_eq!(fence(version, store).as_deref(), Some("enable"), "{store}");
    }
    for (version, store) in [
        // Does not know the setting yet.
        ("2.6.7", amazon),
        ("2.6.15", "endpoint: 'store:9000'"),
        (
            "2.6.15",
            "endpoint: 'oss.example.com:443', cloudProvider: aliyun",
        ),
    ] {
        assert_eq!(fence(version, store), None, "{version} {store}");
    }
    // The log of one pod is on its volume, and Kafka is no such log.
    for text in [
        "version: 2.6.15\n",
        "version: 2.6.15\nmode: cluster\ncluster: {kafka: {brokers: ['k:1']}, s3: {endpoint: 's3.us-west-2.amazonaws.com:443', bucket: abc, access: {keys: {existingSecret: s3}}}}\n",
    ] {
        let settings = Topology::of(&read(text).unwrap()).settings.as_yaml_value();
        assert_eq!(settings["woodpecker"].get("logstore"), None, "{text}");
    }
}

#[test]
fn discovery_14_what_the_file_says_of_it_wins() {
    let text = "version: 2.6.15\nmode: cluster\ncluster: {woodpecker: embedded, s3: {endpoint: 'minio:9000', cloudProvider: minio, bucket: abc, access: {keys: {existingSecret: s3}}}}\nconfig: {woodpecker: {logstore: {fencePolicy: {conditionWrite: auto}}}}\n";
    let settings = Topology::of(&read(text).unwrap()).settings.as_yaml_value();
    let policy = &settings["woodpecker"]["logstore"]["fencePolicy"]["conditionWrite"];
    assert_eq!(policy, "auto");
}

#[test]
fn discovery_17_an_endpoint_for_temporary_keys_is_told_to_be_without_effect() {
    let endpoint = "iamEndpoint: 'https://sts.example.com', endpoint: 's3.us-west-2.amazonaws.com:443', bucket: abc";
    let remarks = store(endpoint).unwrap().remarks();
    let remark = remarks
        .iter()
        .find(|remark| remark.path == "standalone.s3.iamEndpoint");
    assert!(
        remark.unwrap().text.contains("has no effect"),
        "{remarks:?}"
    );
    let elsewhere = endpoint.replace("bucket: abc", "bucket: abc, cloudProvider: aliyun");
    assert!(store(&elsewhere).unwrap().remarks().is_empty());
    assert!(
        store("endpoint: 'store:9000', bucket: abc")
            .unwrap()
            .remarks()
            .is_empty()
    );
}

#[test]
fn discovery_18_an_image_of_another_line_of_etcd_is_told() {
    let remarks = |tag: &str| {
        let text = format!(
            "version: 2.6.15\nstandalone: {{etcd: {{inCluster: {{image: {{tag: '{tag}'}}}}}}}}\n"
        );
        read(&text).unwrap().remarks()
    };
    for tag in ["3.5.25-r1", "3.5.14-r1", "v3.5.30"] {
        assert!(remarks(tag).is_empty(), "{tag}");
    }
    for tag in ["3.4.23", "3.7.3", "latest"] {
        let said = remarks(tag);
        assert_eq!(said.len(), 1, "{tag}");
        assert_eq!(said[0].path, "standalone.etcd.inCluster.image.tag");
    }
}
