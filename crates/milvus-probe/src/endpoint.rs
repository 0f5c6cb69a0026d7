//! Where a server is, and who we are to it.

use std::{fmt, net::SocketAddr, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};
use tonic::metadata::AsciiMetadataValue;

use crate::Error;

/// Address of Milvus's gRPC port: `http://HOST:PORT`, or `https://HOST:PORT` for TLS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
}

/// Milvus's gRPC port, where an address names none.
const DEFAULT_PORT: u16 = 19530;

impl Endpoint {
    pub(crate) fn new(tls: bool, address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self {
            tls,
            host,
            port: address.port(),
        }
    }

    /// Whether the server is spoken to over TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Host name or address; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text, DEFAULT_PORT)
    }
}

impl Endpoint {
    /// An address that may leave out its port.
    pub(crate) fn parse(text: &str, default_port: u16) -> Result<Self, Error> {
        let fault = |rule| Error::InvalidEndpoint {
            text: shown(text),
            rule,
        };
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(fault("the scheme must be http or https")),
            None => return Err(fault("write it like http://localhost:19530")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(fault("give user and password by their own options"));
        }
        if authority.contains(['/', '?', '#']) {
            return Err(fault("an address has no path"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            // The colon inside of an IPv6 address is not the port's.
            Some((host, port)) if !port.contains(']') => {
                let port = port.parse().ok().filter(|port| *port != 0);
                (
                    host,
                    port.ok_or_else(|| fault("the port must be a number from 1 to 65535"))?,
                )
            }
            _ => (authority, default_port),
        };
        let valid =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
        if host.is_empty() || !host.chars().all(valid) {
            return Err(fault(
                "the host is missing or holds characters that no host has",
            ));
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
        })
    }
}

/// The text without what may be a password in it.
fn shown(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://…{}", &text[..scheme], &text[at..])
        }
        _ => text.to_owned(),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Who we are to a server whose authorization is on.
#[derive(Debug, Clone)]
pub enum Login {
    /// A user and its password.
    Password {
        /// User name.
        user: String,
        /// Its password.
        password: SecretString,
    },
    /// A token, for example an API key.
    Token(SecretString),
}

impl Login {
    /// The value of the `authorization` metadata: base64 of `user:password`, or of the token (source: Milvus's SDKs).
    pub(crate) fn metadata(&self) -> Option<AsciiMetadataValue> {
        let plain = match self {
            Self::Password { user, password } => {
                SecretString::from(format!("{user}:{}", password.expose_secret()))
            }
            Self::Token(token) => token.clone(),
        };
        // Base64 is ASCII, so that the parse cannot fail; without the value the server would say that it misses it.
        let mut value: AsciiMetadataValue =
            BASE64_STANDARD.encode(plain.expose_secret()).parse().ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed() {
        for (text, shown) in [
            ("http://localhost:19530", "http://localhost:19530"),
            (
                "https://milvus.example.com",
                "https://milvus.example.com:19530",
            ),
            ("http://[::1]:1/", "http://[::1]:1"),
            ("http://[::1]", "http://[::1]:19530"),
        ] {
            assert_eq!(text.parse::<Endpoint>().expect(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for text in [
            "localhost:19530",
            "ftp://x:1",
            "http://",
            "http://x:0",
            "http://x:70000",
            "http://x/y",
        ] {
            let error = text.parse::<Endpoint>().expect_err(text).to_string();
            assert!(error.contains(text), "{error}");
        }
        let error = "http://root:secret@x:1"
            .parse::<Endpoint>()
            .expect_err("refused")
            .to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn a_login_is_base64_and_never_shown() {
        let login = Login::Password {
            user: "root".into(),
            password: "pass:word".into(),
        };
        let value = login.metadata().expect("ascii");
        assert_eq!(value.to_str().expect("ascii"), "cm9vdDpwYXNzOndvcmQ=");
        assert!(!format!("{login:?} {value:?}").contains("pass:word"));
        assert!(!format!("{value:?}").contains("cm9v"));
    }
}
