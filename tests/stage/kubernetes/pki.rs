//! Keys and certificates of a run: one CA, and one certificate per component with the identity that Kubernetes expects.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde_json::json;

use super::{API_ADDRESS, NODE, NODE_ADDRESS, SERVICE_ADDRESS};

/// Kubeconfig files, with the user and group that Kubernetes' own roles name.
const USERS: &[(&str, &str, Option<&str>)] = &[
    ("admin", "admin", Some("system:masters")),
    ("controller-manager", "system:kube-controller-manager", None),
    ("scheduler", "system:kube-scheduler", None),
    ("proxy", "system:kube-proxy", None),
    ("kubelet", "system:node:node1", Some("system:nodes")),
];

/// A certificate and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

/// Writes `pki/*` and `<user>.kubeconfig` into the run folder.
pub(crate) fn write(run: &Path) -> Result<()> {
    let pki = run.join("pki");
    fs::create_dir_all(&pki)?;
    let (ca, issuer) = authority()?;
    secret(&pki.join("ca.crt"), &ca.certificate)?;
    secret(&pki.join("ca.key"), &ca.key)?;
    let service_accounts = KeyPair::generate()?;
    secret(&pki.join("sa.key"), &service_accounts.serialize_pem())?;
    secret(&pki.join("sa.pub"), &service_accounts.public_key_pem())?;

    let api_names = [
        "127.0.0.1",
        NODE_ADDRESS,
        SERVICE_ADDRESS,
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    pair(
        &pki,
        "apiserver",
        &leaf(&issuer, "kube-apiserver", None, &api_names)?,
    )?;
    pair(
        &pki,
        "kubelet",
        &leaf(&issuer, "system:node:node1", None, &[NODE, NODE_ADDRESS])?,
    )?;
    let client = leaf(
        &issuer,
        "kube-apiserver-kubelet-client",
        Some("system:masters"),
        &[],
    )?;
    pair(&pki, "kubelet-client", &client)?;
    for (file, user, group) in USERS {
        let identity = leaf(&issuer, user, *group, &[])?;
        secret(
            &run.join(format!("{file}.kubeconfig")),
            &kubeconfig(&ca.certificate, &identity)?,
        )?;
    }
    Ok(())
}

fn authority() -> Result<(Pair, Issuer<'static, KeyPair>)> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "kubectl-milvus stage");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
    ];
    let key = KeyPair::generate()?;
    let pair = Pair {
        certificate: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    };
    Ok((pair, Issuer::new(params, key)))
}

fn leaf(
    issuer: &Issuer<'static, KeyPair>,
    name: &str,
    group: Option<&str>,
    names: &[&str],
) -> Result<Pair> {
    let alternatives: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(alternatives)?;
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params
            .distinguished_name
            .push(DnType::OrganizationName, group);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    let key = KeyPair::generate()?;
    Ok(Pair {
        certificate: params.signed_by(&key, issuer)?.pem(),
        key: key.serialize_pem(),
    })
}

/// A kubeconfig that needs no other file.
fn kubeconfig(ca: &str, identity: &Pair) -> Result<String> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "stage", "cluster": {
            "server": format!("https://{API_ADDRESS}"),
            "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": "stage", "user": {
            "client-certificate-data": STANDARD.encode(&identity.certificate),
            "client-key-data": STANDARD.encode(&identity.key),
        }}],
        "contexts": [{"name": "stage", "context": {"cluster": "stage", "user": "stage"}}],
        "current-context": "stage",
    });
    Ok(serde_json::to_string_pretty(&config)?)
}

fn pair(dir: &Path, name: &str, pair: &Pair) -> Result<()> {
    secret(&dir.join(format!("{name}.crt")), &pair.certificate)?;
    secret(&dir.join(format!("{name}.key")), &pair.key)
}

/// Writes a file that only its owner may read.
fn secret(path: &Path, text: &str) -> Result<()> {
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
