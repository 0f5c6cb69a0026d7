//! Pods admitted as by OpenShift's `restricted-v2`, in the namespaces that ask for it: started when a test asks, ended with the
//! stage. The API group by which OpenShift is known is not served: other tests run in the same cluster meanwhile.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::NODE_ADDRESS;
use crate::cache::Cache;
use crate::control::{Component, Stage, State};
use crate::lifecycle;
use crate::wait;

const NAME: &str = "openshift-scc";
const PORT: u16 = 9444;
const LIMIT: Duration = Duration::from_secs(30);
/// Namespaces with this label are OpenShift's.
const LABEL: (&str, &str) = ("kubectl-milvus-stage/scc", "restricted-v2");
/// The first user that OpenShift gives such a namespace; also its `fsGroup`.
pub const FIRST_USER: i64 = 1_000_680_000;

/// What a namespace's metadata holds for it, as OpenShift's own controllers write it.
pub fn namespace() -> Value {
    let block = format!("{FIRST_USER}/10000");
    json!({
        "labels": {LABEL.0: LABEL.1},
        "annotations": {
            "openshift.io/sa.scc.uid-range": block, "openshift.io/sa.scc.supplemental-groups": block,
            "openshift.io/sa.scc.mcs": "s0:c26,c15",
        },
    })
}

/// Starts it unless it runs. Callers must be in the stage's network.
pub fn start(cache: &Cache) -> Result<()> {
    let _lock = cache.lock(NAME)?;
    let run = cache.run_dir();
    let stage = Stage::at(&run);
    let reports = stage.components()?;
    let runs =
        |report: &crate::control::Report| report.name == NAME && report.state == State::Running;
    if reports.iter().any(runs) {
        return Ok(());
    }
    let parts = lifecycle::build(cache)?;
    let pki = |name: &str| run.join("pki").join(name).display().to_string();
    let program = parts.dir("stand-ins")?.join("bin/scc");
    let address = format!("{NODE_ADDRESS}:{PORT}");
    // The kubelet's certificate is for the node's address.
    let words = [
        address.clone(),
        pki("kubelet.crt"),
        pki("kubelet.key"),
        run.join("admin.kubeconfig").display().to_string(),
    ];
    stage.start(Component::new(NAME, program).args(words))?;
    wait::tcp(NAME, &address, LIMIT)?;
    let ca = STANDARD.encode(fs::read(run.join("pki/ca.crt")).context("reading the CA")?);
    let kubectl = parts.dir("kubernetes")?.join("bin/kubectl");
    for kind in ["Mutating", "Validating"] {
        let mut apply = Command::new(&kubectl)
            .arg("--kubeconfig")
            .arg(run.join("admin.kubeconfig"))
            .args(["apply", "--server-side", "--field-manager=stage", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("starting kubectl")?;
        let stdin = apply.stdin.take().context("kubectl has no input")?;
        serde_json::to_writer(stdin, &webhook(kind, &address, &ca))?;
        let status = apply.wait()?;
        if !status.success() {
            bail!("applying the webhook of {NAME}: kubectl ended with {status}");
        }
    }
    Ok(())
}

fn webhook(kind: &str, address: &str, ca: &str) -> Value {
    let path = if kind == "Mutating" {
        "mutate"
    } else {
        "validate"
    };
    let mut hook = json!({
        "name": "scc.security.openshift.io", "sideEffects": "None", "failurePolicy": "Fail",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": format!("https://{address}/{path}"), "caBundle": ca},
        "namespaceSelector": {"matchLabels": {LABEL.0: LABEL.1}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    });
    if kind == "Mutating" {
        hook["reinvocationPolicy"] = json!("IfNeeded");
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": format!("{kind}WebhookConfiguration"),
        "metadata": {"name": NAME}, "webhooks": [hook],
    })
}
