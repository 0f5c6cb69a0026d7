//! Where Milvus keeps its metadata.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{
    Amounts, Cpu, HostPort, ImageRepository, ImageTag, Memory, PodSettings, PullPolicy, Resources,
    Storage, text_type::text_type,
};

text_type!(
    /// How much history etcd keeps: a number of revisions, or a time like `1h`.
    Retention, "retention", retention,
    {"type": "string", "pattern": "^[0-9]{1,9}(s|m|h)?$"}
);

/// Where Milvus keeps its metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Etcd {
    /// An etcd of our own, as a StatefulSet.
    InCluster(Box<InClusterEtcd>),
    /// An etcd that exists: `host:port` each.
    Endpoints(Vec<HostPort>),
}

/// Our own etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InClusterEtcd {
    /// Number of members: 1, 3 or 5.
    pub replicas: EtcdReplicas,
    /// Requests and limits of each member.
    pub resources: Resources,
    /// The volume of each member.
    pub storage: Storage,
    /// The image; the one that goes with the Milvus version when absent.
    #[serde(skip_serializing_if = "EtcdImage::is_default")]
    pub image: EtcdImage,
    /// How much history is kept.
    #[serde(skip_serializing_if = "AutoCompaction::is_default")]
    pub auto_compaction: AutoCompaction,
    /// The size at which etcd takes no more writes; `4Gi` unless said otherwise.
    #[serde(skip_serializing_if = "is_default_quota")]
    pub quota: Memory,
    /// What holds for its pods. When absent they take node selector, tolerations, priority class and pull secrets of
    /// `scheduling`; when present what stands here alone, but for pull secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodSettings>,
}

/// The image of our own etcd. Its start script must be that of Bitnami's image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EtcdImage {
    /// Registry and repository; `milvusdb/etcd` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<ImageRepository>,
    /// Tag; the one that goes with the Milvus version when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<ImageTag>,
    /// When the kubelet pulls; as for Milvus when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<PullPolicy>,
}

/// When etcd forgets the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AutoCompaction {
    /// What `retention` counts.
    pub mode: CompactionMode,
    /// How much is kept; 1000 revisions unless said otherwise.
    pub retention: Retention,
}

/// What a retention counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CompactionMode {
    /// Changes.
    #[default]
    Revision,
    /// Time.
    Periodic,
}

/// A quota that Milvus's metadata does not reach unless something is wrong.
const DEFAULT_QUOTA: Memory = Memory::from_mib(4096);

impl Default for Etcd {
    fn default() -> Self {
        Self::InCluster(Box::default())
    }
}

impl Default for InClusterEtcd {
    fn default() -> Self {
        Self {
            replicas: EtcdReplicas::default(),
            resources: Resources {
                requests: Amounts {
                    cpu: Some(Cpu::from_millis(250)),
                    memory: Some(Memory::from_mib(512)),
                    ephemeral_storage: None,
                },
                limits: Amounts {
                    cpu: None,
                    memory: Some(Memory::from_mib(2048)),
                    ephemeral_storage: None,
                },
            },
            storage: Storage::default(),
            image: EtcdImage::default(),
            auto_compaction: AutoCompaction::default(),
            quota: DEFAULT_QUOTA,
            pod: None,
        }
    }
}

impl Default for AutoCompaction {
    fn default() -> Self {
        Self {
            mode: CompactionMode::default(),
            retention: Retention("1000".to_owned()),
        }
    }
}

impl AutoCompaction {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl EtcdImage {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The whole reference; what is not said is that of `usual`.
    pub fn reference(&self, usual: &str) -> String {
        let (repository, tag) = usual.rsplit_once(':').unwrap_or((usual, "latest"));
        let repository = self.repository.as_ref().map_or(repository, AsRef::as_ref);
        let tag = self.tag.as_ref().map_or(tag, AsRef::as_ref);
        format!("{repository}:{tag}")
    }
}

impl CompactionMode {
    /// As etcd spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::Periodic => "periodic",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_default_quota(quota: &Memory) -> bool {
    *quota == DEFAULT_QUOTA
}

fn retention(text: &str) -> Option<String> {
    let number = text.trim_end_matches(['s', 'm', 'h']);
    let good = (1..=9).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && text.len() - number.len() <= 1;
    (!good).then(|| "write it like `1000` or `1h`".to_owned())
}

/// Members of our etcd: an odd number, so that a majority always exists (source: the etcd FAQ).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum EtcdReplicas {
    /// One member: no failure is survived.
    One,
    /// Three members: one may fail.
    #[default]
    Three,
    /// Five members: two may fail.
    Five,
}

impl From<EtcdReplicas> for u8 {
    fn from(replicas: EtcdReplicas) -> Self {
        match replicas {
            EtcdReplicas::One => 1,
            EtcdReplicas::Three => 3,
            EtcdReplicas::Five => 5,
        }
    }
}

impl TryFrom<u8> for EtcdReplicas {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Self::One),
            3 => Ok(Self::Three),
            5 => Ok(Self::Five),
            other => Err(format!("etcd cannot have {other} members, write 1, 3 or 5")),
        }
    }
}

impl JsonSchema for EtcdReplicas {
    fn schema_name() -> Cow<'static, str> {
        "EtcdReplicas".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "enum": [1, 3, 5]})
    }
}
