//! What a resource says of itself.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Serialize, Serializer};

use super::{
    context::Context, cost::Cost, error::ResourceError, foreign::Foreign, needs::Needs, wait,
};

/// Names a resource in plans, events and reports; unique within a graph: `deployment/demo-milvus-proxy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Arc<str>);

impl ResourceId {
    /// From its text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for ResourceId {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(&self.0)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The values of what a resource needs.
pub type Inputs<R> = <<R as Resource>::Needs as Needs>::Values;

/// One thing that exists, or shall exist, outside of this process.
///
/// Every method may be called again after a failure, and in a later run: a resource holds no state of its own, it
/// looks. Implementations may write `async fn`.
pub trait Resource: Send + Sync + 'static {
    /// Handles of what it needs: `()`, a [`Handle`](super::Handle), a tuple of them, or [`After`](super::After).
    type Needs: Needs;
    /// What others may use of it once it is ready.
    type Output: Clone + Send + Sync + 'static;

    /// Its name within the graph.
    fn id(&self) -> ResourceId;

    /// What must be ready before it starts. It can read the values of nothing else.
    fn needs(&self) -> &Self::Needs;

    /// How long it usually takes from absent to ready. Waits are paced by it, plans add it up.
    fn usual_duration(&self) -> Duration;

    /// What it costs a month while it exists; what costs something that nobody knows says [`Cost::Unknown`].
    fn monthly_cost(&self) -> Cost {
        Cost::Free
    }

    /// Whether it holds data that a deletion keeps unless asked.
    fn retention(&self) -> Retention {
        Retention::Disposable
    }

    /// How long failures that may pass by themselves are retried in a row before they count.
    fn patience(&self) -> Duration {
        Duration::from_mins(10).max(self.usual_duration() * 3)
    }

    /// Looks at what exists; never writes. `inputs` are `None` while they do not exist yet: look by name then, to
    /// tell whether it exists and whose it is, or say [`Observed::Unknown`].
    fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> impl Future<Output = Result<Observed<Self::Output>, ResourceError>> + Send
    where
        Self: Sized;

    /// Makes it, or changes it. Never called for what is foreign or as wanted.
    fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> impl Future<Output = Result<Readiness<Self::Output>, ResourceError>> + Send
    where
        Self: Sized;

    /// Whether it can be used; asked again and again by the default of [`Self::wait_ready`].
    fn readiness(
        &self,
        inputs: &Inputs<Self>,
        context: &Context,
    ) -> impl Future<Output = Result<Readiness<Self::Output>, ResourceError>> + Send
    where
        Self: Sized;

    /// Waits until it can be used. The default polls [`Self::readiness`] at a pace that knows the usual duration; what
    /// can be watched waits by itself and says why through [`Context::progress`]. May be dropped at any await.
    fn wait_ready(
        &self,
        inputs: &Inputs<Self>,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Output, ResourceError>> + Send
    where
        Self: Sized,
    {
        wait::until_ready(self, inputs, context)
    }

    /// Starts its deletion; what is gone already is no error.
    fn delete(
        &self,
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> impl Future<Output = Result<(), ResourceError>> + Send
    where
        Self: Sized;

    /// Waits until it is gone. The default polls [`Self::observe`]. May be dropped at any await.
    fn wait_gone(
        &self,
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> impl Future<Output = Result<(), ResourceError>> + Send
    where
        Self: Sized,
    {
        wait::until_gone(self, inputs, context)
    }
}

/// What an observation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<Output> {
    /// It does not exist.
    Absent,
    /// It cannot be told before the inputs exist.
    Unknown,
    /// It exists, is ours and as wanted. `output` is there when it is ready too; without it the engine waits.
    Current {
        /// What others may use of it, once it is ready.
        output: Option<Output>,
    },
    /// It exists and is ours, but not as wanted.
    Differs {
        /// Every field that is not as wanted.
        changes: Vec<Change>,
        /// What others may use of it already, as far as the change leaves that as it is.
        output: Option<Output>,
    },
    /// It is being deleted; what is wanted can only be made after that.
    Leaving {
        /// What holds it up.
        reason: String,
    },
    /// It exists, but carries no mark of ours: never changed, never deleted.
    Foreign {
        /// Whose it is, as far as its marks tell.
        owner: Foreign,
    },
}

impl<Output> Observed<Output> {
    /// What others may use of it, where that is known.
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Current { output } | Self::Differs { output, .. } => output.as_ref(),
            Self::Absent | Self::Unknown | Self::Leaving { .. } | Self::Foreign { .. } => None,
        }
    }

    /// The same with another type of output.
    pub fn map<Other>(self, change: impl FnOnce(Output) -> Other) -> Observed<Other> {
        match self {
            Self::Absent => Observed::Absent,
            Self::Unknown => Observed::Unknown,
            Self::Current { output } => Observed::Current {
                output: output.map(change),
            },
            Self::Differs { changes, output } => Observed::Differs {
                changes,
                output: output.map(change),
            },
            Self::Leaving { reason } => Observed::Leaving { reason },
            Self::Foreign { owner } => Observed::Foreign { owner },
        }
    }
}

/// One field that is not as wanted. Values of secrets must not be put here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Path of the field: `spec.replicas`.
    pub field: String,
    /// What it is; absent when the field is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it shall be; absent when the field goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who else has set what it is, and loses it: field managers of the Kubernetes API, such as `kubectl-edit`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_by: Vec<String>,
}

/// What [`Resource::apply`] is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make what is absent.
    Create,
    /// Change what differs.
    Update(Vec<Change>),
}

/// Whether something can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness<Output> {
    /// It can.
    Ready(Output),
    /// Not yet.
    Waiting {
        /// What it waits for, in words for the user.
        reason: String,
    },
    /// It never will by itself.
    Failed {
        /// Why, in words for the user.
        reason: String,
    },
}

impl<Output> Readiness<Output> {
    /// The same with another type of output.
    pub fn map<Other>(self, change: impl FnOnce(Output) -> Other) -> Readiness<Other> {
        match self {
            Self::Ready(output) => Readiness::Ready(change(output)),
            Self::Waiting { reason } => Readiness::Waiting { reason },
            Self::Failed { reason } => Readiness::Failed { reason },
        }
    }
}

/// What a deletion does with a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Retention {
    /// Deleted with the rest.
    #[default]
    Disposable,
    /// Was there before and is only used: a deletion never touches it.
    External,
    /// Holds data: stays, together with what it needs, unless the deletion asks for data too.
    Data,
}
