//! Coordinators: apart, or all in one process; and what becomes of those that a version does not have.

use milvus_aws_core::{
    installation::{Amounts, Cpu, Memory},
    topology::{Line, Role, line_of},
};
use serde_json::{Value as Json, json};

use super::{Import, below};

const MIX: &str = "mixCoordinator";

/// The coordinators of a cluster.
pub(super) fn read(import: &mut Import<'_>, line: &Line) {
    if apart(import, line) {
        for role in Role::SEPARATE_COORDINATORS {
            import.coordinator(role.key());
        }
        return;
    }
    import.coordinator(MIX);
    translate(import);
}

/// Whether coordinators are deployed apart: as the version allows, as the values say, as the chart does.
fn apart(import: &mut Import<'_>, line: &Line) -> bool {
    let has = |role| line.cluster.contains(&role) || line.other_coordinators.contains(&role);
    if !has(Role::RootCoordinator) {
        return false;
    }
    let mixed = import.values.flag("mixCoordinator.enabled");
    let flags = Role::SEPARATE_COORDINATORS
        .map(|role| import.values.flag(&format!("{}.enabled", role.key())));
    let named = flags.contains(&Some(true));
    let by_default =
        import.chart.separate_coordinators && !flags.iter().all(|flag| *flag == Some(false));
    match mixed {
        Some(false) => true,
        Some(true) => {
            if named || by_default {
                let message = if named {
                    "does the work of the separate coordinators, which are not made beside it"
                } else {
                    "does the work of the separate coordinators, which the chart would make beside it by default, and which are not made here"
                };
                let remark = import.values.remark("mixCoordinator.enabled", message);
                import.values.notices.push(remark);
            }
            false
        }
        None if !named => by_default,
        None if import.chart.separate_coordinators => true,
        None => beside_the_mixture(import, flags),
    }
}

/// The chart runs its mixture beside coordinators that are named. Where all are, they do without it; where some are, it
/// has the work of the rest.
fn beside_the_mixture(import: &mut Import<'_>, flags: [Option<bool>; 4]) -> bool {
    let all = flags.iter().all(|flag| *flag == Some(true));
    let message = if all {
        "is on by the chart's default, which would run it beside the separate coordinators that are named; they do its work here, and it is not made"
    } else {
        "is on by the chart's default, which would run it beside the separate coordinators that are named; it does their work here, and they are not made beside it"
    };
    let remark = import.values.remark(MIX, message);
    import.values.notices.push(remark);
    all
}

/// What was said of separate coordinators is said of the mixture, unless something is said of that one too.
fn translate(import: &mut Import<'_>) {
    let said: Vec<_> = Role::SEPARATE_COORDINATORS
        .iter()
        .filter_map(|role| import.said(role.key()))
        .collect();
    let [first, ..] = said.as_slice() else {
        return;
    };
    if import.said(MIX).is_some() {
        for found in &said {
            import.values.notice(
                found,
                "is passed over, as the chart does: `mixCoordinator` does its work",
            );
        }
        return;
    }
    let keys: Vec<String> = said.iter().map(|found| found.path.clone()).collect();
    let to = format!("cluster.components.{MIX}");
    let replicas = most_replicas(import, &keys);
    if replicas > 1 {
        import.draft.set(&below(&to, "replicas"), replicas, first);
    }
    let standby = keys
        .iter()
        .filter_map(|key| import.values.flag(&below(key, "activeStandby.enabled")));
    if standby.collect::<Vec<_>>().contains(&true) {
        import.stand_by(MIX);
    }
    let mut texts = Vec::new();
    for side in ["requests", "limits"] {
        let sum = sum(import, &keys, side);
        if sum != Amounts::default() {
            let amounts = serde_json::to_value(sum).unwrap_or_default();
            texts.push(format!("{side} {}", text_of(&amounts)));
            import
                .draft
                .set(&format!("{to}.resources.{side}"), amounts, first);
        }
    }
    // Pods of one process have one place to run at: that of the first who names one.
    for key in &keys {
        if import.draft.get(&below(&to, "pod")).is_none() {
            import.pod(key, &below(&to, "pod"));
        }
    }
    let pods = match replicas {
        0 | 1 => "1 pod".to_owned(),
        more => format!("{more} pods, active-standby"),
    };
    let resources = match texts.as_slice() {
        [] => String::new(),
        texts => format!(", with the sum of their resources ({})", texts.join("; ")),
    };
    import.values.notice(
        first,
        format!(
            "in Milvus {} one `mixCoordinator` does the work of {}: {pods}{resources}",
            import.version,
            keys.join(", ")
        ),
    );
}

