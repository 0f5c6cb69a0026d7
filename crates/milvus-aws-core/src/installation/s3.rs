//! Object storage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Credentials, HostPort, RootPath, StorageAccount, StoreBucket, StoreRegion, yes};

/// The bucket that holds segments and indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3 {
    /// Host and port of the S3 API, for example `s3.us-west-2.amazonaws.com:443`.
    pub endpoint: HostPort,
    /// Whether the endpoint speaks TLS.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Bucket name; on Amazon S3 by its rules: lower-case letters, digits, `-` and `.`.
    pub bucket: StoreBucket,
    /// Prefix of every object's key.
    #[serde(default)]
    pub root_path: RootPath,
    /// Region of the bucket as its store spells it; AWS needs it with IAM, and has it in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<StoreRegion>,
    /// How Milvus proves who it is.
    pub access: S3Access,
    /// Azure's storage account, with `access: iam`; keys have it as their user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<StorageAccount>,
    /// Whose storage it is.
    #[serde(default, skip_serializing_if = "CloudProvider::is_default")]
    pub cloud_provider: CloudProvider,
    /// Where temporary keys are asked for, when that is not the provider's usual place: a URL. Without effect with AWS:
    /// Milvus asks sts.REGION.amazonaws.com whatever is written here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_endpoint: Option<String>,
    /// Whether the bucket is part of the host's name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub virtual_host: bool,
}

/// How Milvus proves to S3 who it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum S3Access {
    /// The service account's IAM role (IRSA, or what the provider has in its place).
    Iam,
    /// An access key: the user name is the access key id, the password the secret access key.
    Keys(Credentials),
}

/// Whose object storage it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CloudProvider {
    /// Amazon S3.
    #[default]
    Aws,
    /// Google Cloud Storage, by the S3 that it imitates.
    Gcp,
    /// Google Cloud Storage, by its own API.
    #[serde(rename = "gcpnative")]
    GcpNative,
    /// Azure Blob Storage; the bucket is a container, the user name a storage account.
    Azure,
    /// Alibaba Cloud OSS.
    Aliyun,
    /// Tencent Cloud COS.
    Tencent,
    /// MinIO, and other stores that speak S3 with conditional writes, on which Milvus's own log relies.
    Minio,
}

/// Domains of Amazon S3 (source: the AWS SDKs' `partitions.json`, `dnsSuffix` and `dualStackDnsSuffix`).
const AMAZON: [&str; 9] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".csp.hci.ic.gov",
];

impl S3 {
    /// Whether it is Amazon's own, by its host: `cloudProvider: aws` is also written for stores that imitate it.
    pub fn is_amazon(&self) -> bool {
        let host = self.endpoint.host().to_ascii_lowercase();
        AMAZON.iter().any(|domain| host.ends_with(domain))
    }

    /// Whether it is known to write an object only where none is (`If-None-Match`): Amazon S3 (source: S3 user guide,
    /// "Conditional writes", since August 2024) and MinIO (source: woodpecker, `docs/condition_write.md`).
    pub fn has_conditional_writes(&self) -> bool {
        self.is_amazon() || self.cloud_provider == CloudProvider::Minio
    }

    /// The login, where one is needed.
    pub const fn login(&self) -> Option<&Credentials> {
        match &self.access {
            S3Access::Keys(login) => Some(login),
            S3Access::Iam => None,
        }
    }
}

impl CloudProvider {
    /// The value of `minio.cloudProvider`. The server knows MinIO as the S3 that it imitates.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Aws | Self::Minio => "aws",
            Self::Gcp => "gcp",
            Self::GcpNative => "gcpnative",
            Self::Azure => "azure",
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
