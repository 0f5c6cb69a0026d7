//! Tokens by which the API server of an EKS cluster knows who we are: a presigned question to STS, which it asks.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use aws_sdk_sts::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::{
    connect::{ConnectError, Connection, configuration, region_of},
    partition::dns_suffix,
};
use crate::installation::Region;

/// How every token begins (source: aws-iam-authenticator).
const PREFIX: &str = "k8s-aws-v1.";
/// The header that binds a token to one cluster.
const CLUSTER: &str = "x-k8s-aws-id";
/// EKS takes a token for 15 minutes after it was signed, whatever the URL says; a minute less leaves room for clocks.
const LIFETIME: Duration = Duration::from_mins(14);
/// What the AWS CLI writes into the URL.
const URL_LIFETIME: Duration = Duration::from_mins(1);

/// A token, and until when it is taken. `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct KubernetesToken {
    /// What goes behind `Bearer`.
    pub token: SecretString,
    /// From then on another one is needed.
    pub expires: SystemTime,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token for the cluster {cluster}: {why}")]
pub struct TokenError {
    cluster: String,
    why: &'static str,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TokenError {
    fn new(cluster: &str, why: &'static str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            why,
            source: None,
        }
    }

    fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl KubernetesToken {
    /// A token for a cluster, signed at that moment. It always names the region's own STS: API servers ask no other
    /// place, wherever `AWS_ENDPOINT_URL` sends our own calls (source: aws-iam-authenticator, hosts that it takes).
    pub fn signed(
        credentials: Credentials,
        region: &Region,
        cluster: &str,
        now: SystemTime,
    ) -> Result<Self, TokenError> {
        let expiry = credentials.expiry();
        let url = presigned(credentials, region, cluster, now).map_err(|source| {
            TokenError::new(cluster, "the request cannot be signed").caused_by(source)
        })?;
        let token = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(url));
        let longest = now + LIFETIME;
        Ok(Self {
            token: token.into(),
            expires: expiry.map_or(longest, |expiry| expiry.min(longest)),
        })
    }
}

/// Signs tokens for the clusters of a region. kubectl asks for a token on each of its calls, so nothing is asked of AWS
/// unless the credentials themselves come from there (a role, SSO, an instance).
#[derive(Debug)]
pub struct TokenSigner {
    region: Region,
    credentials: Option<SharedCredentialsProvider>,
}

impl TokenSigner {
    /// Finds region and credentials where [`Cloud::connect`](super::Cloud::connect) does, without a call.
    pub async fn new(connection: &Connection) -> Result<Self, ConnectError> {
        let config = configuration(connection).await?;
        Ok(Self {
            region: region_of(&config)?,
            credentials: config.credentials_provider(),
        })
    }

    /// A token for a cluster of the region.
    pub async fn token(&self, cluster: &str) -> Result<KubernetesToken, TokenError> {
        let none = || TokenError::new(cluster, "there are no credentials");
        let provider = self.credentials.as_ref().ok_or_else(none)?;
        let credentials = provider.provide_credentials().await.map_err(|source| {
            TokenError::new(cluster, "the credentials cannot be had, log in again")
                .caused_by(source)
        })?;
        KubernetesToken::signed(credentials, &self.region, cluster, SystemTime::now())
    }
}

fn presigned(
    credentials: Credentials,
    region: &Region,
    cluster: &str,
    now: SystemTime,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let suffix = dns_suffix(region);
    let region = region.as_str();
    let mut url =
        format!("https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15");
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(URL_LIFETIME);
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()?
        .into();
    let headers = [(CLUSTER, cluster)];
    let empty = SignableBody::Bytes(&[]);
    let request = SignableRequest::new("GET", url.clone(), headers.into_iter(), empty)?;
    let (signature, _) = sign(request, &params)?.into_parts();
    for (name, value) in signature.params() {
        url.push('&');
        url.push_str(name);
        url.push('=');
        url.push_str(&url_encoded(value));
    }
    Ok(url)
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Everything but letters, digits and `-._~` as `%XX`, as signatures want it.
fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
    }
    encoded
}
