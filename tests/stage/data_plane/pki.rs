//! Keys and certificates of the data plane: one private CA, and one certificate for Kafka, S3 and the AWS half.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::kubernetes::NODE_ADDRESS;

/// Names and addresses that Kafka and S3 are reached by.
const NAMES: &[&str] = &[
    "localhost",
    "127.0.0.1",
    NODE_ADDRESS,
    "kafka.stage.test",
    "s3.stage.test",
    // AWS, as pods know it: one server answers for all of it.
    "sts.amazonaws.com",
    "*.us-west-2.amazonaws.com",
    "*.s3.us-west-2.amazonaws.com",
];

/// Writes `ca.crt`, `server.crt`, `server.key`, `keystore.pem` (what Kafka reads), and `ssl/`, which has the shape of
/// a system's `/etc/ssl` that trusts this CA alone.
pub(super) fn write(dir: &Path) -> Result<()> {
    let certs = dir.join("ssl/certs");
    fs::create_dir_all(&certs).with_context(|| format!("creating {}", certs.display()))?;
    let (authority, issuer) = authority()?;
    let (certificate, key) = server(&issuer)?;
    // OpenSSL, which is inside librdkafka, reads `cert.pem`; Go and curl read the bundle.
    for path in ["ca.crt", "ssl/cert.pem", "ssl/certs/ca-certificates.crt"] {
        fs::write(dir.join(path), &authority).with_context(|| format!("writing {path}"))?;
    }
    secret(&dir.join("server.key"), &key)?;
    secret(
        &dir.join("keystore.pem"),
        &[key, certificate.clone(), authority].concat(),
    )?;
    // Written last: a folder that has it is whole.
    fs::write(dir.join("server.crt"), certificate).context("writing server.crt")
}

/// Whether [`write`] came to its end there.
pub(super) fn is_there(dir: &Path) -> bool {
    dir.join("server.crt").exists()
}

fn authority() -> Result<(String, Issuer<'static, KeyPair>)> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "kubectl-milvus stage data plane");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), Issuer::new(params, key)))
}

fn server(issuer: &Issuer<'static, KeyPair>) -> Result<(String, String)> {
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "kubectl-milvus stage server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, issuer)?.pem(), key.serialize_pem()))
}

/// Writes a file that only its owner may read.
pub(super) fn secret(path: &Path, text: &str) -> Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("creating {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("writing {}", path.display()))
}
