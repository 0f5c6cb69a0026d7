//! From one version to another: which components, in which order, or why not. Pure: what runs is told, not looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Topology,
    edges::{Edge, Undoing, edge},
    line::{line_of, lines},
    role::Role,
};
use crate::installation::{Installation, MilvusVersion};

/// What runs now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    components: BTreeMap<Role, BTreeSet<MilvusVersion>>,
    queue: Option<String>,
}

impl Running {
    /// Components with their versions; a role with several deployments may have several. The queue is what `mq.type`
    /// says, none where the settings could not be read.
    pub fn new(
        components: impl IntoIterator<Item = (Role, MilvusVersion)>,
        queue: Option<String>,
    ) -> Self {
        let mut running = Self {
            queue,
            ..Self::default()
        };
        for (role, version) in components {
            running.components.entry(role).or_default().insert(version);
        }
        running
    }

    /// What an installation would run.
    pub fn of(installation: &Installation) -> Self {
        let topology = Topology::of(installation);
        let components = topology.components.iter();
        let components = components.map(|it| (it.role, installation.version.clone()));
        Self::new(components, Some(queue_of(&topology).to_owned()))
    }

    fn versions(&self) -> BTreeSet<&MilvusVersion> {
        self.components.values().flatten().collect()
    }

    /// Those of which something is of that version.
    fn roles_of<'a>(&'a self, version: &'a MilvusVersion) -> impl Iterator<Item = Role> + 'a {
        let all = self.components.iter();
        let of_it = all.filter(move |(_, versions)| versions.contains(version));
        of_it.map(|(role, _)| *role)
    }
}

/// What that logs to, as `mq.type` says it.
fn queue_of(topology: &Topology) -> &str {
    let said = topology.settings.queue();
    said.unwrap_or_else(|| topology.message_queue.setting())
}

/// How an installation gets to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// The version that is left. Where every component has left it already, the one that is reached.
    pub from: MilvusVersion,
    /// The version that is reached.
    pub to: MilvusVersion,
    /// The components in order, what is done first.
    pub stages: Vec<Stage>,
    /// Roles without a second replica to take over: Milvus pauses while one of them is replaced.
    pub pauses: Vec<Role>,
    /// The image that our own etcd gets, where another one goes with the version that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etcd: Option<&'static str>,
    /// Whether the same command with the old version goes back, once it is done.
    pub can_go_back: bool,
    /// Whether an upgrade to another line that was begun is undone by it.
    pub undoes: bool,
    /// Until when it can be undone.
    #[serde(skip)]
    pub undoing: Undoing,
}

/// What becomes of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Which component.
    pub role: Role,
    /// What is done.
    pub action: Action,
}

/// What is done with a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is of the version that is reached already.
    Done,
    /// It is replaced.
    Replace,
    /// It is new to the line that is reached.
    Start,
    /// It goes: the line that is reached has no such component.
    Remove,
}

/// Why an installation does not get to a version, and what to do first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeRefusal {
    /// Nothing runs.
    #[error("no component of Milvus runs there: `install` makes one")]
    NothingRuns,
    /// Two other versions are live.
    #[error("components of {} run side by side: go on to one of these first", list(.0))]
    UnderWay(Vec<MilvusVersion>),
    /// A release candidate, or a release that is known to be bad.
    #[error("{version} is no release to upgrade to: {because}")]
    BadRelease {
        /// Which version.
        version: MilvusVersion,
        /// What is wrong with it.
        because: String,
    },
    /// What runs is something that no later release takes over.
    #[error("nothing upgrades from {version}: {because}; move its data into a new installation")]
    DeadEnd {
        /// Which version.
        version: MilvusVersion,
        /// What is wrong with it.
        because: String,
    },
    /// Lines would be skipped.
    #[error("from {from} to {to} a line would be skipped: upgrade to {first} first")]
    SkipsLines {
        /// The version that runs.
        from: String,
        /// The version that is asked for.
        to: String,
        /// The newest release of the next line.
        first: String,
    },
    /// The patch that runs is too old for the step.
    #[error("the step from {from} to {to} is supported from {least} on: upgrade to {first} first")]
    TooOld {
        /// The version that runs.
        from: String,
        /// The version that is asked for.
        to: String,
        /// The first release that may take the step.
        least: String,
        /// The newest release of the line that runs.
        first: String,
    },
    /// An older line.
    #[error(
        "there is no way back from {from} to {to}: an older line can read neither the metadata nor the indexes of a newer one; \
         restore a backup into a new installation"
    )]
    NoWayBack {
        /// The version that runs.
        from: MilvusVersion,
        /// The version that is asked for.
        to: MilvusVersion,
    },
    /// An upgrade that was begun has gone too far to be undone.
    #[error("{} of {from} has run already, and there is no way back to {to}: go on to {from}", list(.roles))]
    TooLate {
        /// The version that is reached in part.
        from: MilvusVersion,
        /// The version that is asked for.
        to: MilvusVersion,
        /// What has run.
        roles: Vec<&'static str>,
    },
    /// The coordinators must be one mixture first.
    #[error(
        "Milvus {to} has one mixture of coordinators, and separate ones run: name `mixCoordinator` in the file and `install` \
         it at {from} first"
    )]
    SeparateCoordinators {
        /// The version that runs.
        from: MilvusVersion,
        /// The version that is asked for.
        to: MilvusVersion,
    },
    /// The file has other components than run there.
    #[error(
        "an upgrade changes the version, not who does the work: {}; `install` that at {from} first",
        roles_text(.absent, .surplus)
    )]
    OtherRoles {
        /// The version that runs.
        from: MilvusVersion,
        /// What the file has, and does not run.
        absent: Vec<Role>,
        /// What runs, and the file has not.
        surplus: Vec<Role>,
    },
    /// Another message queue.
    #[error(
        "Milvus logs to {from} there, and the file says {to}: what is not flushed would be lost, and collections would not load; \
         keep {from}"
    )]
    OtherQueue {
        /// What runs, as `mq.type` spells it.
        from: String,
        /// What the file says.
        to: String,
    },
}

