//! A server that wants certificates of its clients, and passwords too.

use std::{fs, io::BufRead as _, io::BufReader, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;

use crate::plugin::{Namespace, STANDALONE, kubectl, milvus};

/// The second name under which the stage has the server.
const TO: &str = "2.3.13";

/// Certificates as cert-manager lays them into a Secret.
struct Certificates {
    authority: String,
    certificate: String,
    key: String,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("signed");
        let names = ["milvus.example.com", "127.0.0.1"].map(str::to_owned);
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &authority).expect("signed");
        Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    fn store(&self, namespace: &Namespace) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "server", "namespace": namespace.name},
            "stringData": {"ca.crt": self.authority, "tls.crt": self.certificate, "tls.key": self.key},
        });
        kubectl(&["apply", "-f", "-"], &secret.to_string()).exits(0);
    }
}

#[test]
fn a_server_with_certificates_and_logins_is_installed_verified_and_upgraded() {
    let (namespace, certificates) = (Namespace::new("tls"), Certificates::new());
    certificates.store(&namespace);
    let file = format!("{STANDALONE}authorization: true\ntls: {{mode: mutual, secret: server}}\n");
    let installed = namespace.milvus(&["install", "-f", "-", "-o", "json"], &file);
    let installed = installed.exits(0).result_of("install");
    assert_eq!(installed["verified"], true, "{installed}");
    verify_at_the_port(&namespace, &certificates);

    let upgrade = ["upgrade", "--to", TO, "-f", "-", "-o", "json"];
    let upgraded = namespace.milvus(&upgrade, &file);
    assert_eq!(upgraded.exits(0).result_of("upgrade")["changed"], true);
}

/// As clients do: at an address, with an authority's word for the server and a certificate for themselves.
fn verify_at_the_port(namespace: &Namespace, certificates: &Certificates) {
    let mut connect = namespace.spawn(&["connect", "-o", "json"], "");
    let mut line = String::new();
    let stdout = connect.stdout.take().expect("it was asked for");
    // The document has several lines; the port is in the one with the address.
    for read in BufReader::new(stdout).lines() {
        line = read.expect("a text");
        if line.contains("endpoint") {
            break;
        }
    }
    let endpoint = line.split('"').find(|word| word.contains("://"));
    let endpoint = endpoint.unwrap_or_else(|| panic!("no address: {line}"));
    assert!(endpoint.starts_with("https://127.0.0.1:"), "{endpoint}");

    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        text_of(&path)
    };
    let login = namespace.kubectl(&[
        "get",
        "secret",
        "demo-milvus-root",
        "-o",
        "go-template={{.data.password | base64decode}}",
    ]);
    let password = write("password", &login.exits(0).stdout);
    let authority = write("ca.crt", &certificates.authority);
    let (certificate, key) = (
        write("tls.crt", &certificates.certificate),
        write("tls.key", &certificates.key),
    );
    let known = [
        "verify",
        "--endpoint",
        endpoint,
        "--username",
        "root",
        "--password-file",
        &password,
        "--rows",
        "200",
    ];
    let trusting = ["--ca-file", &authority];
    let ours = ["--cert-file", &certificate, "--key-file", &key];
    let stranger = milvus(&[&known[..], &ours].concat(), "").exits(3).stderr;
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    let nobody = milvus(&[&known[..], &trusting].concat(), "")
        .exits(3)
        .stderr;
    assert!(
        nobody.contains("wants a certificate of its clients"),
        "{nobody}"
    );
    let verified = milvus(&[&known[..], &trusting, &ours].concat(), "");
    verified.exits(0);
    connect.kill().expect("it runs");
    connect.wait().expect("it ends");
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("a text").to_owned()
}
