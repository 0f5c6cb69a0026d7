//! The engine, and what its four verbs share.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::future::{self, BoxFuture, Either};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    apply,
    clock::{Clock, TokioClock},
    context::{Context, Listener, Shared},
    delete,
    error::{PlanError, ResourceError},
    event::Event,
    graph::Graph,
    observe,
    pacer::Pacer,
    plan::Plan,
    report::{Report, Stopped},
};

/// Calls that are made at the same time, unless said otherwise.
const DEFAULT_CALLS: usize = 16;
/// How long a write under way may go on after the run was stopped, unless said otherwise.
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// Brings graphs about, and takes them away again.
#[derive(Clone)]
pub struct Engine {
    clock: Arc<dyn Clock>,
    listener: Listener,
    cancellation: CancellationToken,
    timeout: Option<Duration>,
    grace: Duration,
    calls: NonZeroUsize,
    seed: u64,
    agreement: Option<Agreement>,
}

/// Who is asked before the first write.
type Agreement = Arc<dyn Fn(Plan) -> BoxFuture<'static, bool> + Send + Sync>;

/// What a deletion does with resources that hold data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DataPolicy {
    /// They stay, with what they need.
    #[default]
    Keep,
    /// They go with the rest.
    Delete,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            clock: Arc::new(TokioClock::default()),
            listener: Arc::new(|_| {}),
            cancellation: CancellationToken::new(),
            timeout: None,
            grace: DEFAULT_GRACE,
            calls: NonZeroUsize::new(DEFAULT_CALLS).unwrap_or(NonZeroUsize::MIN),
            seed: random_seed(),
            agreement: None,
        }
    }
}

impl Engine {
    /// An engine on tokio's clock, without a deadline, that nobody listens to. Must be made inside a tokio runtime.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs on another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Tells events to a listener. It is called in the middle of the run: it must not block.
    #[must_use]
    pub fn listener(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listener = Arc::new(listener);
        self
    }

    /// Stops when the token is cancelled: writes under way are finished, nothing new is begun.
    #[must_use]
    pub fn cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Stops after that time, in the same way.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long a write under way may go on after the run was stopped; 30 s unless said otherwise.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How many calls are made at the same time; 16 unless said otherwise. Waiting is no call.
    #[must_use]
    pub fn max_calls(mut self, calls: NonZeroUsize) -> Self {
        self.calls = calls;
        self
    }

    /// Makes pauses and client tokens repeatable.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Asks before the first write of [`Self::apply`], with what it would do: `false` ends the run with nothing done.
    /// Where nothing is to be written, nobody is asked.
    #[must_use]
    pub fn agreement<F, A>(mut self, agreement: A) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
        A: Fn(Plan) -> F + Send + Sync + 'static,
    {
        self.agreement = Some(Arc::new(move |plan| Box::pin(agreement(plan))));
        self
    }

    /// What [`Self::apply`] would do. Writes nothing.
    pub async fn plan(&self, graph: &Graph) -> Result<Plan, PlanError> {
        let run = self.run(graph, false);
        run.supervise(observe::plan(&run)).await
    }

    /// Brings the graph about. Does nothing at all when something of it carries no mark of ours.
    pub async fn apply(&self, graph: &Graph) -> Report {
        let run = self.run(graph, false);
        run.supervise(apply::apply(&run)).await
    }

    /// What [`Self::delete`] would do. Writes nothing.
    pub async fn plan_deletion(&self, graph: &Graph, data: DataPolicy) -> Result<Plan, PlanError> {
        let run = self.run(graph, true);
        run.supervise(delete::plan(&run, data)).await
    }

    /// Takes the graph away, dependents first. What carries no mark of ours stays, as does what it needs.
    pub async fn delete(&self, graph: &Graph, data: DataPolicy) -> Report {
        let run = self.run(graph, true);
        run.supervise(delete::delete(&run, data)).await
    }

