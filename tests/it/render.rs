//! `render` against the real API server's strict validation.

use crate::plugin::{KAFKA_PASSWORD, Namespace, S3_SECRET, STANDALONE, kubectl};

/// One deployment per role, on a Kafka and an S3 that are nowhere.
pub(crate) const CLUSTER: &str = "\
apiVersion: kubectl-milvus/v1
name: demo
version: VERSION
mode: cluster
cluster:
  kafka:
    brokers: [kafka.example.com:9096]
    security:
      scramSha512: {username: milvus, password: {env: KAFKA_PASSWORD}}
  s3:
    endpoint: s3.us-west-2.amazonaws.com:443
    bucket: milvus-demo-bucket
    region: us-west-2
    access:
      keys: {username: AKIAEXAMPLE, password: {env: S3_SECRET}}
";

const POD_SECURITY: &str = "pod-security.kubernetes.io/warn";

#[test]
fn the_server_accepts_every_version_and_shape_strictly() {
    let namespace = Namespace::new("render");
    // The server warns of what restricted Pod Security would not admit, in templates as well.
    let warns = format!("{POD_SECURITY}=restricted");
    namespace
        .kubectl(&["label", "namespace", &namespace.name, &warns])
        .exits(0);
    let as_root = ["create", "deployment", "root", "--image=busybox"];
    let warned = namespace
        .kubectl(&[&as_root[..], &["--dry-run=server"]].concat())
        .exits(0);
    assert!(
        warned.stderr.contains("would violate PodSecurity"),
        "the server warns of nothing: {}",
        warned.stderr
    );
    let versions = ["2.3.5", "2.4.5", "2.5.16", "2.6.15", "3.0.0"];
    for version in versions {
        for file in [
            STANDALONE.replace("2.3.5", version),
            CLUSTER.replace("VERSION", version),
        ] {
            let rendered = namespace
                .milvus(&["render", "-f", "-"], &file)
                .exits(0)
                .stdout;
            let again = namespace
                .milvus(&["render", "-f", "-"], &file)
                .exits(0)
                .stdout;
            assert_eq!(rendered, again, "two renderings differ");
            let strict = [
                "apply",
                "--dry-run=server",
                "--validate=strict",
                "-n",
                &namespace.name,
                "-f",
                "-",
            ];
            let applied = kubectl(&strict, &rendered).exits(0);
            assert!(
                !applied.stderr.contains("arning"),
                "{version}: {}",
                applied.stderr
            );
        }
    }
}

/// Every key that a file may have, as the core's own tests read them. Monitors are of a kind that the server lacks, and
/// addresses are its own to give.
const EVERYTHING: [&str; 2] = [
    include_str!("../../crates/milvus-aws-core/tests/it/installation/everything-cluster.yaml"),
    include_str!("../../crates/milvus-aws-core/tests/it/installation/everything-standalone.yaml"),
];

#[test]
fn the_server_accepts_everything_that_a_file_can_say_strictly() {
    let namespace = Namespace::new("render-everything");
    for file in EVERYTHING {
        let kept = |line: &&str| !line.starts_with("metrics:") && !line.contains("clusterIP:");
        let lines: Vec<&str> = file.lines().filter(kept).collect();
        let file = lines
            .join("\n")
            .replace("{env: PULSAR}", "{env: KAFKA_PASSWORD}");
        let rendered = namespace
            .milvus(&["render", "-f", "-"], &file)
            .exits(0)
            .stdout;
        let strict = [
            "apply",
            "--dry-run=server",
            "--validate=strict",
            "-n",
            &namespace.name,
            "-f",
            "-",
        ];
        kubectl(&strict, &rendered).exits(0);
    }
}

#[test]
fn no_secret_is_outside_of_a_secret() {
    let namespace = Namespace::new("render-secrets");
    let file = CLUSTER.replace("VERSION", "2.6.15");
    let rendered = namespace
        .milvus(&["render", "-f", "-", "-o", "json"], &file)
        .exits(0)
        .json();
    let (secrets, others): (Vec<_>, Vec<_>) = rendered["items"]
        .as_array()
        .expect("a list")
        .iter()
        .partition(|object| object["kind"] == "Secret");

    let decoded: Vec<String> = secrets.iter().flat_map(|secret| values(secret)).collect();
    for value in [KAFKA_PASSWORD, S3_SECRET] {
        assert!(
            decoded.iter().any(|text| text == value),
            "{value:?} reaches no Secret unchanged: {decoded:?}"
        );
        let escaped = serde_json::to_string(value).expect("a text is JSON");
        let bare = escaped.trim_matches('"');
        assert!(
            others
                .iter()
                .all(|object| !object.to_string().contains(bare)),
            "{value:?} is outside of a Secret"
        );
    }
}

fn values(secret: &serde_json::Value) -> Vec<String> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let plain = secret["stringData"]
        .as_object()
        .into_iter()
        .flat_map(|map| map.values().cloned());
    let encoded = secret["data"]
        .as_object()
        .into_iter()
        .flat_map(|map| map.values());
    let decode = |value: &serde_json::Value| {
        let bytes = BASE64_STANDARD.decode(value.as_str()?).ok()?;
        String::from_utf8(bytes).ok()
    };
    let plain = plain.filter_map(|value| value.as_str().map(str::to_owned));
    plain.chain(encoded.filter_map(decode)).collect()
}
