//! The Kafka broker as Amazon MSK offers it: SASL/SCRAM over TLS on port 9096.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::pki;
use crate::control::Component;
use crate::kubernetes::{NODE, NODE_ADDRESS};

const PROPERTIES: &str = include_str!("kafka/server.properties");
/// The broker's own login, with which it talks to itself.
pub(super) const BROKER_PASSWORD: &str = "broker-of-the-stage";

/// The broker's settings.
pub(super) fn properties() -> String {
    PROPERTIES
        .replace("NODE_ADDRESS", NODE_ADDRESS)
        .replace("BROKER_PASSWORD", BROKER_PASSWORD)
}

/// Settings of a client that may do everything: the broker's own login.
pub(super) fn admin_properties(ca: &Path) -> String {
    format!(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nssl.truststore.type=PEM\nssl.truststore.location={}\n\
         sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"broker\" password=\"{BROKER_PASSWORD}\";\n",
        ca.display()
    )
}

/// A user's login as Kafka's tool reads it from a file: Java's properties, in which only letters and digits speak for
/// themselves.
pub(super) fn user_properties(password: &str) -> String {
    let units = password.encode_utf16();
    let escaped: Vec<_> = units.map(|unit| format!("\\u{unit:04x}")).collect();
    format!("SCRAM-SHA-512=password={}\n", escaped.concat())
}

/// Writes the broker's folder, anew: a broker that ended may have left half a log.
pub(super) fn component(name: &str, part: &Path, dir: &Path, pki: &Path) -> Result<Component> {
    crate::cache::remove(dir)?;
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    pki::secret(&dir.join("server.properties"), &properties())?;
    // Every login asks for the name of the address that it came to, and a DNS server that is not there takes five seconds.
    let hosts = format!("127.0.0.1 localhost\n{NODE_ADDRESS} {NODE}\n");
    fs::write(dir.join("hosts"), hosts).context("writing the broker's hosts")?;
    for (from, to) in [
        ("keystore.pem", "keystore.pem"),
        ("ca.crt", "truststore.pem"),
    ] {
        fs::copy(pki.join(from), dir.join(to)).with_context(|| format!("copying {from}"))?;
    }
    let copied = Command::new("cp")
        .arg("-r")
        .args([&part.join("data"), &dir.join("data")])
        .status()
        .context("starting cp (Debian package coreutils)")?;
    if !copied.success() {
        bail!(
            "copying Kafka's formatted folder to {} failed: {copied}",
            dir.display()
        );
    }
    Ok(Component::new(name, "java")
        .args([
            "-Xms128m",
            "-Xmx384m",
            "-XX:+UseSerialGC",
            // One machine for everything: a short start matters more than a fast broker.
            "-XX:TieredStopAtLevel=1",
            "-Djdk.net.hosts.file=hosts",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
            "-cp",
        ])
        .arg(format!("{}/libs/*", part.display()))
        .args(["kafka.Kafka", "server.properties"])
        .dir(dir))
}
