//! What no new installation should have, and may run all the same.

use super::{
    Amounts, BACKEND_PROTOCOL, ComponentSpec, Etcd, Memory, Resources,
    diagnostic::Path,
    file::{InstallationFile, Mode},
    rules::Broken,
};
use crate::topology::{self, Partner, Role};

/// The least memory that a Milvus process starts in.
const SMALLEST_MEMORY: Memory = Memory::from_mib(128);

/// Whether an installation is to be made, or runs already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is to be made: what must not be installed is refused.
    #[default]
    New,
    /// It runs already, whatever is known against it: it is taken over, brought away from there, or removed.
    Runs,
}

/// How much is against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// It must not be installed anew.
    NotAnew,
    /// It is unwise, and the user's to decide.
    Unwise,
}

/// What is against an installation without being impossible.
#[derive(Default)]
pub(super) struct Findings(Vec<(Severity, Broken)>);

impl Findings {
    /// Everything that is against a file.
    pub(super) fn of(file: &InstallationFile) -> Self {
        let mut findings = Self::default();
        findings.version(file);
        findings.ingress(file);
        match (file.mode(), &file.standalone, &file.cluster) {
            (Mode::Standalone, Some(standalone), _) => {
                let path = Path::of(&["standalone"]);
                findings.resources(&path.key("resources"), &standalone.resources);
                findings.etcd(standalone.etcd.as_ref(), &path);
            }
            (Mode::Cluster, _, Some(cluster)) => {
                let path = Path::of(&["cluster"]);
                let components = path.key("components");
                for (role, spec) in &cluster.components {
                    findings.component(file, *role, spec, &components.key(role.key()));
                }
                findings.etcd(Some(&cluster.etcd), &path);
            }
            _ => {}
        }
        if let Some(resources) = file.attu.as_ref().and_then(|attu| attu.resources.as_ref()) {
            findings.resources(&Path::of(&["attu", "resources"]), resources);
        }
        findings
    }

    /// What is in the way of an installation.
    pub(super) fn refused(&self, standing: Standing) -> impl Iterator<Item = &Broken> {
        self.those(move |severity| severity == Severity::NotAnew && standing == Standing::New)
    }

    /// What is only said of it.
    pub(super) fn warned(&self, standing: Standing) -> impl Iterator<Item = &Broken> {
        self.those(move |severity| severity == Severity::Unwise || standing == Standing::Runs)
    }

    fn those(&self, are: impl Fn(Severity) -> bool) -> impl Iterator<Item = &Broken> {
        let found = self.0.iter();
        found.filter_map(move |(severity, broken)| are(*severity).then_some(broken))
    }

    fn push(&mut self, severity: Severity, path: Path, message: String) {
        self.0.push((severity, (path, message)));
    }

    fn version(&mut self, file: &InstallationFile) {
        let line = topology::line_of(file.version());
        let text = file.version().to_string();
        if let Some(bad) = line.known_bad.iter().find(|bad| bad.version == text) {
            let (major, minor, patch) = line.newest;
            let message = format!(
                "{text} must not be installed: {}; write `{major}.{minor}.{patch}`",
                bad.because
            );
            self.push(Severity::NotAnew, Path::of(&["version"]), message);
        }
    }

    /// A server with TLS does not understand gRPC without.
    fn ingress(&mut self, file: &InstallationFile) {
        let Some(ingress) = file.ingress.as_ref().filter(|_| file.speaks_tls()) else {
            return;
        };
        let said = ingress.annotations.iter();
        let mut said = said.filter(|(key, _)| key.as_str() == BACKEND_PROTOCOL);
        if said.any(|(_, value)| value.eq_ignore_ascii_case("GRPC")) {
            let path = Path::of(&["ingress", "annotations"]).key(BACKEND_PROTOCOL);
            let message = "is `GRPC`, and the server speaks TLS: clients get no answer through the ingress; write `GRPCS`";
            self.push(Severity::Unwise, path, message.to_owned());
        }
    }

    fn component(
        &mut self,
        file: &InstallationFile,
        role: Role,
        spec: &ComponentSpec,
        path: &Path,
    ) {
        let version = file.version();
        let several = spec.replicas.filter(|replicas| replicas.get() > 1);
        if let Some(replicas) = several.filter(|_| role.is_coordinator())
            && let Some(pair) =
                topology::line_of(version).bad_pair(Partner::SecondCoordinator, version)
        {
            let newest = super::MilvusVersion::newest_of(version.line());
            let message = format!(
                "is {replicas}, and with Milvus {version} {}; write `1`, or `version: {newest}`",
                pair.because
            );
            self.push(Severity::NotAnew, path.key("replicas"), message);
        }
        // The usual resources ask for both, and are large enough.
        if let Some(resources) = &spec.resources {
            self.resources(&path.key("resources"), resources);
            self.autoscaling(spec, resources, &path.key("autoscaling"));
        }
    }

    /// An autoscaler by percent does nothing as long as nothing is requested.
    fn autoscaling(&mut self, spec: &ComponentSpec, resources: &Resources, path: &Path) {
        let Some(scaling) = spec.autoscaling else {
            return;
        };
        let Resources { requests, limits } = resources;
        let cpu = requests.cpu.is_some() || limits.cpu.is_some();
        let memory = requests.memory.is_some() || limits.memory.is_some();
        for (key, what, percent, asked) in [
            ("cpuPercent", "cpu", scaling.cpu_percent, cpu),
            ("memoryPercent", "memory", scaling.memory_percent, memory),
        ] {
            if percent.is_some() && !asked {
                let message = format!(
                    "is a part of what is requested, and nothing is: the autoscaler cannot work until that is set; write `resources: {{requests: {{{what}: …}}}}`"
                );
                self.push(Severity::Unwise, path.key(key), message);
            }
        }
    }

    fn etcd(&mut self, etcd: Option<&Etcd>, path: &Path) {
        if let Some(Etcd::InCluster(own)) = etcd {
            let path = path.key("etcd").key("inCluster").key("resources");
            self.resources(&path, &own.resources);
        }
    }

    fn resources(&mut self, path: &Path, resources: &Resources) {
        let small = |amounts: &Amounts| amounts.memory.filter(|memory| *memory < SMALLEST_MEMORY);
        if let Some(memory) = small(&resources.limits) {
            let message = format!("is {memory}, nothing starts in less than `{SMALLEST_MEMORY}`");
            let path = path.key("limits").key("memory");
            self.push(Severity::NotAnew, path, message);
        }
        if let Some(memory) = small(&resources.requests) {
            let message = format!(
                "is {memory}, and nothing starts in less than `{SMALLEST_MEMORY}`: the scheduler may put the pod where there is no room for it"
            );
            let path = path.key("requests").key("memory");
            self.push(Severity::Unwise, path, message);
        }
    }
}
