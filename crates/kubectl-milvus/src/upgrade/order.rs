//! The turns of an upgrade, as its graph has them.

use std::time::Duration;

use milvus_aws_core::{
    Installation,
    engine::{GraphBuilder, Late},
    topology::{Action, Stage, Upgrade},
};
use milvus_manifests::apply::{Installed, OneByOne, Proofs as _, Turn};

use crate::{canary::Canaries, error::Error};

/// In which order components are replaced, and where Milvus proves itself in between.
pub(crate) struct Order {
    turns: Vec<Turn>,
    /// Whether Milvus proves itself once more when what is not needed any more is gone.
    proves_the_end: bool,
    patience: Duration,
}

/// What our own etcd is labelled with.
const ETCD: &str = "etcd";

impl Order {
    /// What is done is waited for, and proved before anything else is touched. Who goes back does so because something
    /// does not work: then it is proved only after the first step. Where nothing is left to do, nothing is proved.
    pub(crate) fn of(upgrade: &Upgrade, patience: Duration) -> Self {
        let name = |stage: &Stage| stage.role.component_name();
        let with = |actions: &'static [Action]| {
            let stages = upgrade.stages.iter();
            stages.filter(move |stage| actions.contains(&stage.action))
        };
        let mut turns: Vec<Turn> = with(&[Action::Done])
            .map(|stage| Turn::Component(name(stage)))
            .collect();
        let mut etcd = upgrade.etcd.map(|_| ETCD);
        if !turns.is_empty() && !upgrade.is_backwards() {
            // It came before the first of them.
            turns.splice(0..0, etcd.take().map(Turn::Component));
        }
        if !upgrade.is_backwards() && !upgrade.is_done() {
            turns.push(Turn::Proof(match turns.last() {
                Some(Turn::Component(last)) => format!("after {last}, once more"),
                _ => "before the upgrade".to_owned(),
            }));
        }
        let components = with(&[Action::Replace, Action::Start]).map(name);
        let in_order: Vec<&str> = if upgrade.is_backwards() {
            components.chain(etcd).collect()
        } else {
            etcd.into_iter().chain(components).collect()
        };
        for name in in_order {
            turns.push(Turn::Component(name));
            turns.push(Turn::Proof(format!("after {name}")));
        }
        Self {
            turns,
            proves_the_end: with(&[Action::Remove]).next().is_some(),
            patience,
        }
    }

    /// Who proves it.
    pub(crate) fn canaries(
        &self,
        installation: &Installation,
        client: Late<kube::Client>,
    ) -> Canaries {
        let (name, namespace) = (&installation.name, &installation.namespace);
        Canaries::new(name, namespace, client, self.patience)
    }

    /// The same for the graph of the objects.
    pub(crate) fn one_by_one<'a>(&self, canaries: &'a Canaries) -> OneByOne<'a> {
        OneByOne {
            turns: self.turns.clone(),
            patience: self.patience,
            proofs: canaries,
        }
    }

    /// Adds what comes after everything.
    pub(crate) fn add_end(
        &self,
        builder: &mut GraphBuilder,
        canaries: &Canaries,
        installed: &Installed,
    ) -> Result<(), Error> {
        let mut last = installed.complete.need();
        if self.proves_the_end {
            last = canaries.add(builder, "at the end", vec![last])?;
        }
        canaries.add_leaving(builder, vec![last])?;
        Ok(())
    }
}