fn most_replicas(import: &mut Import<'_>, keys: &[String]) -> i64 {
    let replicas = keys
        .iter()
        .filter_map(|key| import.values.number(&below(key, "replicas")));
    replicas.map(|(number, _)| number).max().unwrap_or(1)
}

/// The sum of what several components ask for.
fn sum(import: &mut Import<'_>, keys: &[String], side: &str) -> Amounts {
    let mut sum = Amounts::default();
    for key in keys {
        let amounts = import.amounts(key, side);
        sum.cpu = both(sum.cpu, amounts.cpu, |a, b| {
            Cpu::from_millis(a.millis().saturating_add(b.millis()))
        });
        sum.memory = both(sum.memory, amounts.memory, |a, b| {
            Memory::from_mib(a.mib().saturating_add(b.mib()))
        });
    }
    sum
}

fn both<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

/// `cpu 2500m, memory 3584Mi`
fn text_of(amounts: &Json) -> String {
    let pairs = amounts.as_object().into_iter().flatten();
    let texts: Vec<_> = pairs
        .map(|(name, amount)| format!("{name} {}", amount.as_str().unwrap_or_default()))
        .collect();
    texts.join(", ")
}

impl Import<'_> {
    /// One coordinator. More than one pod of it stand by for each other here, whatever the flag says.
    fn coordinator(&mut self, key: &str) {
        self.component(key);
        let standby = self.values.flag(&below(key, "activeStandby.enabled"));
        if let Some((number, found)) = self.values.number(&below(key, "replicas"))
            && number > 1
            && standby != Some(true)
        {
            self.values.notice(
                &found,
                "run active-standby, as more than one would stop each other otherwise",
            );
        }
        if standby == Some(true) {
            self.stand_by(key);
        }
    }

    /// One pod alone stands by for nobody, but the next one then waits for it: the values ask for that.
    fn stand_by(&mut self, key: &str) {
        let mixture = line_of(&self.version).mixture_sections;
        let role = Role::SEPARATE_COORDINATORS
            .iter()
            .find(|role| role.key() == key);
        let own = role.and_then(|role| role.settings_section());
        let sections = match &own {
            Some(section) => std::slice::from_ref(section),
            None => mixture,
        };
        let to = format!("cluster.components.{key}.replicas");
        let is_alone = self.draft.get(&to).is_none_or(|number| *number == 1);
        if !is_alone {
            return;
        }
        for section in sections {
            let setting = format!("config.{section}.enableActiveStandby");
            let flag = below(key, "activeStandby.enabled");
            self.draft.set_for(&setting, true, &flag);
        }
    }

    /// Requests or limits of a component, read once more without a word about what is wrong with them.
    fn amounts(&mut self, key: &str, side: &str) -> Amounts {
        let text = |name: &str| {
            let found = self
                .values
                .find(&format!("{key}.resources.{side}.{name}"))?;
            match &found.node.value {
                super::super::document::Value::Scalar(scalar) => Some(scalar.to_text()),
                _ => None,
            }
        };
        let memory = |text: String| {
            let mib = super::amounts::bytes_of(&text)?.div_ceil(1024 * 1024);
            Some(Memory::from_mib(u64::try_from(mib).ok()?))
        };
        Amounts {
            cpu: text("cpu").and_then(|text| text.parse().ok()),
            memory: text("memory").and_then(memory),
            ephemeral_storage: None,
        }
    }

    /// Gives one component the larger of its own and another's resources and replicas.
    pub(super) fn larger(&mut self, from: &str, component: &str) {
        let to = format!("cluster.components.{component}");
        for side in ["requests", "limits"] {
            let (one, other) = (self.amounts(component, side), self.amounts(from, side));
            let from = below(from, "resources");
            if let Some(cpu) = other.cpu.filter(|cpu| Some(*cpu) > one.cpu) {
                self.draft.set_for(
                    &format!("{to}.resources.{side}.cpu"),
                    cpu.to_string(),
                    &from,
                );
            }
            if let Some(memory) = other.memory.filter(|memory| Some(*memory) > one.memory) {
                self.draft.set_for(
                    &format!("{to}.resources.{side}.memory"),
                    memory.to_string(),
                    &from,
                );
            }
        }
        let number = |import: &mut Self, key: &str| {
            import
                .values
                .number(&below(key, "replicas"))
                .map_or(1, |(number, _)| number)
        };
        let (own, others) = (number(self, component), number(self, from));
        let scales = self.draft.get(&below(&to, "autoscaling")).is_some();
        if others > own && !scales {
            self.draft.set_for(
                &below(&to, "replicas"),
                json!(others),
                &below(from, "replicas"),
            );
        }
    }
}
