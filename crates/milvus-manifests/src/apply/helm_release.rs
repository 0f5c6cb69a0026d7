//! What Helm itself remembers of a release: a Secret for each of its revisions.

use std::{cmp::Reverse, collections::BTreeMap, fmt, io::Read as _, time::Duration};

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

/// A release of the Milvus chart: the revision that is deployed. Where none is, the one that was deployed last; else the
/// newest.
#[derive(Debug)]
pub struct HelmRelease {
    /// Its name.
    pub name: String,
    /// Which of its revisions that is: they are counted over installs, upgrades and rollbacks.
    pub revision: u64,
    /// How that one is.
    pub status: HelmStatus,
    /// The newest revision, where that is another one: an upgrade that failed, or one that Helm has not finished.
    pub newest: Option<(u64, HelmStatus)>,
    /// The chart's version.
    pub chart_version: String,
    /// The version of Milvus that the chart is made for.
    pub app_version: String,
    /// The values that its user gave, as JSON. They may hold passwords.
    pub values: SecretString,
}

impl HelmRelease {
    /// What Helm is at work on, or was stopped at; none where it has finished.
    pub fn unfinished(&self) -> Option<HelmStatus> {
        let newest = self.newest.map_or(self.status, |(_, status)| status);
        newest.is_unfinished().then_some(newest)
    }
}

/// How a revision of a release is. Source: `pkg/release/common` of Helm 4, which writes the same as version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HelmStatus {
    /// It is what runs.
    Deployed,
    /// It ran until a newer one did.
    Superseded,
    /// It did not come about, or not as a whole.
    Failed,
    /// An installation is under way, or was stopped.
    PendingInstall,
    /// An upgrade is under way, or was stopped.
    PendingUpgrade,
    /// A way back is under way, or was stopped.
    PendingRollback,
    /// The removal is under way, or was stopped.
    Uninstalling,
    /// It is gone, and Helm was told to remember it.
    Uninstalled,
    /// Something that Helm does not know, or we do not.
    #[serde(other)]
    Unknown,
}

impl HelmStatus {
    fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::PendingInstall
                | Self::PendingUpgrade
                | Self::PendingRollback
                | Self::Uninstalling
        )
    }

    /// What Helm calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Uninstalling => "uninstalling",
            Self::Uninstalled => "uninstalled",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for HelmStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
    status: HelmStatus,
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

/// The releases of the Milvus chart in a namespace, by name. What was uninstalled is none. Who may not see Secrets sees none.
pub async fn helm_releases(
    client: &Client,
    namespace: &Namespace,
) -> Result<Vec<HelmRelease>, Error> {
    let objects = Objects::new(client, Kind::Secret, namespace.as_str());
    let secrets = objects.list_visible("owner=helm").await;
    let secrets = secrets.map_err(Error::Request)?;
    let mut releases: BTreeMap<String, Vec<HelmRelease>> = BTreeMap::new();
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
        let revisions = releases.entry(name.to_owned()).or_default();
        revisions.push(HelmRelease {
            name: name.to_owned(),
            revision,
            status: record.info.status,
            newest: None,
            chart_version: version,
            app_version,
            values: record.config.unwrap_or_default().to_string().into(),
        });
    }
    Ok(releases.into_values().filter_map(the_one).collect())
}

/// The revision that counts, as Helm itself chooses it: the newest one that is deployed. An upgrade that fails leaves the
/// one before it deployed; a way back that fails leaves none.
fn the_one(mut revisions: Vec<HelmRelease>) -> Option<HelmRelease> {
    revisions.sort_by_key(|revision| Reverse(revision.revision));
    let newest = revisions.first()?;
    if newest.status == HelmStatus::Uninstalled {
        return None;
    }
    let newest = (newest.revision, newest.status);
    let newest_that_is = |status| revisions.iter().position(|it| it.status == status);
    let at = newest_that_is(HelmStatus::Deployed).or(newest_that_is(HelmStatus::Superseded));
    let mut chosen = revisions.swap_remove(at.unwrap_or(0));
    chosen.newest = (chosen.revision != newest.0).then_some(newest);
    Some(chosen)
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
                ..Change::default()
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
        assert_eq!(read.info.status, HelmStatus::Deployed);
        assert_eq!(read.chart.metadata.app_version, "2.4.5");
        assert_eq!(read.config.unwrap(), json!({"minio": {"enabled": false}}));
        for broken in ["", "!", "YQ=="] {
            assert!(record(&json!({"data": {"release": broken}})).is_none());
        }
    }

    /// Statuses from the first revision on, and which revision counts.
    #[test]
    fn stage_fault_10_the_deployed_revision_counts_and_not_the_newest() {
        let of = |statuses: &str| {
            let revision = |(index, status): (usize, &str)| HelmRelease {
                name: "demo".to_owned(),
                revision: index as u64 + 1,
                status: serde_json::from_value(json!(status)).unwrap(),
                newest: None,
                chart_version: String::new(),
                app_version: String::new(),
                values: String::new().into(),
            };
            the_one(statuses.split(' ').enumerate().map(revision).collect())
        };
        for (statuses, counts, newest) in [
            ("deployed", 1, None),
            ("superseded deployed", 2, None),
            ("superseded deployed failed failed", 2, Some("failed")),
            // Two at a time: the newest of them.
            ("deployed deployed failed", 2, Some("failed")),
            ("superseded superseded failed", 2, Some("failed")),
            ("failed", 1, None),
            ("failed failed", 2, None),
            ("deployed pending-upgrade", 1, Some("pending-upgrade")),
            ("pending-install", 1, None),
            ("uninstalled deployed", 2, None),
            ("deployed something-new", 1, Some("unknown")),
        ] {
            let found = of(statuses).unwrap();
            let found_newest = found.newest.map(|(_, status)| status.as_str());
            assert_eq!(
                (found.revision, found_newest),
                (counts, newest),
                "{statuses}"
            );
        }
        assert!(of("superseded uninstalled").is_none());
        assert_eq!(
            of("deployed pending-upgrade").unwrap().unfinished(),
            Some(HelmStatus::PendingUpgrade)
        );
        assert_eq!(
            of("deployed uninstalling").unwrap().unfinished(),
            Some(HelmStatus::Uninstalling)
        );
        assert_eq!(of("deployed failed").unwrap().unfinished(), None);
    }
}