    fn run<'a>(&self, graph: &'a Graph, removes: bool) -> Run<'a> {
        let origin = self.clock.now();
        Run {
            graph,
            shared: Arc::new(Shared {
                clock: Arc::clone(&self.clock),
                origin,
                listener: Arc::clone(&self.listener),
                pacer: Pacer::default(),
                calls: Semaphore::new(self.calls.get().min(Semaphore::MAX_PERMITS)),
                seed: self.seed,
                removes,
            }),
            cancellation: self.cancellation.clone(),
            timeout: self.timeout,
            grace: self.grace,
            halt: CancellationToken::new(),
            stopped: OnceLock::new(),
            agreement: self.agreement.clone(),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("timeout", &self.timeout)
            .field("grace", &self.grace)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

/// One run over one graph.
pub(super) struct Run<'a> {
    pub(super) graph: &'a Graph,
    pub(super) shared: Arc<Shared>,
    cancellation: CancellationToken,
    timeout: Option<Duration>,
    grace: Duration,
    halt: CancellationToken,
    stopped: OnceLock<Stopped>,
    agreement: Option<Agreement>,
}

/// Why work on a resource ended early.
#[derive(Debug)]
pub(super) enum Halt {
    /// The run was stopped.
    Stopped,
    /// A call failed.
    Error(ResourceError),
}

impl From<ResourceError> for Halt {
    fn from(error: ResourceError) -> Self {
        Self::Error(error)
    }
}

impl Run<'_> {
    pub(super) fn elapsed(&self) -> Duration {
        self.shared.clock.now().saturating_sub(self.shared.origin)
    }

    pub(super) fn context(&self, index: usize) -> Context {
        Context::new(
            Arc::clone(&self.shared),
            self.graph.vertices[index].id.clone(),
        )
    }

    /// Whether that may be done.
    pub(super) async fn agreed(&self, plan: impl FnOnce() -> Plan) -> bool {
        let Some(agreement) = &self.agreement else {
            return true;
        };
        let plan = plan();
        !plan.has_changes() || agreement(plan).await
    }

    /// What stopped the run, if anything did.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.stopped.get().copied()
    }

    /// Something that may be left at any time: a read, a wait, a pause.
    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, ResourceError>>,
    ) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.halt.cancelled() => Err(Halt::Stopped),
            result = work => result.map_err(Halt::Error),
        }
    }

    /// A write; `begin` is told that it begins. Not begun once the run is stopped; once begun it is finished, unless that takes longer than the grace.
    pub(super) async fn write<T>(
        &self,
        context: &Context,
        begin: impl FnOnce(),
        write: impl Future<Output = Result<T, ResourceError>>,
    ) -> Result<T, Halt> {
        let admission = async { Ok(context.admission().await) };
        let admission = self.unless_stopped(admission).await?;
        begin();
        let grace_ends = async {
            self.halt.cancelled().await;
            self.shared.clock.sleep(self.grace).await;
        };
        tokio::select! {
            biased;
            result = context.admitted(admission, write) => result.map_err(Halt::Error),
            () = grace_ends => Err(Halt::Stopped),
        }
    }

    /// Does the work of the run, and stops it on cancellation or when the time is up.
    async fn supervise<T>(&self, work: impl Future<Output = T>) -> T {
        let stop = std::pin::pin!(self.stop());
        let work = std::pin::pin!(work);
        match future::select(work, stop).await {
            Either::Left((result, _)) => result,
            Either::Right((reason, work)) => {
                // Nobody else sets it, so that it cannot be set already.
                let _ = self.stopped.set(reason);
                self.halt.cancel();
                work.await
            }
        }
    }

    async fn stop(&self) -> Stopped {
        let time_is_up = async {
            match self.timeout {
                Some(timeout) => self.shared.clock.sleep(timeout).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Stopped::Cancelled,
            () = time_is_up => Stopped::TimedOut,
        }
    }
}

/// Different in each process, from the standard library's own source of randomness.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("kubectl-milvus")
}
