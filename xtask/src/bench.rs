//! `cargo xtask bench`: figures beside those of the peer, in the same run, written to docs/benchmarks.md.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use milvus_stage::cache::Cache;
use milvus_stage::data_plane::{Server, Shape, peer};
use milvus_stage::parts::Parts;
use milvus_stage::{exec, lifecycle, report};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    release,
    steps::{self, Steps, cargo},
};

/// Runs of what takes milliseconds.
const SHORT_RUNS: usize = 40;
/// Runs, in turn with the peer, of what takes seconds.
const PAIRS: usize = 5;
/// Rows and dimension of the insert.
const INSERT: [&str; 2] = ["100000", "128"];
/// An installation's file.
pub(crate) const INSTALLATION: &str = "tests/stage/demo.yaml";
/// How the guide's values are rendered, which come last.
pub(crate) const RENDER_VALUES: [&str; 6] = [
    "render",
    "--release",
    "demo-milvus",
    "--milvus-version",
    "2.4.5",
    "--helm-values",
];
/// The guide's values.
pub(crate) const VALUES: &str = "crates/milvus-manifests/tests/golden/helm/values/a-guide.yaml";
/// Where the figures go.
const FILE: &str = "docs/benchmarks.md";

#[derive(Args)]
pub(crate) struct Options {
    /// Measure this plugin, a release that is there already, in place of building one
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Only measure the plugin: everything is built, and this process is in the stage's network.
    #[arg(long, hide = true, requires = "plugin")]
    inside: bool,
    /// What was measured before the stage was up.
    #[arg(long, hide = true, value_name = "JSON", default_value = "[]")]
    measured: String,
    /// Folder of the official Helm chart 4.1.34, to compare `render` with `helm template`; without it that row is left out
    #[arg(long, value_name = "DIR")]
    chart: Option<PathBuf>,
    /// The AWS CLI, to compare `eks-token` with `aws eks get-token`; without it that row is left out
    #[arg(long, value_name = "FILE")]
    aws: Option<PathBuf>,
}

/// One row of the table: ours beside the peer's, as medians.
#[derive(Serialize, Deserialize)]
struct Figure {
    what: String,
    ours: f64,
    peer: f64,
    peer_is: String,
    unit: String,
    runs: usize,
    /// What ours may take of the peer's at most, where that is promised.
    promise: Option<f64>,
}

impl Figure {
    fn ratio(&self) -> f64 {
        self.ours / self.peer
    }

    fn breaks_promise(&self) -> bool {
        self.promise.is_some_and(|most| self.ratio() > most)
    }
}

/// `render` takes at most this of `helm template`'s time.
const RENDER: f64 = 1.0 / 50.0;
/// `eks-token` takes at most this of the AWS CLI's time: kubectl calls it anew for each of its own calls.
const EKS_TOKEN: f64 = 1.0 / 30.0;

pub(crate) fn run(options: &Options) -> Result<()> {
    let cache = Cache::open()?;
    if let Some(plugin) = options.plugin.as_ref().filter(|_| options.inside) {
        let short = serde_json::from_str(&options.measured)?;
        return measure(&cache, plugin, short);
    }
    lifecycle::check_machine(&cache)?;
    let mut steps = Steps::new();
    let plugin = steps.step("build for release", || {
        let plugin = match &options.plugin {
            Some(plugin) => std::path::absolute(plugin)?,
            None => release::build()?,
        };
        let insert = [
            "build",
            "--quiet",
            "--release",
            "--package",
            "milvus-probe",
            "--examples",
        ];
        steps::run(&mut cargo(insert))?;
        Ok(plugin)
    })?;
    let parts = steps.step("stage parts", || lifecycle::build(&cache))?;
    let short = steps.step("measure what needs no stage", || {
        measure_short(&parts, &plugin, options)
    })?;
    report::line(page(&short)?);
    let was_up = lifecycle::status(&cache)?.up;
    let exe = std::env::current_exe()?;
    steps.step("stage up", || lifecycle::up(&cache, &exe))?;
    let measured = steps.step("measure", || {
        let mut words = vec![exe.into(), "bench".into(), "--inside".into()];
        words.extend(["--plugin".into(), plugin.into()]);
        words.extend(["--measured".into(), serde_json::to_string(&short)?.into()]);
        steps::run(&mut exec::command(&cache, &words)?)
    });
    if !was_up {
        steps.step("stage down", || lifecycle::down(&cache))?;
    }
    measured
}

