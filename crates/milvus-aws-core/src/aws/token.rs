//! Tokens by which the API server of an EKS cluster knows who we are: a presigned question to STS, which it asks.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use aws_sdk_sts::config::{Credentials, ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::cloud::Cloud;

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

impl Cloud {
    /// A token for a cluster of this account and region.
    pub async fn kubernetes_token(&self, cluster: &str) -> Result<KubernetesToken, TokenError> {
        let error = |why, source| TokenError {
            cluster: cluster.to_owned(),
            why,
            source,
        };
        let Some(provider) = &self.credentials else {
            return Err(error("there are no credentials", None));
        };
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|source| {
            error(
                "the credentials cannot be had, log in again",
                Some(source.into()),
            )
        })?;
        let expiry = credentials.expiry();
        let now = SystemTime::now();
        let url = self.presigned(credentials, cluster, now);
        let url = url.map_err(|source| error("it cannot be signed", Some(source)))?;
        let token = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(url));
        let longest = now + LIFETIME;
        Ok(KubernetesToken {
            token: token.into(),
            expires: expiry.map_or(longest, |expiry| expiry.min(longest)),
        })
    }

    /// Who STS shall be asked for: the region's, or the one that the environment names.
    fn sts_url(&self) -> String {
        let region = &self.account.region;
        let regional = || format!("https://sts.{region}.{}", self.account.dns_suffix());
        let endpoint = self.endpoint.clone().unwrap_or_else(regional);
        let endpoint = endpoint.trim_end_matches('/');
        format!("{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15")
    }

    fn presigned(
        &self,
        credentials: Credentials,
        cluster: &str,
        now: SystemTime,
    ) -> Result<String, Box<dyn Error + Send + Sync>> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(URL_LIFETIME);
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.account.region.as_str())
            .name("sts")
            .time(now)
            .settings(settings)
            .build()?
            .into();
        let mut url = self.sts_url();
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
