//! One HTTP/1.1 GET, which is all that the health port needs.

use std::{fmt, io, str::FromStr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Endpoint, Error, error::Call};

/// Longest answer that is read: `/metrics` of a large cluster has a few MiB.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Milvus's health port, where an address names none.
const DEFAULT_PORT: u16 = 9091;

/// Address of the health port: `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthEndpoint(Endpoint);

impl HealthEndpoint {
    pub(super) fn nonsense(&self, path: &str, what: String) -> Error {
        Error::Protocol {
            call: self.call(path),
            what,
        }
    }

    fn call(&self, path: &str) -> Call {
        Call::on("get", &format!("{self}{path}"))
    }
}

impl FromStr for HealthEndpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let endpoint = Endpoint::parse(text, DEFAULT_PORT)?;
        if endpoint.is_tls() {
            // Milvus serves this port in plain text alone.
            return Err(Error::InvalidEndpoint {
                text: text.to_owned(),
                rule: "the health port speaks http, not https",
            });
        }
        Ok(Self(endpoint))
    }
}

impl fmt::Display for HealthEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

pub(super) async fn get(
    endpoint: &HealthEndpoint,
    path: &str,
    limit: Duration,
) -> Result<Answer, Error> {
    let call = endpoint.call(path);
    let failed = |source| Error::Http {
        call: call.clone(),
        source,
    };
    match tokio::time::timeout(limit, exchange(&endpoint.0, path)).await {
        Err(_) => Err(Error::Deadline { call, limit }),
        Ok(Err(source)) => Err(failed(source)),
        Ok(Ok(bytes)) => {
            parse(&bytes).ok_or_else(|| endpoint.nonsense(path, "it is no HTTP answer".to_owned()))
        }
    }
}

/// Asks by HTTP/1.0, so that the answer is not chunked and ends with the connection.
async fn exchange(endpoint: &Endpoint, path: &str) -> io::Result<Vec<u8>> {
    let host = endpoint.host().trim_matches(['[', ']']);
    let mut stream = TcpStream::connect((host, endpoint.port())).await?;
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\nAccept: text/plain\r\n\r\n",
        endpoint.host()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    words
        .next()
        .filter(|version| version.starts_with("HTTP/1."))?;
    let status = words.next()?.parse().ok()?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answered(with: &'static str) -> Result<Answer, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = [0; 1024];
            let read = stream.read(&mut asked).await.expect("a request");
            assert!(asked[..read].starts_with(b"GET /healthz HTTP/1.0\r\n"));
            stream.write_all(with.as_bytes()).await.expect("an answer");
        });
        let endpoint = format!("http://{address}").parse().expect("an address");
        get(&endpoint, "/healthz", Duration::from_secs(5)).await
    }

    #[test]
    fn an_address_without_a_port_has_the_health_port() {
        let endpoint: HealthEndpoint = "http://localhost".parse().expect("an address");
        assert_eq!(endpoint.to_string(), "http://localhost:9091");
        assert!("https://localhost".parse::<HealthEndpoint>().is_err());
    }

    #[tokio::test]
    async fn an_answer_is_read() {
        let answer = answered("HTTP/1.0 500 Internal Server Error\r\nA: b\r\n\r\nnot well").await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (500, "not well"));
    }

    #[tokio::test]
    async fn what_is_no_http_is_an_error() {
        let error = answered("SSH-2.0-x\r\n\r\n").await.err().expect("an error");
        assert!(error.to_string().contains("/healthz"), "{error}");
    }
}
