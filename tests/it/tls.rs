//! A server that wants certificates of its clients, and passwords too.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Child,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;

use crate::plugin::{Namespace, STANDALONE, kubectl, milvus};

/// The name that the server is known by, which is no address of the stage's.
const NAME: &str = "milvus.example.com";
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
        let params = CertificateParams::new([NAME.to_owned()]).expect("a name");
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

/// As clients do: at an address, with an authority's word for the server's name and a certificate for themselves.
fn verify_at_the_port(namespace: &Namespace, certificates: &Certificates) {
    let connected = Connected::to(namespace);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a text").to_owned()
    };
    let password = "go-template={{.data.password | base64decode}}";
    let password = namespace.kubectl(&["get", "secret", "demo-milvus-root", "-o", password]);
    let password = write("password", &password.exits(0).stdout);
    let authority = write("ca.crt", &certificates.authority);
    let certificate = write("tls.crt", &certificates.certificate);
    let key = write("tls.key", &certificates.key);

    let verify = |more: &[&[&str]]| {
        let login = ["--username", "root", "--password-file", &password];
        let known = ["verify", "--endpoint", &connected.endpoint, "--rows", "200"];
        milvus(&[&known[..], &login, &more.concat()].concat(), "")
    };
    let trusting: &[_] = &["--ca-file", &authority];
    let named: &[_] = &["--server-name", NAME];
    let ours: &[_] = &["--cert-file", &certificate, "--key-file", &key];
    let stranger = verify(&[named, ours]).exits(3).stderr;
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    let nameless = verify(&[trusting, ours]).exits(3).stderr;
    assert!(nameless.contains("not valid for name"), "{nameless}");
    // Why, the server may be too quick to tell.
    verify(&[trusting, named]).exits(3);
    verify(&[trusting, named, ours]).exits(0);
}

/// A local port for as long as this lives.
struct Connected {
    endpoint: String,
    process: Child,
}

impl Connected {
    fn to(namespace: &Namespace) -> Self {
        let mut process = namespace.spawn(&["connect", "-o", "json"], "");
        let stdout = process.stdout.take().expect("it was asked for");
        let mut connected = Self {
            endpoint: String::new(),
            process,
        };
        // The document has several lines, and does not end while the port is there.
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address = lines
            .flat_map(|line| line.split('"').map(str::to_owned).collect::<Vec<_>>())
            .find(|word| word.contains("127.0.0.1:"));
        connected.endpoint = address.expect("an address");
        assert!(
            connected.endpoint.starts_with("https://"),
            "{}",
            connected.endpoint
        );
        connected
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
