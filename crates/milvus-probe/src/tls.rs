//! TLS: whom to take for the server, who we are to it, and whether a port speaks it at all.

use std::{
    error, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError,
        InvalidMessage, RootCertStore, SignatureScheme,
        client::{
            ResolvesClientCert,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_cert_signed_by_trust_anchor,
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
        server::ParsedCertificate,
        sign::CertifiedKey,
    },
};
use tonic::transport::{self, Certificate, ClientTlsConfig};

use crate::{Endpoint, Error};

/// Whom to take for the server, where TLS is spoken.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Who shows a certificate of its name from one of the system's authorities.
    #[default]
    System,
    /// Who shows a certificate of its name from one of these authorities, in PEM.
    Authorities(String),
    /// Whoever answers with a certificate that has not expired. For a way that itself leads to nobody else, as a port
    /// forwarded by Kubernetes does: there the server's name is no part of the address.
    Anybody,
}

/// Who we are to a server that wants certificates of its clients.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, and what leads from it to its authority, in PEM.
    pub certificate: String,
    /// Its key, in PEM.
    pub key: SecretString,
}

/// The transport with TLS, as a client wants it.
pub(crate) fn configured(
    endpoint: transport::Endpoint,
    server_name: &str,
    trust: &Trust,
    identity: Option<&Identity>,
) -> Result<transport::Endpoint, transport::Error> {
    let mut config = ClientTlsConfig::new().domain_name(server_name);
    if let Some(Identity { certificate, key }) = identity {
        let key = key.expose_secret();
        config = config.identity(transport::Identity::from_pem(certificate, key));
    }
    match trust {
        Trust::System => endpoint.tls_config(config.with_native_roots()),
        Trust::Authorities(pem) => {
            endpoint.tls_config(config.ca_certificate(Certificate::from_pem(pem)))
        }
        Trust::Anybody => endpoint.tls_config_with_verifier(config, Anybody::verifier()),
    }
}

/// How a port is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Its address, with the scheme that it speaks.
    pub endpoint: Endpoint,
    /// Whether it asks its clients for certificates.
    pub asks_for_certificate: bool,
}

impl Spoken {
    /// Asks a port how it is spoken to. A server answers what TLS begins with either by TLS, or by words of another
    /// protocol: HTTP/2's first frame, or a complaint in HTTP/1, which comes at the end of a line (one of TLS's extensions
    /// has a line feed's number). One that says nothing, or is gone, is asked again until `limit`.
    pub async fn at(address: SocketAddr, limit: Duration) -> Result<Self, Error> {
        let mut failure = io::Error::other("it neither speaks TLS nor says that it does not");
        let asking = async {
            loop {
                match tokio::time::timeout(limit / ATTEMPTS, Asked::at(address)).await {
                    Ok(Ok(spoken)) => return spoken,
                    Ok(Err(error)) => failure = error,
                    Err(_) => continue,
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let spoken = tokio::time::timeout(limit, asking).await;
        spoken.map_err(|_| Error::Connect {
            endpoint: address.to_string(),
            source: failure.into(),
        })
    }
}

/// Of connections that hang, so many are tried.
const ATTEMPTS: u32 = 4;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// Notes whether the server asked for a certificate; it gets none.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl Asked {
    async fn at(address: SocketAddr) -> io::Result<Spoken> {
        let asked = Arc::new(Self::default());
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Anybody::verifier())
            .with_client_cert_resolver(Arc::clone(&asked) as _);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::IpAddress(address.ip().into());
        let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let tls = match shaken.await {
            Ok(_) => true,
            Err(error) => is_tls(error)?,
        };
        Ok(Spoken {
            endpoint: Endpoint::new(tls, address),
            asks_for_certificate: asked.0.load(Ordering::Relaxed),
        })
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Whether it was TLS by which a handshake failed, where that is known.
fn is_tls(error: io::Error) -> io::Result<bool> {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(TlsError::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        )) => Ok(false),
        // An alert, an expired certificate, a version too old: that is for the client to find.
        Some(_) => Ok(true),
        None => Err(error),
    }
}

/// How servers tell that they do not take our certificate, or miss one: once they have read it, which may be at the
/// first call.
const REFUSALS: [AlertDescription; 6] = [
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::UnsupportedCertificate,
];

/// What they mean for whoever meets them.
pub(crate) const NO_CERTIFICATE: &str =
    "the server wants a certificate of its clients, and took none from us";

/// A connection that ended by one of them.
#[derive(Debug, thiserror::Error)]
#[error("{NO_CERTIFICATE}")]
pub(crate) struct Refused(#[source] transport::Error);

/// What the transport said, in the words of whoever has to do something about it.
pub(crate) fn explained(error: transport::Error) -> Box<dyn error::Error + Send + Sync> {
    let refused = {
        let first: &(dyn error::Error + 'static) = &error;
        std::iter::successors(Some(first), |error| error.source()).any(refuses_our_certificate)
    };
    if refused {
        Refused(error).into()
    } else {
        error.into()
    }
}

/// Whether a connection ended by one of them. HTTP/2 keeps no more of an alert than its words.
pub(crate) fn refuses_our_certificate(cause: &(dyn error::Error + 'static)) -> bool {
    let said = cause.to_string();
    let told = |alert: AlertDescription| TlsError::AlertReceived(alert).to_string();
    REFUSALS
        .into_iter()
        .any(|alert| said.contains(&told(alert)))
}

/// [`Trust::Anybody`], who still has to hold the certificate's key.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl Anybody {
    fn verifier() -> Arc<Self> {
        Arc::new(Self(ring::default_provider()))
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        // Whether a certificate is of today is looked at before who signed it.
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let nobody = RootCertStore::empty();
        let algorithms = self.0.signature_verification_algorithms.all;
        let verified =
            verify_server_cert_signed_by_trust_anchor(&certificate, &nobody, &[], now, algorithms);
        match verified {
            Err(TlsError::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            )) => verified.map(|()| ServerCertVerified::assertion()),
            // No chain leads anywhere without authorities.
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
