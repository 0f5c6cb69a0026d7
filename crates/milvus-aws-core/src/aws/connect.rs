//! Credentials, region and endpoints, from the standard places.

use std::{path::PathBuf, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};

use super::{
    calls::CallLog,
    cloud::{Account, Cloud},
    failure::Attempt,
    http_client::http_client,
    mark::Mark,
};
use crate::{
    engine::ResourceError,
    installation::{InstallationName, Region},
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take to begin.
const READ: Duration = Duration::from_secs(30);
/// How long a call may take in all.
const CALL: Duration = Duration::from_mins(1);

/// What may be said beside the standard places.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The profile; `AWS_PROFILE`, else the default one, when absent.
    pub profile: Option<String>,
    /// The region; `AWS_REGION`, else the profile's, when absent.
    pub region: Option<Region>,
    /// Counts what is called.
    pub calls: CallLog,
}

/// Why there is no connection to AWS.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No place names a region.
    #[error("no region is named; write `aws.region` in the file, or set AWS_REGION")]
    NoRegion,
    /// The region that the environment names is none.
    #[error("the region that the environment names cannot be used")]
    Region(#[source] crate::installation::InvalidName),
    /// The certificates of `AWS_CA_BUNDLE` cannot be read.
    #[error("cannot read the certificates of AWS_CA_BUNDLE, {path}")]
    CaBundle {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The HTTP client cannot be made.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// AWS does not say who we are.
    #[error("cannot find out whose credentials these are")]
    Identity(#[source] ResourceError),
    /// AWS answered without saying who we are.
    #[error("AWS did not say whose credentials these are")]
    NoIdentity,
}

impl Cloud {
    /// Connects with the credentials of the standard chain (environment, profiles, SSO, web identity, containers,
    /// instance), honours `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE` and the proxy variables, and asks who we are.
    pub async fn connect(
        connection: &Connection,
        installation: InstallationName,
    ) -> Result<Self, ConnectError> {
        let config = configuration(connection).await?;
        let region = region_of(&config)?;
        let calls = connection.calls.clone();
        let sts = aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::config::Builder::from(&config)
                .interceptor(calls.clone())
                .build(),
        );
        let account = account(&sts, region).await?;
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(&config)
                        .interceptor(calls.clone())
                        .build(),
                )
            };
        }
        Ok(Self {
            account,
            mark: Mark::new(installation),
            ec2: client!(aws_sdk_ec2),
            eks: client!(aws_sdk_eks),
            elb: client!(aws_sdk_elasticloadbalancingv2),
            iam: client!(aws_sdk_iam),
            kafka: client!(aws_sdk_kafka),
            kms: client!(aws_sdk_kms),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(&config)
                    // Endpoints given by hand have no host name for each bucket.
                    .force_path_style(config.endpoint_url().is_some())
                    .interceptor(calls.clone())
                    .build(),
            ),
            secrets: client!(aws_sdk_secretsmanager),
            tagging: client!(aws_sdk_resourcegroupstagging),
            calls,
        })
    }
}

/// The region that was found.
pub(super) fn region_of(config: &SdkConfig) -> Result<Region, ConnectError> {
    let region = config.region().ok_or(ConnectError::NoRegion)?;
    region.as_ref().parse().map_err(ConnectError::Region)
}

/// What the standard places say; makes no call where they, or the connection, name a region.
pub(super) async fn configuration(connection: &Connection) -> Result<SdkConfig, ConnectError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client()?)
        // The engine tries again, at one pace for all; two would fight.
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .read_timeout(READ)
                .operation_timeout(CALL)
                .build(),
        );
    if let Some(profile) = &connection.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &connection.region {
        loader = loader.region(aws_config::Region::new(region.to_string()));
    }
    Ok(loader.load().await)
}

async fn account(sts: &aws_sdk_sts::Client, region: Region) -> Result<Account, ConnectError> {
    let identity = sts.get_caller_identity().send().await;
    let identity = identity
        .attempting(|| "cannot ask STS".to_owned())
        .map_err(ConnectError::Identity)?;
    let (Some(id), Some(caller)) = (identity.account, identity.arn) else {
        return Err(ConnectError::NoIdentity);
    };
    let partition = caller.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok(Account {
        id,
        caller,
        partition,
        region,
    })
}
