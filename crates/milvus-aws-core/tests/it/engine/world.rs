//! A model of the world outside: what exists, who asked for what and when, and what goes wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use milvus_aws_core::engine::{
    Change, Context, Cost, Event, Graph, Handle, Inputs, Observed, Readiness, Resource,
    ResourceError, ResourceId, Retention, Step,
};
use tokio::time::Instant;

/// The world, shared by all resources of a test.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

pub(crate) struct State {
    origin: Instant,
    pub(crate) things: BTreeMap<usize, Thing>,
    /// How often each thing was created.
    pub(crate) creations: BTreeMap<usize, u32>,
    /// Client tokens that were seen, with what they made.
    tokens: BTreeMap<String, usize>,
    /// Writes in the order in which they took effect.
    pub(crate) writes: Vec<Write>,
    /// The times of all calls.
    pub(crate) calls: Vec<Duration>,
    /// Things of somebody else.
    pub(crate) foreign: BTreeSet<usize>,
    /// Calls that fail: the number of failures left, by thing.
    pub(crate) flaky: BTreeMap<usize, u32>,
    /// Things whose creation fails for good.
    pub(crate) broken: BTreeSet<usize>,
    /// Things that never become ready.
    pub(crate) stuck: BTreeSet<usize>,
    /// Things whose creation is not answered the first time, and not seen for some seconds.
    pub(crate) lagging: BTreeSet<usize>,
    /// The most calls in any second; more are throttled.
    pub(crate) rate: Option<usize>,
    /// Panics of the world's own invariants, to be looked at by the test.
    pub(crate) violations: Vec<String>,
}

/// How long something that lags is not seen.
const LAG: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) wanted: u32,
    pub(crate) ready_at: Duration,
    made_at: Duration,
    leaving_until: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Create(usize),
    Update(usize),
    Delete(usize),
}

impl World {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            origin: Instant::now(),
            things: BTreeMap::new(),
            creations: BTreeMap::new(),
            tokens: BTreeMap::new(),
            writes: Vec::new(),
            calls: Vec::new(),
            foreign: BTreeSet::new(),
            flaky: BTreeMap::new(),
            broken: BTreeSet::new(),
            stuck: BTreeSet::new(),
            lagging: BTreeSet::new(),
            rate: None,
            violations: Vec::new(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn existing(&self) -> BTreeSet<usize> {
        self.state().things.keys().copied().collect()
    }
}

impl State {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn called(&mut self, number: usize) -> Result<(), ResourceError> {
        let now = self.now();
        if let Some(rate) = self.rate {
            let second_ago = now.saturating_sub(Duration::from_secs(1));
            let recent = self
                .calls
                .iter()
                .filter(|at| **at > second_ago || second_ago.is_zero())
                .count();
            if recent >= rate {
                return Err(ResourceError::throttled("too many calls", None));
            }
        }
        self.calls.push(now);
        if let Some(left) = self.flaky.get_mut(&number)
            && *left > 0
        {
            *left -= 1;
            return Err(ResourceError::transient("the service is busy"));
        }
        Ok(())
    }

    fn tidy(&mut self) {
        let now = self.now();
        let gone = |thing: &Thing| thing.leaving_until.is_some_and(|until| now >= until);
        self.things.retain(|_, thing| !gone(thing));
    }
}

/// One thing of the world, as a resource.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) number: usize,
    pub(crate) world: World,
    pub(crate) needs: Vec<Handle<u64>>,
    /// How long a call takes before it has its effect, and again before it is answered.
    pub(crate) call: Duration,
    /// How long it takes from the creation until it is ready.
    pub(crate) takes: Duration,
    pub(crate) wanted: u32,
    pub(crate) retention: Retention,
    pub(crate) cost: Cost,
}

impl Node {
    pub(crate) fn new(world: &World, number: usize, needs: Vec<Handle<u64>>) -> Self {
        Self {
            number,
            world: world.clone(),
            needs,
            call: Duration::ZERO,
            takes: Duration::ZERO,
            wanted: 1,
            retention: Retention::Disposable,
            cost: Cost::Free,
        }
    }

