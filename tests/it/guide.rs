//! The guide's own case on the stage: its values, with the names, the sizes and the version that the stage has.

use std::{env, fs, path::PathBuf, time::Instant};

use milvus_stage::{aws, cache::Cache, data_plane::Services};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::plugin::{Namespace, kubectl};

/// What the guide calls things.
pub(crate) const SERVICE_ACCOUNT: &str = "milvus-s3-access-sa";
const BUCKET: &str = "milvus-demo-bucket";
/// The version whose real server the stage has.
pub(crate) const VERSION: &str = "2.3.5";
/// EKS's own class has no driver here.
pub(crate) const STORAGE_CLASS: &str = "local-path";
/// Values that the guide gives, with sample names.
const VALUES: &str = "golden/helm/values/a-guide.yaml";

/// Test data of the crate that makes the objects.
pub(crate) fn golden(path: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/milvus-manifests/tests"
    );
    let path = PathBuf::from(folder).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An account with a bucket and a role, a login for Kafka, and a namespace with the service account that has the role.
pub(crate) struct Guide {
    pub(crate) namespace: Namespace,
    services: Services,
    login: (String, String),
    folder: TempDir,
}

impl Guide {
    /// Sets it up; `password` is that of Kafka's user.
    pub(crate) fn new(label: &str, password: &str) -> Self {
        let cache = Cache::open().expect("the cache");
        let joined = aws::joined(&cache).expect("the account");
        let services = Services::start(&cache).expect("Kafka");
        let namespace = Namespace::new(label);
        let account = format!("{}:{SERVICE_ACCOUNT}", namespace.name);
        let role = aws::guide_account(&cache, &joined, BUCKET, &account).expect("an account");
        let user = format!("user-{}", namespace.name);
        services
            .add_kafka_user(&user, password)
            .expect("a user of Kafka's");
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {
                "name": SERVICE_ACCOUNT, "namespace": namespace.name,
                "annotations": {"eks.amazonaws.com/role-arn": role},
            },
        });
        kubectl(&["apply", "-f", "-"], &account.to_string()).exits(0);
        Self {
            namespace,
            services,
            login: (user, password.to_owned()),
            folder: TempDir::new().expect("a folder"),
        }
    }

    /// The values file.
    pub(crate) fn values(&self) -> Value {
        let mut values: Value = serde_norway::from_str(&golden(VALUES)).expect("values");
        values["image"] = json!({"all": {"tag": format!("v{VERSION}")}});
        values["externalS3"]["bucketName"] = json!(BUCKET);
        values["externalS3"]["region"] = json!("us-west-2");
        values["externalKafka"]["brokerList"] = json!(self.services.kafka_bootstrap());
        let (username, password) = &self.login;
        values["externalKafka"]["sasl"]["username"] = json!(username);
        values["externalKafka"]["sasl"]["password"] = json!(password);
        values["extraConfigFiles"]["user.yaml"] = json!(format!(
            "common:\n  chanNamePrefix:\n    cluster: {}\n",
            self.namespace.name
        ));
        values["etcd"]["persistence"]["storageClass"] = json!(STORAGE_CLASS);
        for component in COMPONENTS {
            values[component]["resources"] = small();
        }
        values
    }

    /// Writes values into a file that lasts as long as this.
    pub(crate) fn write(&self, values: &Value) -> String {
        let path = self.folder.path().join("values.json");
        fs::write(&path, values.to_string()).expect("a file");
        path.to_str().expect("a text").to_owned()
    }

    /// Where clients connect, from the stage's network.
    pub(crate) fn address(&self, service: &str) -> String {
        let ip = [
            "get",
            "service",
            service,
            "-o",
            "jsonpath={.spec.clusterIP}",
        ];
        format!("{}:19530", self.namespace.kubectl(&ip).exits(0).stdout)
    }
}

/// Where the guide asks for resources.
const COMPONENTS: [&str; 8] = [
    "rootCoordinator",
    "indexCoordinator",
    "queryCoordinator",
    "dataCoordinator",
    "proxy",
    "queryNode",
    "dataNode",
    "indexNode",
];

/// Two cores hold all of it.
pub(crate) fn small() -> Value {
    json!({"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "2Gi"}})
}

/// Says how long a step of a test took, in its output.
#[expect(clippy::print_stdout, reason = "who runs the tests wants to know")]
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    println!("{what}: {:.1} s", began.elapsed().as_secs_f64());
    done
}