impl Upgrade {
    /// The way from what runs to that installation, whose version is the one that is reached.
    pub fn plan(running: &Running, wanted: &Installation) -> Result<Self, UpgradeRefusal> {
        let to = &wanted.version;
        let from = version_that_is_left(running, to)?;
        check_release(to)?;
        check_left(&from)?;
        let topology = Topology::of(wanted);
        let roles: BTreeSet<Role> = topology.components.iter().map(|it| it.role).collect();
        let backwards = *to < from;
        let step = if backwards {
            step_back(running, &from, to)?
        } else {
            step_forward(&from, to)?
        };
        check_coordinators(running, step, &from, to)?;
        let (starts, removes) = if backwards {
            (step.removes, step.starts)
        } else {
            (step.starts, step.removes)
        };
        let absent =
            |role: &&Role| !running.components.contains_key(role) && !starts.contains(role);
        let absent: Vec<Role> = roles.iter().filter(absent).copied().collect();
        let surplus = |role: &&Role| !roles.contains(role) && !removes.contains(role);
        let surplus: Vec<Role> = running.components.keys().filter(surplus).copied().collect();
        if !absent.is_empty() || !surplus.is_empty() {
            return Err(UpgradeRefusal::OtherRoles {
                from,
                absent,
                surplus,
            });
        }
        check_queue(running, &topology)?;
        let stages = stages(running, &roles, step, backwards, to);
        let replaced = |role: Role| {
            let stage = stages.iter().find(|stage| stage.role == role);
            stage.is_some_and(|stage| stage.action == Action::Replace)
        };
        let alone = topology.components.iter().filter(|it| {
            let coordinator = it.role.is_coordinator() && !it.active_standby;
            coordinator || it.role == Role::Standalone
        });
        Ok(Self {
            pauses: alone
                .map(|it| it.role)
                .filter(|role| replaced(*role))
                .collect(),
            etcd: other_etcd(wanted, &from),
            can_go_back: step.undoing == Undoing::Always,
            undoes: backwards && from.line() != to.line(),
            undoing: step.undoing,
            from,
            to: to.clone(),
            stages,
        })
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.stages.iter().all(|stage| stage.action == Action::Done)
    }

    /// Whether there is a way back to the old version once these components have been replaced.
    pub fn can_be_undone_after(&self, reached: &[Role]) -> bool {
        match self.undoing {
            Undoing::While(harmless) if !self.is_backwards() => {
                reached.iter().all(|role| harmless.contains(role))
            }
            _ => true,
        }
    }

    /// Whether the version that is reached is the older one.
    pub fn is_backwards(&self) -> bool {
        self.to < self.from
    }
}

/// The image of our own etcd, unless the file names one for every version or that of the old version is the same.
fn other_etcd(wanted: &Installation, from: &MilvusVersion) -> Option<&'static str> {
    let etcd = wanted.deployment.own_etcd()?;
    let image = line_of(&wanted.version).etcd_image;
    (etcd.image.tag.is_none() && line_of(from).etcd_image != image).then_some(image)
}

/// The one version beside the one that is reached.
fn version_that_is_left(
    running: &Running,
    to: &MilvusVersion,
) -> Result<MilvusVersion, UpgradeRefusal> {
    if running.components.is_empty() {
        return Err(UpgradeRefusal::NothingRuns);
    }
    let versions = running.versions().into_iter();
    let others: Vec<_> = versions.filter(|version| *version != to).collect();
    match others.as_slice() {
        [] => Ok(to.clone()),
        [one] => Ok((*one).clone()),
        several => Err(UpgradeRefusal::UnderWay(
            several.iter().map(|version| (*version).clone()).collect(),
        )),
    }
}

fn check_release(to: &MilvusVersion) -> Result<(), UpgradeRefusal> {
    let text = to.to_string();
    let mut known = line_of(to).known_bad.iter();
    let because = match known.find(|bad| bad.version == text) {
        Some(bad) => bad.because.to_owned(),
        None if to.is_candidate() => "no later release promises to read what it writes".to_owned(),
        None => return Ok(()),
    };
    Err(UpgradeRefusal::BadRelease {
        version: to.clone(),
        because,
    })
}

