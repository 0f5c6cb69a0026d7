//! `cargo xtask demo`: from nothing to a verified Milvus on a real Kubernetes.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use milvus_stage::cache::Cache;
use milvus_stage::{aws, exec, lifecycle, report};

use crate::steps::{self, Steps, cargo};

/// Where the demo's Milvus goes.
const NAMESPACE: &str = "milvus";

#[derive(Args)]
pub(crate) struct Options {
    /// From where it begins.
    #[arg(long, value_enum, default_value_t)]
    target: Target,
}

/// From where a demo begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Target {
    /// An empty AWS account of the stage, and its real Kubernetes, Kafka and S3.
    #[default]
    Aws,
    /// The stage's Kubernetes alone.
    Kubernetes,
}

impl Target {
    /// What is installed.
    fn file(self) -> &'static str {
        match self {
            Self::Aws => "tests/stage/aws/demo.yaml",
            Self::Kubernetes => "tests/stage/demo.yaml",
        }
    }

    /// The plugin: the one for users, or the same library on a clock that leaps where AWS alone is waited for.
    fn program(self) -> &'static str {
        match self {
            Self::Aws => "plugin-on-stage",
            Self::Kubernetes => "kubectl-milvus",
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let cache = Cache::open()?;
    lifecycle::check_machine(&cache)?;
    let mut steps = Steps::new();
    let demo = Demo {
        cache: &cache,
        target: options.target,
    };
    let outcome = demo.all(&mut steps);
    steps.summary();
    outcome?;
    demo.look_around()
}

struct Demo<'a> {
    cache: &'a Cache,
    target: Target,
}

impl Demo<'_> {
    fn all(&self, steps: &mut Steps) -> Result<()> {
        // This program itself is not to be replaced while it runs.
        let words = format!("build --quiet --bins {} --exclude xtask", steps::EVERYTHING);
        let plugin = thread::spawn(move || steps::run(&mut cargo(words.split(' '))));
        let parts = steps.step("stage parts, beside the plugin's build", || {
            lifecycle::build(self.cache)
        });
        let built = steps.step("plugin", || {
            plugin
                .join()
                .map_err(|_| anyhow!("building the plugin panicked"))?
        });
        parts?;
        built?;
        steps.step("stage up", || {
            lifecycle::up(self.cache, &std::env::current_exe()?)
        })?;
        if self.target == Target::Aws {
            steps.step("the stage's AWS account", || self.account())?;
        }
        steps.step("kubectl milvus install", || self.install())?;
        steps.step("kubectl milvus verify", || {
            self.kubectl(&["milvus", "verify", "-n", NAMESPACE])
        })?;
        steps.step("what runs", || {
            let kinds = "pods,services,pvc";
            self.kubectl(&["get", kinds, "-n", NAMESPACE, "-o", "wide"])
        })
    }

    fn account(&self) -> Result<()> {
        let exe = std::env::current_exe()?.into_os_string();
        let words = [exe, "stage".into(), "aws".into()];
        steps::run(&mut exec::command(self.cache, &words)?)
    }

    fn install(&self) -> Result<()> {
        let file = self.target.file();
        let mut words = vec!["milvus", "install", "-f", file, "--verify=false"];
        let timeline = self.timeline().display().to_string();
        if self.target == Target::Aws {
            words.extend(["--yes", "--timeline", &timeline]);
        }
        self.kubectl(&words)
    }

    /// Where the time line goes.
    fn timeline(&self) -> PathBuf {
        self.cache.run_dir().join("aws/install.html")
    }

    /// The stage's kubectl, with the plugin just built on its PATH.
    fn kubectl(&self, args: &[&str]) -> Result<()> {
        let words: Vec<OsString> = std::iter::once("kubectl")
            .chain(args.iter().copied())
            .map(OsString::from)
            .collect();
        let mut command = exec::command_with_path(self.cache, &words, &[self.bin()?])?;
        self.at_home(&mut command);
        steps::run(command.current_dir(steps::workspace()))
    }

    fn at_home(&self, command: &mut Command) {
        if self.target == Target::Aws {
            command.envs(aws::environment(self.cache));
        }
    }

    /// A folder where kubectl finds the plugin by its name.
    fn bin(&self) -> Result<PathBuf> {
        let dir = self.cache.run_dir().join("demo-bin");
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        let link = dir.join("kubectl-milvus");
        // What is not there cannot be removed.
        let _absent = fs::remove_file(&link);
        symlink(steps::target()?.join(self.target.program()), &link)
            .with_context(|| format!("linking {}", link.display()))?;
        Ok(dir)
    }

    fn look_around(&self) -> Result<()> {
        let status = lifecycle::status(self.cache)?;
        let names: Vec<_> = status
            .components
            .iter()
            .map(|component| component.name.as_str())
            .collect();
        for line in [
            "",
            "A real Milvus server runs in pods on a real Kubernetes, in namespaces of its own on this machine.",
            "What each part is, and which of them are stand-ins: tests/stage/README.md",
        ] {
            report::line(line);
        }
        if self.target == Target::Aws {
            report::line(
                "The AWS account is a stand-in on virtual time, and the minutes above are its minutes: tests/stage/aws/README.md",
            );
            report::line(format!("  time line   {}", self.timeline().display()));
        }
        report::line(format!("  processes   {}", names.join(", ")));
        report::line(format!("  logs, data  {}", status.run.display()));
        report::line("Look around in it:");
        report::line("  cargo xtask stage exec -- kubectl get pods -A");
        report::line("  cargo xtask stage exec -- bash");
        report::line("Take it down:");
        report::line("  cargo xtask stage down");
        Ok(())
    }
}
