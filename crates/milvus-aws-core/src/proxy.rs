//! Which proxy leads to an address, by the rules of kubectl: those of `httpproxy` in golang.org/x/net. Calls of AWS go by
//! the same ones.

use std::{fmt, net::IpAddr};

use http::Uri;
use ipnet::IpNet;

/// The key of a kubeconfig that names a proxy.
pub const PROXY_URL: &str = "proxy-url";

/// The proxies that the environment names, and what is reached without them.
#[derive(Debug, Default)]
pub struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    exceptions: Exceptions,
}

/// A proxy, and the setting that names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address; a login in it is a secret.
    pub address: Uri,
    /// The variable, or the key of a kubeconfig.
    pub named_by: &'static str,
}

/// A setting that names no proxy. Its value may hold a password, and is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{named_by} is not the address of a proxy")]
pub struct InvalidProxy {
    /// The variable, or the key of a kubeconfig.
    pub named_by: &'static str,
}

/// A variable that is set.
struct Setting {
    name: &'static str,
    value: String,
}

impl fmt::Debug for Setting {
    /// Without the value, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Proxy {
    /// Without the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.address.scheme_str().unwrap_or("http");
        let host = self.address.host().unwrap_or_default();
        write!(f, "{scheme}://{host}")?;
        if let Some(port) = self.address.port_u16() {
            write!(f, ":{port}")?;
        }
        write!(f, " of {}", self.named_by)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Proxies {
    /// Those of this process's environment.
    pub fn of_environment() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Those of variables: upper case counts before lower case, and an empty variable is none.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = variable(name).filter(|value| !value.is_empty())?;
                Some(Setting { name, value })
            })
        };
        let none = first(["NO_PROXY", "no_proxy"]);
        // A web server passes a header of its clients on as HTTP_PROXY.
        let is_cgi = variable("REQUEST_METHOD").is_some_and(|value| !value.is_empty());
        Self {
            http: first(["HTTP_PROXY", "http_proxy"]).filter(|_| !is_cgi),
            https: first(["HTTPS_PROXY", "https_proxy"]),
            exceptions: Exceptions::of(none.as_ref().map_or("", |none| &none.value)),
        }
    }

    /// The proxy that the environment names for that scheme, `http` or `https`, whatever is reached without it.
    pub fn of_scheme(&self, scheme: &str) -> Result<Option<Proxy>, InvalidProxy> {
        let setting = match scheme {
            "https" => &self.https,
            "http" => &self.http,
            _ => return Ok(None),
        };
        let proxy = |it: &Setting| Proxy::of(it.name, &it.value);
        setting.as_ref().map(proxy).transpose()
    }

    /// The proxy on the way to an address; none where it is reached directly.
    pub fn to(&self, address: &Uri) -> Result<Option<Proxy>, InvalidProxy> {
        let scheme = address.scheme_str().unwrap_or_default();
        let host = address.host().unwrap_or_default();
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = address.port_u16().unwrap_or(usual);
        if is_local(host) || self.exceptions.hold(host, port) {
            return Ok(None);
        }
        self.of_scheme(scheme)
    }
}

impl Proxy {
    /// The proxy at an address, which may lack its scheme.
    pub fn of(named_by: &'static str, address: &str) -> Result<Self, InvalidProxy> {
        let parsed = |text: &str| {
            text.parse::<Uri>()
                .ok()
                .filter(|uri| uri.scheme().is_some())
        };
        let address = parsed(address).or_else(|| parsed(&format!("http://{address}")));
        let address = address.and_then(|address| complete(&address));
        match address {
            Some(address) => Ok(Self { address, named_by }),
            None => Err(InvalidProxy { named_by }),
        }
    }
}

/// The address with a scheme that clients know and, where it is not the scheme's own, a port.
fn complete(address: &Uri) -> Option<Uri> {
    let authority = address.authority()?;
    let mut builder = Uri::builder().path_and_query("/");
    builder = match address.scheme_str()? {
        scheme @ ("http" | "https") => builder.scheme(scheme).authority(authority.clone()),
        "socks5" | "socks5h" => {
            let port = if authority.port().is_some() {
                ""
            } else {
                ":1080"
            };
            builder
                .scheme("socks5")
                .authority(format!("{authority}{port}"))
        }
        _ => return None,
    };
    builder.build().ok()
}