fn check_left(from: &MilvusVersion) -> Result<(), UpgradeRefusal> {
    if from.is_candidate() {
        return Err(UpgradeRefusal::DeadEnd {
            version: from.clone(),
            because: "no later release promises to read what a release candidate has written"
                .to_owned(),
        });
    }
    Ok(())
}

fn step_forward(from: &MilvusVersion, to: &MilvusVersion) -> Result<&'static Edge, UpgradeRefusal> {
    let Some(step) = edge(from.line(), to.line()) else {
        return Err(UpgradeRefusal::SkipsLines {
            first: newest_of_next_line(from).to_string(),
            from: from.to_string(),
            to: to.to_string(),
        });
    };
    let (major, minor, patch) = step.least;
    if from.is_at_least(major, minor, patch) {
        return Ok(step);
    }
    Err(UpgradeRefusal::TooOld {
        least: format!("{major}.{minor}.{patch}"),
        first: MilvusVersion::newest_of(from.line()).to_string(),
        from: from.to_string(),
        to: to.to_string(),
    })
}

/// Within a line, or out of a step that has only just been begun.
fn step_back(
    running: &Running,
    from: &MilvusVersion,
    to: &MilvusVersion,
) -> Result<&'static Edge, UpgradeRefusal> {
    let no_way_back = || UpgradeRefusal::NoWayBack {
        from: from.clone(),
        to: to.clone(),
    };
    let step = edge(to.line(), from.line()).ok_or_else(no_way_back)?;
    let Undoing::While(harmless) = step.undoing else {
        return Ok(step);
    };
    if running.roles_of(to).next().is_none() {
        return Err(no_way_back());
    }
    let reached = running
        .roles_of(from)
        .filter(|role| !harmless.contains(role));
    let roles: Vec<&str> = reached.map(Role::component_name).collect();
    if roles.is_empty() {
        return Ok(step);
    }
    Err(UpgradeRefusal::TooLate {
        from: from.clone(),
        to: to.clone(),
        roles,
    })
}

fn check_coordinators(
    running: &Running,
    step: &Edge,
    from: &MilvusVersion,
    to: &MilvusVersion,
) -> Result<(), UpgradeRefusal> {
    let separate = |role: &Role| Role::SEPARATE_COORDINATORS.contains(role);
    if step.only_mixture && running.components.keys().any(separate) {
        return Err(UpgradeRefusal::SeparateCoordinators {
            from: from.clone(),
            to: to.clone(),
        });
    }
    Ok(())
}

fn check_queue(running: &Running, topology: &Topology) -> Result<(), UpgradeRefusal> {
    let wanted = queue_of(topology);
    match &running.queue {
        Some(live) if live != wanted => Err(UpgradeRefusal::OtherQueue {
            from: live.clone(),
            to: wanted.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// What is done first, then the rest in the order of the step, or in the reverse one; what goes is last.
fn stages(
    running: &Running,
    roles: &BTreeSet<Role>,
    step: &Edge,
    backwards: bool,
    to: &MilvusVersion,
) -> Vec<Stage> {
    let mut order: Vec<Role> = step
        .order
        .iter()
        .copied()
        .filter(|role| roles.contains(role))
        .collect();
    // What the step does not name has no place in its order.
    order.extend(
        roles
            .iter()
            .copied()
            .filter(|role| !step.order.contains(role)),
    );
    if backwards {
        order.reverse();
    }
    let stage = |role: Role| Stage {
        role,
        action: match running.components.get(&role) {
            None => Action::Start,
            Some(versions) if versions.iter().all(|version| version == to) => Action::Done,
            Some(_) => Action::Replace,
        },
    };
    let (mut stages, rest): (Vec<Stage>, Vec<Stage>) = order
        .into_iter()
        .map(stage)
        .partition(|stage| stage.action == Action::Done);
    stages.extend(rest);
    let gone = running
        .components
        .keys()
        .filter(|role| !roles.contains(role));
    stages.extend(gone.map(|role| Stage {
        role: *role,
        action: Action::Remove,
    }));
    stages
}

/// The newest release of the line after that of a version.
fn newest_of_next_line(version: &MilvusVersion) -> MilvusVersion {
    let mut later = lines().iter().map(|line| (line.from.0, line.from.1));
    let next = later.find(|line| *line > version.line());
    MilvusVersion::newest_of(next.unwrap_or_else(|| version.line()))
}

fn list(items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(" and ")
}

fn roles_text(absent: &[Role], surplus: &[Role]) -> String {
    let keys = |roles: &[Role]| {
        let keys: Vec<String> = roles
            .iter()
            .map(|role| format!("`{}`", role.key()))
            .collect();
        keys.join(", ")
    };
    match (absent, surplus) {
        (absent, []) => format!("the file has {}, which does not run", keys(absent)),
        ([], surplus) => format!("{} runs, which the file has not", keys(surplus)),
        (absent, surplus) => format!(
            "the file has {}, and {} runs instead",
            keys(absent),
            keys(surplus)
        ),
    }
}
