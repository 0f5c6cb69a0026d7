//! What Helm itself remembers of a release: a Secret for each of its revisions.

use std::{io::Read as _, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use kube::Client;
use milvus_aws_core::{
    engine::{
        After, Change, Context, Inputs, Late, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::Namespace,
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::{
    api::{Objects, name_of, uid_of},
    object::PATIENCE,
};
use crate::{Error, Kind, ObjectRef};

/// The type of Helm's Secrets.
const TYPE: &str = "helm.sh/release.v1";
/// A record beyond this is none: a Secret holds a megabyte, and text is packed to a tenth at best.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The newest revision of a release of the Milvus chart.
#[derive(Debug)]
pub struct HelmRelease {
    /// Its name.
    pub name: String,
    /// How often it was installed, upgraded and rolled back.
    pub revision: u64,
    /// `deployed`; `pending-upgrade` and the like while Helm is at work, or was stopped at it; `failed`.
    pub status: String,
    /// The chart's version.
    pub chart_version: String,
    /// The version of Milvus that the chart is made for.
    pub app_version: String,
    /// The values that its user gave, as JSON. They may hold passwords.
    pub values: SecretString,
}

/// What a record says, as far as we ask.
#[derive(Deserialize)]
struct Record {
    info: Info,
    chart: Chart,
    #[serde(default)]
    config: Option<Value>,
}

#[derive(Deserialize)]
struct Info {
    status: String,
}

#[derive(Deserialize)]
struct Chart {
    metadata: ChartMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChartMetadata {
    name: String,
    version: String,
    #[serde(default)]
    app_version: String,
}

/// The releases of the Milvus chart in a namespace, each as its newest revision, by name. Who may not see Secrets sees none.
pub async fn helm_releases(
    client: &Client,
    namespace: &Namespace,
) -> Result<Vec<HelmRelease>, Error> {
    let objects = Objects::new(client, Kind::Secret, namespace.as_str());
    let secrets = objects.list_visible("owner=helm").await;
    let secrets = secrets.map_err(Error::Request)?;
    let mut releases: Vec<HelmRelease> = Vec::new();
    for secret in secrets.iter().filter(|secret| secret["type"] == TYPE) {
        let label = |key: &str| secret["metadata"]["labels"][key].as_str();
        let (Some(name), Some(revision)) = (label("name"), label("version")) else {
            continue;
        };
        let revision = revision.parse().unwrap_or(0);
        let record = record(secret).ok_or_else(|| Error::HelmRecord(name_of(secret).to_owned()))?;
        if record.chart.metadata.name != "milvus" {
            continue;
        }
        let ChartMetadata {
            version,
            app_version,
            ..
        } = record.chart.metadata;
        releases.push(HelmRelease {
            name: name.to_owned(),
            revision,
            status: record.info.status,
            chart_version: version,
            app_version,
            values: record.config.unwrap_or_default().to_string().into(),
        });
    }
    releases.sort_by(|a, b| a.name.cmp(&b.name).then(b.revision.cmp(&a.revision)));
    releases.dedup_by(|a, b| a.name == b.name);
    Ok(releases)
}

/// Text in base64 of a gzip in base64 of JSON: Helm packs it, and Kubernetes writes what is in a Secret in base64 once more.
fn record(secret: &Value) -> Option<Record> {
    let outer = BASE64_STANDARD.decode(secret["data"]["release"].as_str()?);
    let packed = BASE64_STANDARD.decode(outer.ok()?).ok()?;
    let mut text = Vec::new();
    let mut unpacked = GzDecoder::new(packed.as_slice()).take(LARGEST);
    unpacked.read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Helm's record of a release, which shall go.
pub(super) struct HelmRecord {
    pub(super) namespace: String,
    pub(super) release: String,
    /// What comes first, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

impl HelmRecord {
    async fn secrets(&self, client: &Client) -> Result<(Objects, Vec<Value>), ResourceError> {
        let objects = Objects::new(client, Kind::Secret, &self.namespace);
        let label = format!("owner=helm,name={}", self.release);
        let mut secrets = objects.list(&label).await?;
        secrets.retain(|secret| secret["type"] == TYPE);
        Ok((objects, secrets))
    }
}

impl Resource for HelmRecord {
    type Needs = (After, Late<Client>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("Helm's record of {}", self.release))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let (_, secrets) = self.secrets(client).await?;
        let change = |secret: &Value| {
            let secret = ObjectRef {
                kind: Kind::Secret,
                name: name_of(secret).to_owned(),
            };
            Change {
                field: secret.to_string(),
                from: Some("to be removed".to_owned()),
                to: None,
            }
        };
        Ok(if secrets.is_empty() {
            Observed::Current { output: Some(()) }
        } else {
            Observed::Differs {
                changes: secrets.iter().map(change).collect(),
                output: None,
            }
        })
    }

    async fn apply(
        &self,
        ((), client): &Inputs<Self>,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let (objects, secrets) = self.secrets(client).await?;
        for secret in secrets {
            let uid = uid_of(&secret).map(str::to_owned);
            objects.delete(name_of(&secret), uid).await?;
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    /// An installation is taken away by what exists, not by this.
    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_read_as_helm_writes_it() {
        let text = json!({
            "name": "demo", "version": 2, "manifest": "---\n", "namespace": "milvus",
            "info": {"status": "deployed", "first_deployed": "2026-01-01T00:00:00Z"},
            "chart": {"metadata": {"name": "milvus", "version": "4.1.34", "appVersion": "2.4.5"}, "values": {"a": 1}},
            "config": {"minio": {"enabled": false}},
        });
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text.to_string().as_bytes()).unwrap();
        let inner = BASE64_STANDARD.encode(packed.finish().unwrap());
        let secret = json!({"data": {"release": BASE64_STANDARD.encode(inner)}});
        let read = record(&secret).unwrap();
        assert_eq!(read.info.status, "deployed");
        assert_eq!(read.chart.metadata.app_version, "2.4.5");
        assert_eq!(read.config.unwrap(), json!({"minio": {"enabled": false}}));
        for broken in ["", "!", "YQ=="] {
            assert!(record(&json!({"data": {"release": broken}})).is_none());
        }
    }
}
