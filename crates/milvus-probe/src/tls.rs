//! TLS: whom to take for the server, who we are to it, and whether a port speaks it at all.

use std::{error, io, net::SocketAddr, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError,
        RootCertStore, SignatureScheme,
        client::{
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_cert_signed_by_trust_anchor,
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
        server::ParsedCertificate,
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

/// The address with the scheme that its port speaks: a server answers what TLS begins with by TLS or by its refusal.
pub(crate) async fn spoken_at(address: SocketAddr, limit: Duration) -> Result<Endpoint, Error> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Connect {
        endpoint: address.to_string(),
        source,
    };
    let asked = tokio::time::timeout(limit, speaks_tls(address)).await;
    let tls = asked
        .map_err(|elapsed| failed(elapsed.into()))?
        .map_err(|error| failed(error.into()))?;
    Ok(Endpoint::new(tls, address))
}

async fn speaks_tls(address: SocketAddr) -> io::Result<bool> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Anybody::verifier())
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::IpAddress(address.ip().into());
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match shaken.await {
        Ok(_) => Ok(true),
        Err(error) => is_tls(error),
    }
}

/// How a server that waits for HTTP/2 takes its leave.
const LEAVES: [io::ErrorKind; 4] = [
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::BrokenPipe,
];

/// Whether it was TLS by which a handshake failed.
fn is_tls(error: io::Error) -> io::Result<bool> {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(TlsError::InvalidMessage(_)) => Ok(false),
        // An alert, an expired certificate, a version too old: that is for the client to find.
        Some(_) => Ok(true),
        None if LEAVES.contains(&error.kind()) => Ok(false),
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
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        // Whether a certificate is of today is looked at before who signed it.
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let nobody = RootCertStore::empty();
        let algorithms = self.0.signature_verification_algorithms.all;
        let verified = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &nobody,
            intermediates,
            now,
            algorithms,
        );
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
