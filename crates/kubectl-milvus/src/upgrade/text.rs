//! An upgrade as people read it.

use std::fmt::{Display, Write as _};

use milvus_aws_core::{
    engine::Report,
    topology::{Action, Role, Upgrade},
};
use milvus_manifests::apply::RunningMilvus;

use crate::{cli::UpgradeArgs, progress::seconds, wanted::Wanted};

/// What is done, in order.
pub(super) fn plan(upgrade: &Upgrade) -> String {
    let Upgrade { from, to, .. } = upgrade;
    if upgrade.is_done() {
        return format!("every component is Milvus {to} already\n");
    }
    let direction = if upgrade.is_backwards() {
        "back from"
    } else {
        "from"
    };
    let mut text = format!("{direction} Milvus {from} to {to}, one component at a time:\n");
    if let Some(image) = upgrade.etcd {
        let when = if upgrade.is_backwards() {
            "last"
        } else {
            "first"
        };
        let _infallible = writeln!(
            text,
            "     etcd is replaced by {image}, {when}, member by member"
        );
    }
    for (number, stage) in (1..).zip(&upgrade.stages) {
        let what = match stage.action {
            Action::Done => "is done",
            Action::Replace => "is replaced",
            Action::Start => "is new, and started",
            Action::Remove => "is not needed any more, and removed",
        };
        let _infallible = writeln!(text, "{number:3}. {} {what}", stage.role.component_name());
    }
    if !upgrade.pauses.is_empty() {
        let _infallible = writeln!(
            text,
            "Milvus pauses while {} is replaced: there is no second one to take over",
            names(&upgrade.pauses)
        );
    }
    if !upgrade.can_go_back && !upgrade.undoes {
        text.push_str("this cannot be undone: an older line reads neither metadata nor indexes of a newer one\n");
    }
    text
}

/// What a person wants to know after it ended well; what went wrong is the error's to say.
pub(super) fn done(
    wanted: &Wanted,
    upgrade: &Upgrade,
    report: &Report,
    args: &UpgradeArgs,
) -> String {
    if report.result().is_err() {
        return String::new();
    }
    let installation = &wanted.installation;
    let (name, to) = (&installation.name, &upgrade.to);
    let written = wanted.as_written.as_ref().map(|itself| &itself.version);
    // What is laid over the rest is what says the version.
    let (file, values) = (&args.file, args.helm.helm_values.last());
    let line = match (file, values) {
        _ if written == Some(to) => None,
        (Some(file), _) => Some((format!("version: {to}"), file)),
        (_, Some(values)) => Some((format!("image.all.tag: {}", to.tag()), values)),
        _ => None,
    };
    let follows = line.map(|(line, file)| {
        format!(
            "write `{line}` into {}: an install from it as it is would be refused\n",
            file.display()
        )
    });
    let follows = follows.unwrap_or_default();
    format!(
        "{name} is Milvus {to}, after {}\n\
         {follows}\
         prove it:  kubectl milvus verify {name} -n {}\n",
        seconds(report.took),
        installation.namespace
    )
}

/// What runs after it stopped, and how it goes on or back.
pub(super) fn stopped(
    wanted: &Wanted,
    upgrade: &Upgrade,
    live: &RunningMilvus,
    args: &UpgradeArgs,
) -> String {
    let mut text = String::from("stopped; what runs now:\n");
    for component in &live.components {
        let state = if component.ready {
            "ready"
        } else {
            "not ready"
        };
        let _infallible = writeln!(
            text,
            "  {:14} {}, {state}",
            component.role.component_name(),
            component.version
        );
    }
    let same = same(wanted, args);
    let Upgrade { from, to, .. } = upgrade;
    let _infallible = writeln!(text, "go on:    kubectl milvus upgrade --to {to}{same}");
    let back = if from == to {
        return text;
    } else if way_back(upgrade, live) {
        format!("kubectl milvus upgrade --to {from}{same}")
    } else {
        format!("there is none to {from}: what runs already has written what it cannot read")
    };
    let _infallible = writeln!(text, "go back:  {back}");
    text
}

/// What the command line said of which installation it is.
fn same(wanted: &Wanted, args: &UpgradeArgs) -> String {
    let mut words = String::new();
    let mut add = |flag: &str, value: &dyn Display| {
        let _infallible = write!(words, " {flag} {value}");
    };
    let installation = &wanted.installation;
    add("-n", &installation.namespace);
    if let Some(file) = &args.file {
        add("-f", &file.display());
    }
    for values in &args.helm.helm_values {
        add("--helm-values", &values.display());
    }
    if !args.helm.helm_values.is_empty() {
        add("--release", &installation.name);
    }
    let set = &args.helm.set;
    if !set.values.is_empty() || !set.texts.is_empty() {
        // What they set may be a password.
        add("--set", &"…");
    }
    if args.name.is_some() {
        add("--name", &installation.name);
    }
    if args.helm.allow_unsupported {
        words.push_str(" --allow-unsupported");
    }
    words
}

/// Whether what was done may be undone.
fn way_back(upgrade: &Upgrade, live: &RunningMilvus) -> bool {
    let reached = live.components.iter().filter(|it| it.version == upgrade.to);
    let reached: Vec<Role> = reached.map(|it| it.role).collect();
    upgrade.can_be_undone_after(&reached)
}

fn names(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.component_name()).collect();
    names.join(", ")
}
