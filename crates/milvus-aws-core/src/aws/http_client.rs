//! The HTTP client of every call of AWS: whose certificates it takes, and the proxies on its way.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use http::Uri;

use super::connect::ConnectError;
use crate::proxy::{InvalidProxy, Proxies};

/// Who gives credentials to the machine, the container or the pod that asks: a proxy would ask for itself (source: AWS,
/// instance metadata; container credential provider; EKS Pod Identity).
const CREDENTIAL_HOSTS: [&str; 5] = [
    "169.254.169.254",
    "fd00:ec2::254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::23",
];
/// Variables that name another one.
const CREDENTIAL_VARIABLES: [&str; 2] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
];

/// A client that trusts the certificates of `AWS_CA_BUNDLE` too, and takes the proxies of the environment.
pub(super) fn http_client() -> Result<SharedHttpClient, ConnectError> {
    let tls = tls_context()?;
    let proxies = Proxies::of_environment();
    let mut by_scheme = BTreeMap::new();
    for scheme in ["http", "https"] {
        // One that is wrong is told by whichever call would need it.
        if let Ok(Some(proxy)) = proxies.of_scheme(scheme) {
            let address = proxy.address.to_string();
            let config = if scheme == "https" {
                ProxyConfig::https(address)
            } else {
                ProxyConfig::http(address)
            };
            if let Ok(config) = config {
                by_scheme.insert(scheme, client(tls.clone(), config));
            }
        }
    }
    Ok(SharedHttpClient::new(RoutedClient {
        direct: client(tls, ProxyConfig::disabled()),
        proxied: by_scheme,
        routes: Arc::new(Routes {
            proxies,
            never: credential_hosts(|name| std::env::var(name).ok()),
        }),
    }))
}

fn tls_context() -> Result<TlsContext, ConnectError> {
    let mut trust = TrustStore::default();
    if let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let pem = std::fs::read(&path);
        trust = trust
            .with_pem_certificate(pem.map_err(|source| ConnectError::CaBundle { path, source })?);
    }
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| ConnectError::Tls(error.to_string()))
}

fn client(tls: TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    // The documented way to a client knows no proxies.
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// The SDK's own rules for `NO_PROXY` know no ports and no `*.example.com`, so that it is not asked.
#[derive(Debug)]
struct RoutedClient {
    direct: SharedHttpClient,
    /// By the scheme of what they lead to.
    proxied: BTreeMap<&'static str, SharedHttpClient>,
    routes: Arc<Routes>,
}

#[derive(Debug)]
struct RoutedConnector {
    direct: SharedHttpConnector,
    proxied: BTreeMap<&'static str, SharedHttpConnector>,
    routes: Arc<Routes>,
}

/// Which way a request goes.
#[derive(Debug)]
struct Routes {
    proxies: Proxies,
    /// Hosts that no proxy leads to.
    never: Vec<String>,
}

/// Why a request goes no way.
#[derive(Debug, thiserror::Error)]
enum NoRoute {
    #[error(transparent)]
    Invalid(#[from] InvalidProxy),
    #[error(
        "{0} names a SOCKS proxy, which calls of AWS cannot take: name an HTTP proxy, or except the host by NO_PROXY"
    )]
    Socks(&'static str),
    #[error("the address of a call cannot be read")]
    Address(#[from] http::uri::InvalidUri),
}

impl Routes {
    /// Whether a proxy leads there, by the scheme of the address.
    fn to(&self, address: &str) -> Result<Option<(String, &'static str)>, NoRoute> {
        let address: Uri = address.parse()?;
        let host = address.host().unwrap_or_default();
        if self.never.iter().any(|never| never == bare(host)) {
            return Ok(None);
        }
        let proxy = self.proxies.to(&address)?;
        let scheme = address.scheme_str().unwrap_or_default().to_owned();
        Ok(proxy.map(|proxy| (scheme, proxy.named_by)))
    }
}

impl HttpClient for RoutedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = |client: &SharedHttpClient| client.http_connector(settings, components);
        let proxied = self.proxied.iter();
        SharedHttpConnector::new(RoutedConnector {
            direct: connector(&self.direct),
            proxied: proxied
                .map(|(scheme, client)| (*scheme, connector(client)))
                .collect(),
            routes: Arc::clone(&self.routes),
        })
    }
}

impl HttpConnector for RoutedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = match self.routes.to(request.uri()) {
            Ok(None) => Ok(&self.direct),
            Ok(Some((scheme, named_by))) => {
                let proxied = self.proxied.get(scheme.as_str());
                proxied.ok_or(NoRoute::Socks(named_by))
            }
            Err(error) => Err(error),
        };
        match connector {
            Ok(connector) => connector.call(request),
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        }
    }
}

fn credential_hosts(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let named = CREDENTIAL_VARIABLES.into_iter().filter_map(|name| {
        let address: Uri = variable(name)?.parse().ok()?;
        Some(bare(address.host()?).to_owned())
    });
    let known = CREDENTIAL_HOSTS.into_iter().map(str::to_owned);
    known.chain(named).collect()
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(variables: &[(&'static str, &'static str)]) -> Routes {
        let variable = |name: &str| {
            let named = variables.iter().find(|(variable, _)| *variable == name);
            named.map(|(_, value)| (*value).to_owned())
        };
        Routes {
            proxies: Proxies::of(variable),
            never: credential_hosts(variable),
        }
    }

    #[test]
    fn stage_fault_2_calls_of_aws_go_by_the_same_proxies() {
        let routes = routes(&[
            ("HTTPS_PROXY", "http://proxy:3128"),
            (
                "NO_PROXY",
                "*.s3.us-west-2.amazonaws.com,kms.us-west-2.amazonaws.com:443",
            ),
        ]);
        for (address, proxied) in [
            ("https://sts.us-west-2.amazonaws.com/", true),
            (
                "https://demo.s3.us-west-2.amazonaws.com/?list-type=2",
                false,
            ),
            ("https://kms.us-west-2.amazonaws.com/", false),
            ("http://sts.us-west-2.amazonaws.com/", false),
            ("https://127.0.0.1:4566/", false),
        ] {
            assert_eq!(routes.to(address).unwrap().is_some(), proxied, "{address}");
        }
    }

    #[test]
    fn stage_fault_2_whoever_gives_credentials_is_never_behind_a_proxy() {
        let routes = routes(&[
            ("HTTP_PROXY", "http://proxy:3128"),
            ("HTTPS_PROXY", "http://proxy:3128"),
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "https://credentials.internal/get",
            ),
        ]);
        for address in [
            "http://169.254.169.254/latest/api/token",
            "http://[fd00:ec2::254]/latest/api/token",
            "http://169.254.170.2/v2/credentials/1",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://credentials.internal/get",
        ] {
            assert!(routes.to(address).unwrap().is_none(), "{address}");
        }
        assert!(routes.to("http://169.254.1.1/").unwrap().is_some());
    }
}
