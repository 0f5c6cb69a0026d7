//! `scale`: another number of pods for components that run.

use std::{collections::BTreeMap, num::NonZeroU16, str::FromStr, sync::Arc};

use milvus_aws_core::{
    engine::{Engine, Report},
    topology::Role,
};
use milvus_manifests::apply;
use serde::Serialize;

use crate::{
    ExitCode,
    cli::{DryRun, NameArgs, ScaleArgs},
    cluster::ClusterFlags,
    error::Error,
    host::Host,
    installed::Installed,
    interrupt, plan_text,
    printer::Printer,
    progress::{Progress, seconds},
    wanted::Named,
};

/// Replicas beyond this are a slip of the finger.
const MOST: u16 = 1000;

/// A component and its number of pods: `queryNode=3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pods {
    /// Which component.
    pub role: Role,
    /// How many pods.
    pub replicas: NonZeroU16,
}

/// Why a text is no [`Pods`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPods {
    /// Without `=`.
    #[error("write COMPONENT=N, for example queryNode=3")]
    Form,
    /// No component of any Milvus.
    #[error("`{0}` is no component: {names} are", names = names())]
    Component(String),
    /// Not a number of pods.
    #[error("`{0}` is no number from 1 to {most}", most = MOST)]
    Number(String),
}

impl FromStr for Pods {
    type Err = InvalidPods;

    fn from_str(text: &str) -> Result<Self, InvalidPods> {
        let (name, number) = text.split_once('=').ok_or(InvalidPods::Form)?;
        let is_it = |role: &Role| {
            role.key().eq_ignore_ascii_case(name)
                || role.component_name().eq_ignore_ascii_case(name)
        };
        let role = Role::ALL.into_iter().find(is_it);
        let replicas = number
            .parse()
            .ok()
            .filter(|number: &NonZeroU16| number.get() <= MOST);
        Ok(Self {
            role: role.ok_or_else(|| InvalidPods::Component(name.to_owned()))?,
            replicas: replicas.ok_or_else(|| InvalidPods::Number(number.to_owned()))?,
        })
    }
}

fn names() -> String {
    Role::ALL.map(Role::key).join(", ")
}

/// What was scaled. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Scaled<'a> {
    name: &'a str,
    namespace: &'a str,
    /// Whether anything was written.
    changed: bool,
    #[serde(flatten)]
    report: &'a Report,
}

/// Scales, or shows what it would do.
pub(crate) async fn run(
    args: &ScaleArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let targets = targets(args)?;
    let of = NameArgs {
        file: args.file.clone(),
        name: args.name.clone(),
    };
    let named = Named::read(&of, flags)?;
    let cluster = named.connect(flags, host, printer).await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    let name = &installed.name;
    let running = apply::running(&cluster.client, name, &namespace).await?;
    let graph = apply::scale(&cluster.client, name, &namespace, &running, &targets)??;
    let progress = Arc::new(Progress::new(printer));
    let told = Arc::clone(&progress);
    let ended = Arc::clone(&progress);
    let engine = Engine::new()
        .timeout(args.timeout)
        .cancellation(interrupt::token(move |line| told.note(line)))
        .listener(move |event| progress.engine_event(event));
    if args.dry_run == Some(DryRun::Server) {
        let plan = engine.plan(&graph).await?;
        printer.result(&plan, || plan_text::text(&plan))?;
        return Ok(ExitCode::Done);
    }
    let report = engine.apply(&graph).await;
    ended.end();
    let scaled = Scaled {
        name: name.as_str(),
        namespace: namespace.as_str(),
        changed: report.changed(),
        report: &report,
    };
    printer.result(&scaled, || text(&scaled, &targets))?;
    report.result().map_err(|source| Error::Run {
        doing: "scale",
        name: name.to_string(),
        source,
    })?;
    Ok(ExitCode::Done)
}

/// Each component once.
fn targets(args: &ScaleArgs) -> Result<BTreeMap<Role, NonZeroU16>, Error> {
    let mut targets = BTreeMap::new();
    for Pods { role, replicas } in &args.targets {
        if targets.insert(*role, *replicas).is_some() {
            let message = format!("{} is named twice", role.key());
            return Err(Error::Usage(message));
        }
    }
    if args.dry_run == Some(DryRun::Client) {
        let message = "what would change depends on what runs: use `--dry-run=server`";
        return Err(Error::Usage(message.to_owned()));
    }
    Ok(targets)
}

fn text(scaled: &Scaled<'_>, targets: &BTreeMap<Role, NonZeroU16>) -> String {
    if scaled.report.result().is_err() {
        return String::new();
    }
    let wanted: Vec<_> = targets
        .iter()
        .map(|(role, replicas)| format!("{}: {{ replicas: {replicas} }}", role.key()))
        .collect();
    let state = if scaled.changed {
        format!("is scaled, after {}", seconds(scaled.report.took))
    } else {
        "has that many pods already".to_owned()
    };
    format!(
        "{} {state}\n\
         write it into the file too, or the next `install -f` takes it back: `cluster.components: {{ {} }}`\n",
        scaled.name,
        wanted.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_as_in_files_or_as_in_objects() {
        for text in ["queryNode=3", "querynode=3", "QUERYNODE=3"] {
            let target: Pods = text.parse().unwrap();
            assert_eq!((target.role, target.replicas.get()), (Role::QueryNode, 3));
        }
        let said = |text: &str| text.parse::<Pods>().unwrap_err().to_string();
        assert_eq!(
            said("queryNode"),
            "write COMPONENT=N, for example queryNode=3"
        );
        assert!(
            said("querynodes=2")
                .starts_with("`querynodes` is no component: standalone, mixCoordinator, ")
        );
        for number in ["0", "1001", "-1", "many", ""] {
            let said = said(&format!("proxy={number}"));
            assert_eq!(said, format!("`{number}` is no number from 1 to 1000"));
        }
    }
}
