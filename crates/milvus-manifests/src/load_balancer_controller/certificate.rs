//! The certificate of the controller's webhooks: made here, so that no other controller is needed to make it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use k8s_openapi::{
    ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use secrecy::{ExposeSecret, SecretString};

use super::{CONTROLLER_NAMESPACE, WEBHOOK_SERVICE};
use crate::Error;

const DAY: Duration = Duration::from_hours(24);
/// How long it is valid: ten years, as the chart's.
const VALID: Duration = Duration::from_hours(24 * 3650);

/// Keys of the Secret, as `kubernetes.io/tls` has them.
const AUTHORITY: &str = "ca.crt";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// A certificate with its key, and the authority that signed it; the authority's own key is forgotten at once.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Whom the API server trusts, as PEM.
    pub authority: String,
    /// What the webhooks show, as PEM.
    pub certificate: String,
    key: SecretString,
}

impl Certificate {
    /// Makes one that is valid for ten years.
    pub fn generate(now: SystemTime) -> Result<Self, Error> {
        Self::signed(now).map_err(Error::Certificate)
    }

    fn signed(now: SystemTime) -> Result<Self, rcgen::Error> {
        let authority_name = format!("{WEBHOOK_SERVICE} authority");
        let mut authority = parameters(now, &authority_name, Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let short = format!("{WEBHOOK_SERVICE}.{CONTROLLER_NAMESPACE}");
        let full = format!("{short}.svc");
        let names = vec![full, short];
        let mut serving = parameters(now, WEBHOOK_SERVICE, names)?;
        serving.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        serving.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = serving.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem().into(),
        })
    }

    /// Reads one from its Secret; none where it is not whole.
    pub fn of_secret(secret: &Secret) -> Option<Self> {
        let data = secret.data.as_ref()?;
        let pem = |key: &str| {
            let text = String::from_utf8(data.get(key)?.0.clone()).ok()?;
            text.starts_with("-----BEGIN ").then_some(text)
        };
        Some(Self {
            authority: pem(AUTHORITY)?,
            certificate: pem(CERTIFICATE)?,
            key: pem(KEY)?.into(),
        })
    }

    /// The Secret that holds it.
    pub(super) fn secret(&self, metadata: ObjectMeta) -> Secret {
        let entry = |key: &str, pem: &str| (key.to_owned(), ByteString(pem.as_bytes().to_vec()));
        Secret {
            metadata,
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(BTreeMap::from([
                entry(AUTHORITY, &self.authority),
                entry(CERTIFICATE, &self.certificate),
                entry(KEY, self.key.expose_secret()),
            ])),
            ..Secret::default()
        }
    }
}

fn parameters(
    now: SystemTime,
    name: &str,
    alternatives: Vec<String>,
) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(alternatives)?;
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    // Clocks differ.
    parameters.not_before = epoch + since_epoch.saturating_sub(DAY);
    parameters.not_after = epoch + since_epoch + VALID;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    };

    use super::*;

    /// Whether a client that trusts the authority alone would talk to a server of that name then.
    fn is_trusted(certificate: &Certificate, name: &str, at: SystemTime) -> bool {
        let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(der(&certificate.authority)).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let shown = der(&certificate.certificate);
        let verifier = verifier.build().unwrap();
        verifier
            .verify_server_cert(&shown, &[], &name, &[], at)
            .is_ok()
    }

    #[test]
    fn the_api_server_trusts_it_for_the_webhooks_service_and_ten_years() {
        let now = SystemTime::now();
        let made = Certificate::generate(now).unwrap();
        let service = "aws-load-balancer-webhook-service.kube-system.svc";
        assert!(is_trusted(&made, service, now));
        assert!(is_trusted(&made, service, now + DAY * 3649));
        assert!(!is_trusted(&made, service, now + DAY * 3651));
        assert!(!is_trusted(&made, service, now - DAY * 2));
        assert!(!is_trusted(&made, "another-service.kube-system.svc", now));
        let other = Certificate::generate(now).unwrap();
        let mixed = Certificate {
            authority: other.authority,
            ..made
        };
        assert!(!is_trusted(&mixed, service, now));
    }

    #[test]
    fn a_certificate_survives_its_secret_and_its_key_is_not_shown() {
        let made = Certificate::generate(SystemTime::now()).unwrap();
        let secret = made.secret(ObjectMeta::default());
        assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/tls"));
        let read = Certificate::of_secret(&secret).unwrap();
        assert_eq!(read.authority, made.authority);
        assert_eq!(read.certificate, made.certificate);
        assert_eq!(read.key.expose_secret(), made.key.expose_secret());
        assert_ne!(made.authority, made.certificate);
        assert!(!format!("{made:?}").contains("PRIVATE KEY"));
        for key in [AUTHORITY, CERTIFICATE, KEY] {
            let mut broken = secret.clone();
            broken.data.as_mut().unwrap().remove(key);
            assert!(Certificate::of_secret(&broken).is_none(), "{key}");
        }
    }
}