    pub(crate) fn taking(mut self, seconds: u64) -> Self {
        self.takes = Duration::from_secs(seconds);
        self
    }

    pub(crate) fn call_of(mut self, millis: u64) -> Self {
        self.call = Duration::from_millis(millis);
        self
    }

    pub(crate) fn wanting(mut self, wanted: u32) -> Self {
        self.wanted = wanted;
        self
    }

    pub(crate) fn costing(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    pub(crate) fn only_used(mut self) -> Self {
        self.retention = Retention::External;
        self
    }

    pub(crate) fn holding_data(mut self) -> Self {
        self.retention = Retention::Data;
        self
    }

    /// The output of a ready thing: what its inputs were, and its number.
    fn output(&self) -> u64 {
        self.number as u64
    }

    fn current(&self) -> Observed<u64> {
        let mut state = self.world.state();
        state.tidy();
        if state.foreign.contains(&self.number) {
            return Observed::Foreign {
                owner: "somebody else".into(),
            };
        }
        let now = state.now();
        match state.things.get(&self.number) {
            None => Observed::Absent,
            Some(thing) if state.lagging.contains(&self.number) && thing.made_at + LAG > now => {
                Observed::Absent
            }
            Some(thing) if thing.leaving_until.is_some() => Observed::Leaving {
                reason: "is being deleted".to_owned(),
            },
            Some(thing) if thing.wanted != self.wanted => Observed::Differs {
                changes: vec![Change {
                    field: "wanted".to_owned(),
                    from: Some(thing.wanted.to_string()),
                    to: Some(self.wanted.to_string()),
                    ..Change::default()
                }],
                // An update leaves the output as it is.
                output: Some(self.output()),
            },
            Some(thing) => Observed::Current {
                output: (thing.ready_at <= now && !state.stuck.contains(&self.number))
                    .then(|| self.output()),
            },
        }
    }

    /// The time until it is ready, and whether it never will be.
    fn until_ready(&self) -> Option<(Duration, bool)> {
        let state = self.world.state();
        let thing = state.things.get(&self.number)?;
        let left = thing.ready_at.saturating_sub(state.now());
        Some((left, state.stuck.contains(&self.number)))
    }

    /// The time until it is gone.
    fn until_gone(&self) -> Option<Duration> {
        let mut state = self.world.state();
        state.tidy();
        let now = state.now();
        let until = state.things.get(&self.number)?.leaving_until;
        Some(until.map_or(Duration::from_secs(1), |until| until.saturating_sub(now)))
    }

    fn write(&self, write: Write, token: Option<String>) -> Result<(), ResourceError> {
        let mut state = self.world.state();
        state.tidy();
        if state.broken.contains(&self.number) {
            return Err(ResourceError::fatal(format!(
                "thing {} cannot be made",
                self.number
            )));
        }
        if state.foreign.contains(&self.number) {
            let message = format!("wrote to {}, which is foreign", self.number);
            state.violations.push(message);
        }
        let ready_at = state.now() + self.takes;
        match write {
            Write::Create(_) => {
                // A second call with the same token is answered as the first one was.
                if token
                    .as_ref()
                    .is_some_and(|token| state.tokens.contains_key(token))
                {
                    return Ok(());
                }
                *state.creations.entry(self.number).or_default() += 1;
                if state.things.contains_key(&self.number) {
                    let message = format!("{} was created although it is there", self.number);
                    state.violations.push(message);
                }
                if let Some(token) = token {
                    state.tokens.insert(token, self.number);
                }
                state.things.insert(
                    self.number,
                    Thing {
                        wanted: self.wanted,
                        ready_at,
                        made_at: ready_at.saturating_sub(self.takes),
                        leaving_until: None,
                    },
                );
            }
            Write::Update(_) => {
                state.things.insert(
                    self.number,
                    Thing {
                        wanted: self.wanted,
                        ready_at,
                        made_at: ready_at.saturating_sub(self.takes),
                        leaving_until: None,
                    },
                );
            }
            Write::Delete(_) => {
                let until = state.now() + self.takes;
                if let Some(thing) = state.things.get_mut(&self.number) {
                    thing.leaving_until.get_or_insert(until);
                }
            }
        }
        state.writes.push(write);
        if matches!(write, Write::Create(_)) && state.lagging.contains(&self.number) {
            return Err(ResourceError::transient("the connection was reset"));
        }
        Ok(())
    }
}

impl Resource for Node {
    type Needs = Vec<Handle<u64>>;
    type Output = u64;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("thing/{}", self.number))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        self.takes
    }

    fn monthly_cost(&self) -> Cost {
        self.cost
    }

    fn retention(&self) -> Retention {
        self.retention
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<Observed<u64>, ResourceError> {
        if let Some(inputs) = inputs {
            assert_eq!(inputs.len(), self.needs.len());
        }
        context.sleep(self.call).await;
        self.world.state().called(self.number)?;
        Ok(self.current())
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<u64>, ResourceError> {
        // What is needed is there and ready, and its value is the right one.
        let expected: Vec<u64> = self.needs.iter().map(|need| id_number(need.id())).collect();
        if *inputs != expected {
            let message = format!("{} got {inputs:?} for {expected:?}", self.number);
            self.world.state().violations.push(message);
        }
        for need in expected {
            let mut state = self.world.state();
            let now = state.now();
            let need = usize::try_from(need).unwrap();
            if state
                .things
                .get(&need)
                .is_none_or(|thing| thing.ready_at > now)
            {
                let message = format!("{} started before {need} was ready", self.number);
                state.violations.push(message);
            }
        }
        context.sleep(self.call).await;
        self.world.state().called(self.number)?;
        match step {
            Step::Create => self.write(Write::Create(self.number), Some(context.token()))?,
            Step::Update(changes) => {
                assert!(!changes.is_empty());
                self.write(Write::Update(self.number), None)?;
            }
        }
        context.sleep(self.call).await;
        if self.takes.is_zero() && !self.world.state().stuck.contains(&self.number) {
            return Ok(Readiness::Ready(self.output()));
        }
        Ok(Readiness::Waiting {
            reason: "is being made".to_owned(),
        })
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<u64>, ResourceError> {
        self.world.state().called(self.number)?;
        Ok(match self.current() {
            Observed::Current {
                output: Some(output),
            } => Readiness::Ready(output),
            other => Readiness::Waiting {
                reason: format!("{other:?}"),
            },
        })
    }

    async fn wait_ready(&self, _: &Inputs<Self>, context: &Context) -> Result<u64, ResourceError> {
        context.progress("is being made");
        loop {
            let (left, stuck) = self
                .until_ready()
                .ok_or(ResourceError::transient("is gone"))?;
            if stuck {
                context.progress("never becomes ready");
                context.sleep(Duration::from_hours(1)).await;
            } else if left.is_zero() {
                return Ok(self.output());
            } else {
                context.sleep(left).await;
            }
        }
    }

    async fn delete(
        &self,
        _: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        context.sleep(self.call).await;
        self.world.state().called(self.number)?;
        self.write(Write::Delete(self.number), None)?;
        context.sleep(self.call).await;
        Ok(())
    }

    async fn wait_gone(
        &self,
        _: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        while let Some(left) = self.until_gone() {
            context.sleep(left).await;
        }
        Ok(())
    }
}

pub(crate) fn id_number(id: &ResourceId) -> u64 {
    id.as_str().trim_start_matches("thing/").parse().unwrap()
}

/// A graph of things by their needs: `needs[i]` holds numbers smaller than `i`.
pub(crate) fn graph(world: &World, needs: &[Vec<usize>], change: impl Fn(Node) -> Node) -> Graph {
    let mut builder = Graph::builder();
    let mut handles: Vec<Handle<u64>> = Vec::new();
    for (number, needs) in needs.iter().enumerate() {
        let needs = needs.iter().map(|need| handles[*need].clone()).collect();
        handles.push(
            builder
                .add(change(Node::new(world, number, needs)))
                .unwrap(),
        );
    }
    builder.build()
}

/// What a run told, for looking at afterwards.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Event>>>);

impl Heard {
    pub(crate) fn listener(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let events = Arc::clone(&self.0);
        move |event| events.lock().unwrap().push(event.clone())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}
