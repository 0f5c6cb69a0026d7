//! What a run would do.

use std::{collections::BTreeSet, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{
    cost::{Cost, MonthlyCost},
    critical_path::{self, CriticalPath},
    event::millis,
    foreign::Foreign,
    resource::{Change, ResourceId},
};

/// What a run would do, resource by resource, in an order in which it could be done one by one. Its JSON form tells the
/// longest path too, and the sum of costs where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One step for each resource.
    pub steps: Vec<PlannedStep>,
}

/// What a run would do to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// Which resource.
    pub resource: ResourceId,
    /// What would be done.
    #[serde(flatten)]
    pub action: Action,
    /// What it needs.
    pub needs: Vec<ResourceId>,
    /// How long it usually takes from absent to ready; milliseconds in JSON.
    #[serde(rename = "usualMillis", serialize_with = "millis")]
    pub usual: Duration,
    /// What it costs a month while it exists.
    #[serde(rename = "monthlyCost", skip_serializing_if = "Cost::is_free")]
    pub cost: Cost,
}

/// What would be done to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Action {
    /// It is absent, or cannot be told before what it needs exists.
    Create,
    /// It differs from what is wanted.
    Update {
        /// Every field that is not as wanted.
        changes: Vec<Change>,
    },
    /// It is as wanted.
    Keep {
        /// Whether it is ready too; otherwise it would be waited for.
        ready: bool,
    },
    /// It would be deleted.
    Delete,
    /// A deletion leaves it.
    Retain {
        /// Why it stays.
        because: String,
    },
    /// It does not exist, and shall not.
    Absent,
    /// It is somebody else's: the run would be refused (a deletion leaves it alone).
    Refuse {
        /// Whose it is.
        owner: Foreign,
    },
}

impl Plan {
    /// Whether a run would write anything.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action.writes())
    }

    /// What carries no mark of ours, with whose it is.
    pub fn refused(&self) -> Vec<(ResourceId, Foreign)> {
        let refusal = |step: &PlannedStep| match &step.action {
            Action::Refuse { owner } => Some((step.resource.clone(), owner.clone())),
            _ => None,
        };
        self.steps.iter().filter_map(refusal).collect()
    }

    /// What carries no mark of ours, needs that resource, by way of others or not, and so keeps it from being deleted;
    /// with whose it is.
    pub fn keepers(&self, resource: &ResourceId) -> Vec<(ResourceId, Foreign)> {
        let mut needing = BTreeSet::from([resource]);
        let mut keepers = Vec::new();
        // What a step needs comes before it.
        for step in &self.steps {
            let needs_it = step.needs.iter().any(|need| needing.contains(need));
            if !needs_it || step.action == Action::Absent {
                continue;
            }
            needing.insert(&step.resource);
            if let Action::Refuse { owner } = &step.action {
                keepers.push((step.resource.clone(), owner.clone()));
            }
        }
        keepers
    }

    /// How long the run usually takes: the longest path through what would be done.
    pub fn critical_path(&self) -> CriticalPath {
        critical_path::of_steps(&self.steps)
    }

    /// What costs how much a month after the run: all that is ours and exists then.
    pub fn monthly_cost(&self) -> MonthlyCost {
        let stays = |step: &&PlannedStep| step.action.leaves_something();
        self.steps.iter().filter(stays).map(|step| step.cost).sum()
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let cost = self.monthly_cost();
        let mut plan = output.serialize_struct("Plan", 3)?;
        plan.serialize_field("steps", &self.steps)?;
        plan.serialize_field("longestPath", &self.critical_path())?;
        if cost.is_free() {
            plan.skip_field("monthlyCost")?;
        } else {
            plan.serialize_field("monthlyCost", &cost)?;
        }
        plan.end()
    }
}

impl Action {
    /// Whether it writes.
    pub fn writes(&self) -> bool {
        matches!(self, Self::Create | Self::Update { .. } | Self::Delete)
    }

    /// Whether something of ours exists after it.
    pub fn leaves_something(&self) -> bool {
        match self {
            Self::Create | Self::Update { .. } | Self::Keep { .. } | Self::Retain { .. } => true,
            Self::Delete | Self::Absent | Self::Refuse { .. } => false,
        }
    }
}
