//! Starts Kubernetes inside the stage's namespaces, everything as early as what it needs allows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{API_ADDRESS, DNS_ADDRESS, NODE, NODE_ADDRESS, OIDC_ISSUER, addons, pki};
use crate::cgroup;
use crate::control::{Component, Stage};
use crate::parts::Parts;
use crate::report;
use crate::wait::{self, Look};

/// For every single step of the start.
pub(super) const LIMIT: Duration = Duration::from_secs(90);
const ETCD: &str = "127.0.0.1:2379";
const PODS: &str = "10.244.0.0/16";
const SERVICES: &str = "10.96.0.0/16";
/// Whose tokens are accepted besides those of [`OIDC_ISSUER`], in whose name all are signed.
const OTHER_ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// Starts the control plane and the node, and waits until pods can run, names resolve and volumes are provisioned.
pub fn bring_up(stage: &Stage, parts: &Parts) -> Result<()> {
    let node = Node {
        stage,
        run: stage.run_dir(),
        debian: parts.dir("debian")?,
        kubernetes: parts.dir("kubernetes")?,
    };
    let start = Instant::now();
    let step =
        |what: &str| report::line(format!("  {:>6}  {what}", report::seconds(start.elapsed())));
    node.network()?;
    node.mounts()?;
    pki::write(node.run)?;
    node.files()?;
    node.start_etcd()?;
    node.containerd_root(parts.dir("containerd-images")?)?;
    node.start_containerd()?;
    wait::tcp("etcd", ETCD, LIMIT)?;
    step("etcd answers");
    node.start_api_server()?;
    node.wait_ready("kube-apiserver", || {
        node.kubectl(&["get", "--raw", "/readyz"]).map(drop)
    })?;
    step("API server ready");
    node.start_others()?;
    addons::apply(&node)?;
    step("DNS and volume provisioner applied");
    node.wait_ready("kubelet", || node.kubectl(&["get", "node", NODE]).map(drop))?;
    node.kubectl_wait(&["wait", "--for=condition=Ready", &format!("node/{NODE}")])?;
    step("node ready");
    addons::wait_ready(&node)?;
    step("DNS and volume provisioner ready");
    Ok(())
}

/// What every step of the start needs to know.
pub(super) struct Node<'a> {
    stage: &'a Stage,
    pub(super) run: &'a Path,
    debian: &'a Path,
    kubernetes: &'a Path,
}