/// Whether no proxy leads there, whatever is set.
fn is_local(host: &str) -> bool {
    host == "localhost" || address_of(host).is_some_and(|address| address.is_loopback())
}

/// The IP address that a host is; IPv6 may stand in brackets.
fn address_of(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(host).parse().ok()?;
    Some(address.to_canonical())
}

/// What is reached without a proxy: the entries of `NO_PROXY`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Exceptions(Vec<Exception>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    Everything,
    Network(IpNet),
    Address {
        address: IpAddr,
        port: Option<String>,
    },
    /// `suffix` begins with a dot.
    Domain {
        suffix: String,
        /// Whether the domain itself is meant, beside what is below it.
        itself: bool,
        port: Option<String>,
    },
}

impl Exceptions {
    /// Entries that say nothing are passed over.
    fn of(text: &str) -> Self {
        Self(text.split(',').filter_map(Exception::of).collect())
    }

    fn hold(&self, host: &str, port: u16) -> bool {
        let address = address_of(host);
        let host = host.to_lowercase();
        self.0.iter().any(|it| it.holds(&host, address, port))
    }
}

impl Exception {
    fn of(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_lowercase();
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Ok(network) = entry.parse() {
            return Some(Self::Network(network));
        }
        let (host, port) = split_port(&entry)?;
        if let Some(address) = address_of(host) {
            return Some(Self::Address { address, port });
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        let itself = !host.starts_with('.');
        let dot = if itself { "." } else { "" };
        Some(Self::Domain {
            suffix: format!("{dot}{host}"),
            itself,
            port,
        })
    }

    fn holds(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let is_port = |of: &Option<String>| of.as_ref().is_none_or(|of| *of == port.to_string());
        match self {
            Self::Everything => true,
            Self::Network(network) => address.is_some_and(|address| network.contains(&address)),
            Self::Address { address: it, port } => address == Some(*it) && is_port(port),
            Self::Domain {
                suffix,
                itself,
                port,
            } => {
                let is_it = *itself && suffix.strip_prefix('.') == Some(host);
                address.is_none() && (host.ends_with(suffix) || is_it) && is_port(port)
            }
        }
    }
}

/// Host and port of `host`, `host:port`, `[IPv6]:port` or a bare IPv6; none where there is no host.
fn split_port(entry: &str) -> Option<(&str, Option<String>)> {
    let (host, port) = match entry.rsplit_once(':') {
        // More colons are of an address without a port.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => (entry, None),
        Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
        None => (entry, None),
    };
    (!host.is_empty()).then(|| (host, port.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::of(|name| {
            let named = variables.iter().find(|(variable, _)| *variable == name);
            named.map(|(_, value)| (*value).to_owned())
        })
    }

    /// The proxy on the way, as text.
    fn to(variables: &[(&str, &str)], address: &str) -> String {
        let found = proxies(variables).to(&address.parse().unwrap());
        match found {
            Ok(Some(proxy)) => proxy.address.to_string(),
            Ok(None) => "direct".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// The cases are those of golang.org/x/net/http/httpproxy/proxy_test.go.
    #[test]
    fn stage_fault_2_the_variables_are_read_as_kubectl_reads_them() {
        type Case = (
            &'static [(&'static str, &'static str)],
            &'static str,
            &'static str,
        );
        let cases: [Case; 12] = [
            (&[], "https://api.example", "direct"),
            (&[("HTTPS_PROXY", "")], "https://api.example", "direct"),
            (
                &[("HTTPS_PROXY", "127.0.0.1:8080")],
                "https://api.example",
                "http://127.0.0.1:8080/",
            ),
            (
                &[("HTTPS_PROXY", "cache.corp.example:1234")],
                "https://api.example",
                "http://cache.corp.example:1234/",
            ),
            (
                &[("HTTPS_PROXY", "cache.corp.example")],
                "https://api.example",
                "http://cache.corp.example/",
            ),
            (
                &[("HTTPS_PROXY", "https://cache.corp.example")],
                "https://api.example",
                "https://cache.corp.example/",
            ),
            (
                &[("HTTPS_PROXY", "socks5://127.0.0.1")],
                "https://api.example",
                "socks5://127.0.0.1:1080/",
            ),
            (
                &[("HTTPS_PROXY", "socks5h://127.0.0.1:9")],
                "https://api.example",
                "socks5://127.0.0.1:9/",
            ),
            (
                &[("https_proxy", "low:1")],
                "https://api.example",
                "http://low:1/",
            ),
            (
                &[("HTTPS_PROXY", "up:1"), ("https_proxy", "low:1")],
                "https://api.example",
                "http://up:1/",
            ),
            (
                &[("HTTP_PROXY", "plain:1")],
                "https://api.example",
                "direct",
            ),
            (
                &[("HTTPS_PROXY", "tls:1"), ("http_proxy", "plain:1")],
                "http://api.example",
                "http://plain:1/",
            ),
        ];
        for (variables, address, proxy) in cases {
            assert_eq!(to(variables, address), proxy, "{variables:?} {address}");
        }
        let cgi = [("HTTP_PROXY", "plain:1"), ("REQUEST_METHOD", "POST")];
        assert_eq!(to(&cgi, "http://api.example"), "direct");
    }

    #[test]
    fn stage_fault_2_no_proxy_holds_what_it_holds_for_kubectl() {
        let cases = [
            // Never through a proxy.
            ("", "https://localhost:6443", true),
            ("", "https://127.3.2.1:6443", true),
            ("", "https://[::1]:6443", true),
            ("", "https://api.example", false),
            ("*", "https://api.example", true),
            ("other.example,*", "https://api.example", true),
            // Domains, and what is below them.
            ("example", "https://api.example", true),
            (".example", "https://api.example", true),
            ("*.example", "https://api.example", true),
            (".api.example", "https://api.example", false),
            ("*.api.example", "https://api.example", false),
            ("api.example", "https://api.example", true),
            ("API.Example", "https://api.example", true),
            ("api.example", "https://API.EXAMPLE", true),
            ("pi.example", "https://api.example", false),
            ("ample", "https://api.example", false),
            ("api.example.org", "https://api.example", false),
            // Ports.
            ("api.example:6443", "https://api.example:6443", true),
            ("api.example:443", "https://api.example", true),
            ("api.example:80", "https://api.example", false),
            (".example:6443", "https://api.example:6443", true),
            // Addresses and networks.
            ("10.0.0.1", "https://10.0.0.1:6443", true),
            ("10.0.0.1:6443", "https://10.0.0.1:6443", true),
            ("10.0.0.1:443", "https://10.0.0.1:6443", false),
            ("10.0.0.0/8", "https://10.200.3.4", true),
            ("10.9.9.9/8", "https://10.200.3.4", true),
            ("10.0.0.0/16", "https://10.200.3.4", false),
            ("::ffff:10.0.0.1", "https://10.0.0.1", true),
            ("2001:db8::1", "https://[2001:db8::1]", true),
            ("[2001:db8::1]:6443", "https://[2001:db8::1]:6443", true),
            ("[2001:db8::1]:80", "https://[2001:db8::1]:6443", false),
            ("2001:db8::/32", "https://[2001:db8:3::1]", true),
            // A domain is no suffix of an address.
            ("0.1", "https://10.0.0.1", false),
            // What is around entries, and what is none.
            (
                "localhost, 10.0.0.0/8 ,,api.example,",
                "https://api.example",
                true,
            ),
            (" , :443,", "https://api.example", false),
            ("not a name,api.example", "https://api.example", true),
        ];
        for (none, address, direct) in cases {
            let variables = [("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", none)];
            let expected = if direct {
                "direct"
            } else {
                "http://proxy:3128/"
            };
            assert_eq!(to(&variables, address), expected, "{none} {address}");
        }
        let low = [("https_proxy", "proxy:3128"), ("no_proxy", ".example")];
        assert_eq!(to(&low, "https://api.example"), "direct");
    }

    #[test]
    fn a_login_is_used_and_not_shown() {
        let variables = [("HTTPS_PROXY", "http://me:hunter2@proxy:3128")];
        let proxies = proxies(&variables);
        let address = "https://api.example".parse().unwrap();
        let proxy = proxies.to(&address).unwrap().unwrap();
        assert_eq!(proxy.address.authority().unwrap(), "me:hunter2@proxy:3128");
        assert_eq!(proxy.to_string(), "http://proxy:3128 of HTTPS_PROXY");
        assert!(!format!("{proxies:?} {proxy:?}").contains("hunter2"));
        let bad = [("HTTPS_PROXY", "ftp://me:hunter2@proxy")];
        assert_eq!(
            to(&bad, "https://api.example"),
            "HTTPS_PROXY is not the address of a proxy"
        );
    }
}