/// What takes milliseconds, while nothing of the stage takes turns with it.
fn measure_short(parts: &Parts, plugin: &Path, options: &Options) -> Result<Vec<Figure>> {
    let kubectl = parts.dir("kubernetes")?.join("bin/kubectl");
    let mut figures = vec![start(plugin, &kubectl)?];
    if let Some(chart) = &options.chart {
        let helm = parts.dir("helm")?.join("bin/helm");
        figures.push(render_values(plugin, &helm, chart)?);
    }
    if let Some(aws) = &options.aws {
        figures.push(eks_token(plugin, aws)?);
    }
    Ok(figures)
}

fn measure(cache: &Cache, plugin: &Path, mut figures: Vec<Figure>) -> Result<()> {
    let release = steps::target()?.with_file_name("release");
    figures.push(render(plugin, &steps::workspace().join(INSTALLATION))?);
    let server = Server::start(cache, Shape::Standalone)?;
    figures.push(verify(cache, plugin, &server)?);
    figures.push(insert(cache, &release.join("examples/insert"), &server)?);
    let text = page(&figures)?;
    report::line(&text);
    std::fs::write(steps::workspace().join(FILE), text)
        .with_context(|| format!("writing {FILE}"))?;
    match figures.iter().find(|figure| figure.breaks_promise()) {
        Some(figure) => bail!("{} takes more than is promised", figure.what),
        None => Ok(()),
    }
}

/// From nothing to an answer, against kubectl's own.
fn start(plugin: &Path, kubectl: &Path) -> Result<Figure> {
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..SHORT_RUNS {
        ours.push(seconds(Command::new(plugin).arg("version"))?);
        peer.push(seconds(
            Command::new(kubectl).args(["version", "--client"]),
        )?);
    }
    Ok(Figure {
        what: "start: `kubectl-milvus version`".to_owned(),
        ours: median(ours) * 1e3,
        peer: median(peer) * 1e3,
        peer_is: "`kubectl version --client`".to_owned(),
        unit: "ms".to_owned(),
        runs: SHORT_RUNS,
        promise: None,
    })
}

/// A token for a cluster of EKS, signed on the spot by both.
fn eks_token(plugin: &Path, aws: &Path) -> Result<Figure> {
    let of = ["--cluster-name", "demo", "--region", "us-west-2"];
    let by_anybody = |command: &mut Command| {
        command
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
            ])
            .env_remove("AWS_PROFILE");
    };
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..SHORT_RUNS {
        let mut token = Command::new(plugin);
        by_anybody(token.arg("eks-token").args(of));
        ours.push(seconds(&mut token)?);
        let mut token = Command::new(aws);
        by_anybody(token.args(["eks", "get-token"]).args(of));
        peer.push(seconds(&mut token)?);
    }
    Ok(Figure {
        what: "`kubectl-milvus eks-token`".to_owned(),
        ours: median(ours) * 1e3,
        peer: median(peer) * 1e3,
        peer_is: "`aws eks get-token` of awscli 1.46.2 (`--aws`)".to_owned(),
        unit: "ms".to_owned(),
        runs: SHORT_RUNS,
        promise: Some(EKS_TOKEN),
    })
}

/// All objects of an installation, against kubectl reading them, for which it asks the API server.
fn render(plugin: &Path, file: &Path) -> Result<Figure> {
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    let rendered = Command::new(plugin)
        .arg("render")
        .arg("-f")
        .arg(file)
        .output()?;
    let objects = tempfile(&rendered.stdout)?;
    for _ in 0..SHORT_RUNS {
        ours.push(seconds(
            Command::new(plugin).arg("render").arg("-f").arg(file),
        )?);
        let read = [
            "create",
            "--dry-run=client",
            "--validate=false",
            "-o",
            "name",
            "-f",
        ];
        peer.push(seconds(Command::new("kubectl").args(read).arg(&objects))?);
    }
    std::fs::remove_file(&objects)?;
    Ok(Figure {
        what: "`kubectl-milvus render` of tests/stage/demo.yaml".to_owned(),
        ours: median(ours) * 1e3,
        peer: median(peer) * 1e3,
        peer_is: "`kubectl create --dry-run=client` of the result".to_owned(),
        unit: "ms".to_owned(),
        runs: SHORT_RUNS,
        promise: None,
    })
}