impl Node<'_> {
    /// Loopback, the node's own address, and a way for every other one: nothing leads outside.
    fn network(&self) -> Result<()> {
        let address = format!("{NODE_ADDRESS}/24");
        for args in [
            "link set lo up",
            "link add stage0 type bridge",
            &format!("addr add {address} dev stage0"),
            "link set stage0 up",
            "route add default dev stage0",
        ] {
            self.tool("ip", &args.split(' ').collect::<Vec<_>>())?;
        }
        fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("allowing packets between pods")
    }

    /// Folders that programs write to whatever they are told: private ones in their place.
    fn mounts(&self) -> Result<()> {
        self.tool("mount", &["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])?;
        self.tool(
            "mount",
            &["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib"],
        )?;
        self.tool(
            "mount",
            &["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log"],
        )?;
        for dir in ["containerd", "cni", "etcd", "netns"] {
            fs::create_dir_all(Path::new("/run").join(dir))?;
        }
        for dir in [
            "tmp",
            "cni",
            "kubelet",
            "pod-logs",
            "volumes",
            "containerd-opt",
        ] {
            fs::create_dir_all(self.run.join(dir))?;
        }
        Ok(())
    }

    /// Settings files, with this run's paths in them.
    fn files(&self) -> Result<()> {
        self.fill("containerd.toml", include_str!("containerd.toml"))?;
        self.fill("kubelet.yaml", include_str!("kubelet.yaml"))?;
        self.fill("cni/10-stage.conflist", include_str!("cni.json"))?;
        self.fill("token-webhook.json", include_str!("token-webhook.json"))?;
        let search = "search svc.cluster.local cluster.local";
        fs::write(
            self.run.join("resolv.conf"),
            format!("nameserver {DNS_ADDRESS}\n{search}\n"),
        )?;
        Ok(())
    }

    /// Writes a template into the run folder and returns where it is.
    pub(super) fn fill(&self, name: &str, template: &str) -> Result<PathBuf> {
        let text = template
            .replace("@RUN@", &self.run.to_string_lossy())
            .replace("@CNI@", &self.debian.join("cni").to_string_lossy())
            .replace("@CGROUP@", cgroup::NAME);
        let path = self.run.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// The unpacked images, shared with other runs by hard links; only the databases are this run's own.
    fn containerd_root(&self, template: &Path) -> Result<()> {
        let (from, to) = (template.join("root"), self.run.join("containerd"));
        self.tool(
            "cp",
            &["-al", &from.to_string_lossy(), &to.to_string_lossy()],
        )?;
        for database in [
            "io.containerd.metadata.v1.bolt/meta.db",
            "io.containerd.snapshotter.v1.overlayfs/metadata.db",
        ] {
            fs::remove_file(to.join(database))?;
            fs::copy(from.join(database), to.join(database))?;
        }
        Ok(())
    }

    fn start_etcd(&self) -> Result<()> {
        let client = format!("http://{ETCD}");
        let peer = "http://127.0.0.1:2380";
        // In memory: a run's state ends with the run, and nothing waits for the disk.
        self.start(self.component("etcd", self.debian.join("bin/etcd")).args([
            "--data-dir=/run/etcd".to_owned(),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
        ]))
    }

    fn start_containerd(&self) -> Result<()> {
        let settings = self.run.join("containerd.toml");
        let containerd = self.component("containerd", self.debian.join("bin/containerd"));
        self.start(containerd.arg("--config").arg(settings.to_string_lossy()))
    }

    fn start_api_server(&self) -> Result<()> {
        let pki = |name: &str| self.run.join("pki").join(name).display().to_string();
        let (host, port) = API_ADDRESS
            .split_once(':')
            .context("the API server's address has no port")?;
        self.start(
            self.component("kube-apiserver", self.kubernetes.join("bin/kube-apiserver"))
                .args([
                    format!("--etcd-servers=http://{ETCD}"),
                    format!("--advertise-address={host}"),
                    format!("--secure-port={port}"),
                    // Pods reach it at the advertised address, commands of the stage also at 127.0.0.1.
                    "--bind-address=0.0.0.0".to_owned(),
                    format!("--service-cluster-ip-range={SERVICES}"),
                    format!("--tls-cert-file={}", pki("apiserver.crt")),
                    format!("--tls-private-key-file={}", pki("apiserver.key")),
                    format!("--client-ca-file={}", pki("ca.crt")),
                    format!("--service-account-key-file={}", pki("sa.pub")),
                    format!("--service-account-signing-key-file={}", pki("sa.key")),
                    format!("--service-account-issuer={OIDC_ISSUER}"),
                    format!("--service-account-issuer={OTHER_ISSUER}"),
                    // Asked for tokens that are not its own; as long as the AWS half does not run, nobody has any.
                    format!(
                        "--authentication-token-webhook-config-file={}",
                        self.run.join("token-webhook.json").display()
                    ),
                    "--authentication-token-webhook-version=v1".to_owned(),
                    "--authentication-token-webhook-cache-ttl=1s".to_owned(),
                    "--authorization-mode=Node,RBAC".to_owned(),
                    "--enable-admission-plugins=NodeRestriction".to_owned(),
                    "--allow-privileged=true".to_owned(),
                    format!("--kubelet-certificate-authority={}", pki("ca.crt")),
                    format!("--kubelet-client-certificate={}", pki("kubelet-client.crt")),
                    format!("--kubelet-client-key={}", pki("kubelet-client.key")),
                    // exec, logs and port-forward: by name it would ask a DNS server that knows no nodes.
                    "--kubelet-preferred-address-types=InternalIP".to_owned(),
                ]),
        )
    }

    fn start_others(&self) -> Result<()> {
        let run = |name: &str| self.run.join(name).display().to_string();
        self.start(
            self.kubernetes("kube-controller-manager", "controller-manager")
                .args([
                    format!("--service-account-private-key-file={}", run("pki/sa.key")),
                    format!("--root-ca-file={}", run("pki/ca.crt")),
                    format!("--cluster-signing-cert-file={}", run("pki/ca.crt")),
                    format!("--cluster-signing-key-file={}", run("pki/ca.key")),
                    "--use-service-account-credentials=true".to_owned(),
                    "--leader-elect=false".to_owned(),
                    "--node-monitor-period=1s".to_owned(),
                    "--kube-api-qps=100".to_owned(),
                    "--kube-api-burst=200".to_owned(),
                ]),
        )?;
        self.start(
            self.kubernetes("kube-scheduler", "scheduler")
                .args(["--leader-elect=false"]),
        )?;
        self.start(self.kubernetes("kubelet", "kubelet").args([
            format!("--config={}", run("kubelet.yaml")),
            format!("--root-dir={}", run("kubelet")),
            format!("--hostname-override={NODE}"),
            format!("--node-ip={NODE_ADDRESS}"),
        ]))?;
        self.start(self.kubernetes("kube-proxy", "proxy").args([
            format!("--cluster-cidr={PODS}"),
            format!("--hostname-override={NODE}"),
            "--proxy-mode=iptables".to_owned(),
            "--iptables-min-sync-period=100ms".to_owned(),
            // Limits on connections belong to the machine, not to this network namespace.
            "--conntrack-max-per-core=0".to_owned(),
            "--conntrack-min=0".to_owned(),
            "--conntrack-tcp-timeout-established=0".to_owned(),
            "--conntrack-tcp-timeout-close-wait=0".to_owned(),
        ]))
    }

    fn kubernetes(&self, program: &str, user: &str) -> Component {
        let kubeconfig = self.run.join(format!("{user}.kubeconfig"));
        self.component(program, self.kubernetes.join("bin").join(program))
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
    }

    fn component(&self, name: &str, program: PathBuf) -> Component {
        let mut component = Component::new(name, program);
        for (name, value) in self.env() {
            component = component.env(name, value);
        }
        component
    }

    /// Where programs out of Debian packages find each other, their libraries and their plugins.
    fn env(&self) -> [(&'static str, String); 4] {
        let host = std::env::var("PATH").unwrap_or_default();
        [
            (
                "PATH",
                format!(
                    "{}:{host}:/usr/sbin:/sbin",
                    self.debian.join("bin").display()
                ),
            ),
            (
                "LD_LIBRARY_PATH",
                self.debian.join("lib").display().to_string(),
            ),
            (
                "XTABLES_LIBDIR",
                self.debian.join("xtables").display().to_string(),
            ),
            ("TMPDIR", self.run.join("tmp").display().to_string()),
        ]
    }

    fn start(&self, component: Component) -> Result<()> {
        self.stage.start(component)
    }

    /// Waits until `look` succeeds, and fails at once if the component has ended.
    fn wait_ready(&self, name: &str, look: impl Fn() -> Result<()>) -> Result<()> {
        wait::until(name, LIMIT, || {
            self.stage.still_runs(name)?;
            Ok(match look() {
                Ok(()) => Look::Done(()),
                Err(error) => Look::NotYet(format!("{error:#}")),
            })
        })
    }

    /// Runs the stage's kubectl as its administrator and returns what it wrote.
    pub(super) fn kubectl(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(self.kubernetes.join("bin/kubectl"));
        let cache = self.run.join("tmp/kubectl-cache");
        command
            .arg("--kubeconfig")
            .arg(self.run.join("admin.kubeconfig"))
            .arg("--cache-dir")
            .arg(cache);
        output(command.args(args))
    }

    /// The same for commands that wait by themselves.
    pub(super) fn kubectl_wait(&self, args: &[&str]) -> Result<String> {
        self.kubectl(&[args, &[&format!("--timeout={}s", LIMIT.as_secs())]].concat())
    }

    fn tool(&self, program: &str, args: &[&str]) -> Result<()> {
        // Looked up by the PATH that it gets, as a shell would.
        output(Command::new("env").envs(self.env()).arg(program).args(args)).map(drop)
    }
}

fn output(command: &mut Command) -> Result<String> {
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{program} {}: {}: {}",
            words.join(" "),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
