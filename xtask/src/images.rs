//! `cargo xtask images`: what we know of the official images, and whether they still are so. Outside of CI, as it needs a
//! registry and some GiB of disk.

mod archive;
mod facts;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use milvus_stage::report;

use archive::Inside;
use facts::{FACTS, Facts};

use crate::steps;

#[derive(Args)]
pub(crate) struct Options {
    /// Fetch each image and compare it with the table; needs skopeo, crane, podman or docker.
    #[arg(long)]
    check: bool,
    /// Images whose name holds this text alone.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// A program that writes an image of a registry as a docker-archive: its calls, with `{image}` and `{file}` to fill in.
struct Fetcher {
    program: &'static str,
    calls: &'static [&'static [&'static str]],
}

const FETCHERS: [Fetcher; 4] = [
    Fetcher {
        program: "skopeo",
        calls: &[&[
            "copy",
            "--override-os=linux",
            "--override-arch=amd64",
            "docker://{image}",
            "docker-archive:{file}",
        ]],
    },
    Fetcher {
        program: "crane",
        calls: &[&["pull", "--platform=linux/amd64", "{image}", "{file}"]],
    },
    Fetcher {
        program: "podman",
        calls: &[
            &["pull", "--platform=linux/amd64", "{image}"],
            &["save", "--format=docker-archive", "-o", "{file}", "{image}"],
        ],
    },
    Fetcher {
        program: "docker",
        calls: &[
            &["pull", "--platform=linux/amd64", "{image}"],
            &["save", "-o", "{file}", "{image}"],
        ],
    },
];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let wanted = FACTS.iter().filter(|row| row.image.contains(&options.only));
    if !options.check {
        wanted.for_each(|row| report::line(row.to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    let fetcher = fetcher()?;
    let folder = steps::target()?.join("images");
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut differs = false;
    for row in wanted {
        let problems = check(row, fetcher, &folder)?;
        differs |= !problems.is_empty();
        for problem in problems {
            report::line(format!("  DIFFERS  {problem}"));
        }
    }
    Ok(if differs {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The first program that is there.
fn fetcher() -> Result<&'static Fetcher> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_there = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let found = FETCHERS.iter().find(|it| is_there(it.program));
    found.context("none of skopeo, crane, podman and docker is in PATH; install one of them")
}

/// Fetches one image, shows what is in it, and tells how that differs from the table.
fn check(row: &Facts, fetcher: &Fetcher, folder: &Path) -> Result<Vec<String>> {
    let file = folder.join("image.tar");
    remove(&file)?;
    let name = file.display().to_string();
    for call in fetcher.calls {
        let words = call.iter().map(|word| {
            let word = word.replace("{image}", row.image);
            word.replace("{file}", &name)
        });
        steps::run(Command::new(fetcher.program).args(words))?;
    }
    let inside = Inside::read(&file).with_context(|| format!("reading {}", row.image));
    remove(&file)?;
    let inside = inside?;
    report::line(row.image);
    for line in row.seen(&inside) {
        report::line(format!("  {line}"));
    }
    Ok(row.differences(&inside))
}

fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("removing {}: {error}", file.display())
        }
        _ => Ok(()),
    }
}