/// The guide's values, against helm and the chart that they were written for.
fn render_values(plugin: &Path, helm: &Path, chart: &Path) -> Result<Figure> {
    let values = steps::workspace().join(VALUES);
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..SHORT_RUNS {
        let mut render = Command::new(plugin);
        ours.push(seconds(render.args(RENDER_VALUES).arg(&values))?);
        let mut helm = Command::new(helm);
        helm.args(["template", "demo-milvus"])
            .arg(chart)
            .arg("--values");
        peer.push(seconds(helm.arg(&values))?);
    }
    Ok(Figure {
        what: "`kubectl-milvus render --helm-values` of the guide's values".to_owned(),
        ours: median(ours) * 1e3,
        peer: median(peer) * 1e3,
        peer_is: "`helm template` of the official chart 4.1.34 (`--chart`)".to_owned(),
        unit: "ms".to_owned(),
        runs: SHORT_RUNS,
        promise: Some(RENDER),
    })
}

/// The life of a collection of 3000 rows, each a whole process. Ours checks every answer and does more steps.
fn verify(cache: &Cache, plugin: &Path, server: &Server) -> Result<Figure> {
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        ours.push(seconds(Command::new(plugin).args([
            "verify",
            "--endpoint",
            &server.endpoint(),
        ]))?);
        let began = Instant::now();
        peer::hello(cache, &server.endpoint(), None)?;
        peers.push(began.elapsed().as_secs_f64());
    }
    Ok(Figure {
        what: "`kubectl-milvus verify`, 3000 x 8".to_owned(),
        ours: median(ours),
        peer: median(peers),
        peer_is: "pymilvus' hello_milvus".to_owned(),
        unit: "s".to_owned(),
        runs: PAIRS,
        promise: None,
    })
}

/// The calls that insert, without what makes the rows.
fn insert(cache: &Cache, example: &PathBuf, server: &Server) -> Result<Figure> {
    let [rows, dim] = INSERT;
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let output = Command::new(example)
            .args([&server.endpoint(), rows, dim])
            .output()?;
        if !output.status.success() {
            bail!(
                "the insert failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        ours.push(rate(&serde_json::from_slice(&output.stdout)?)?);
        peers.push(rate(&peer::insert(
            cache,
            &server.endpoint(),
            rows.parse()?,
            dim.parse()?,
        )?)?);
    }
    Ok(Figure {
        what: "insert of 100000 x 128, rows per second".to_owned(),
        ours: median(ours),
        peer: median(peers),
        peer_is: "pymilvus".to_owned(),
        unit: "rows/s".to_owned(),
        runs: PAIRS,
        promise: None,
    })
}

fn rate(result: &Value) -> Result<f64> {
    result["rowsPerSecond"]
        .as_f64()
        .context("the result has no rowsPerSecond")
}

/// Wall time of a whole process, which must succeed.
fn seconds(command: &mut Command) -> Result<f64> {
    let began = Instant::now();
    steps::run(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?;
    Ok(began.elapsed().as_secs_f64())
}

fn tempfile(content: &[u8]) -> Result<OsString> {
    let path =
        std::env::temp_dir().join(format!("kubectl-milvus-bench-{}.yaml", std::process::id()));
    std::fs::write(&path, content)?;
    Ok(path.into_os_string())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn page(figures: &[Figure]) -> Result<String> {
    let mut text = String::from(
        "# Benchmarks\n\n`cargo xtask bench` makes this page: it builds for release and measures ours and the peer in turn, in \
         one run: first what needs no server; then, with the stage up, against the same server (Milvus 2.3.5, one process, \
         on etcd, Kafka and S3 of the stage). Medians of whole processes, but for inserts, where the calls alone count. Absolute times are those \
         of one small machine; the ratio is what to look at.\n\n\
         | what | ours | peer | ours / peer | peer is | runs of each |\n|---|---|---|---|---|---|\n",
    );
    for figure in figures {
        let Figure {
            what,
            ours,
            peer,
            peer_is,
            unit,
            runs,
            ..
        } = figure;
        let digits = usize::from(unit != "rows/s");
        writeln!(
            text,
            "| {what} | {ours:.digits$} {unit} | {peer:.digits$} {unit} | {:.3} | {peer_is} | {runs} |",
            figure.ratio()
        )?;
    }
    Ok(text)
}
