//! Waiting by polling, on the default of the trait.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use milvus_aws_core::engine::{
    Clock, Context, DataPolicy, Engine, Graph, Inputs, Observed, Readiness, Resource,
    ResourceError, ResourceId, ScaledClock, Step,
};

/// Ready some time after it was made; gone some time after its deletion. Counts how often it is asked.
struct Slow {
    usual: Duration,
    real: Duration,
    asked: AtomicU32,
    deleted: AtomicU32,
}

impl Slow {
    fn new(usual: u64, real: u64) -> Self {
        Self {
            usual: Duration::from_secs(usual),
            real: Duration::from_secs(real),
            asked: AtomicU32::new(0),
            deleted: AtomicU32::new(0),
        }
    }
}

impl Resource for &'static Slow {
    type Needs = ();
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("slow")
    }

    fn needs(&self) -> &() {
        &()
    }

    fn usual_duration(&self) -> Duration {
        self.usual
    }

    async fn observe(
        &self,
        _: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        if self.deleted.load(Ordering::Relaxed) == 0 {
            return Ok(Observed::Absent);
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(if context.elapsed() >= self.real {
            Observed::Absent
        } else {
            Observed::Leaving {
                reason: "its volumes are detached".to_owned(),
            }
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Waiting {
            reason: "CREATING".to_owned(),
        })
    }

    async fn readiness(&self, (): &(), context: &Context) -> Result<Readiness<()>, ResourceError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(if context.elapsed() >= self.real {
            Readiness::Ready(())
        } else {
            Readiness::Waiting {
                reason: "CREATING".to_owned(),
            }
        })
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

async fn apply(usual: u64, real: u64) -> (Duration, u32) {
    let slow: &'static Slow = Box::leak(Box::new(Slow::new(usual, real)));
    let mut builder = Graph::builder();
    builder.add(slow).unwrap();
    let report = Engine::new().apply(&builder.build()).await;
    assert_eq!(report.result(), Ok(()));
    (report.took, slow.asked.load(Ordering::Relaxed))
}

/// Neither late nor nosy: at most a tenth later than ready, and few questions, whatever the usual duration says.
#[tokio::test(start_paused = true)]
async fn polling_knows_the_usual_duration() {
    for (usual, real) in [
        (1200, 1200),
        (1200, 1500),
        (1200, 60),
        (10, 10),
        (10, 30),
        (2, 1),
        (0, 5),
        (1200, 0),
    ] {
        let (took, asked) = apply(usual, real).await;
        let late = took.saturating_sub(Duration::from_secs(real));
        let allowed = (Duration::from_secs(real) / 3).max(Duration::from_millis(300));
        assert!(late <= allowed, "{usual} {real}: {late:?} late");
        assert!(asked <= 160, "{usual} {real}: asked {asked} times");
    }
}

#[tokio::test(start_paused = true)]
async fn deletion_is_waited_for_in_the_same_way() {
    let slow: &'static Slow = Box::leak(Box::new(Slow::new(60, 60)));
    slow.deleted.store(1, Ordering::Relaxed);
    let mut builder = Graph::builder();
    builder.add(slow).unwrap();
    let report = Engine::new()
        .delete(&builder.build(), DataPolicy::Keep)
        .await;
    assert_eq!(report.result(), Ok(()));
    assert!(
        (60..66).contains(&report.took.as_secs()),
        "{:?}",
        report.took
    );
}

#[tokio::test(start_paused = true)]
async fn time_can_run_faster() {
    let clock = ScaledClock::new(100);
    let began = tokio::time::Instant::now();
    clock.sleep(Duration::from_mins(25)).await;
    assert_eq!(began.elapsed().as_secs(), 15);
    assert!(clock.now() >= Duration::from_mins(25));
}

/// Made at once, ready after half an hour; every second question about it fails.
#[derive(Default)]
struct Flaky {
    made: AtomicU32,
    asked: AtomicU32,
}

impl Resource for &'static Flaky {
    type Needs = ();
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("flaky")
    }

    fn needs(&self) -> &() {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_mins(30)
    }

    fn patience(&self) -> Duration {
        Duration::from_mins(1)
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        Ok(match self.made.load(Ordering::Relaxed) {
            0 => Observed::Absent,
            _ => Observed::Current { output: None },
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(Readiness::Waiting {
            reason: "CREATING".to_owned(),
        })
    }

    async fn readiness(&self, (): &(), context: &Context) -> Result<Readiness<()>, ResourceError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            return Err(ResourceError::transient("no answer"));
        }
        Ok(if context.elapsed() >= Duration::from_mins(30) {
            Readiness::Ready(())
        } else {
            Readiness::Waiting {
                reason: "CREATING".to_owned(),
            }
        })
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// Patience is for failures in a row: polls that go well in between start it anew.
#[tokio::test(start_paused = true)]
async fn failures_between_good_polls_do_not_add_up() {
    let flaky: &'static Flaky = Box::leak(Box::default());
    let mut builder = Graph::builder();
    builder.add(flaky).unwrap();
    let report = Engine::new().apply(&builder.build()).await;
    assert_eq!(report.result(), Ok(()));
    assert_eq!(flaky.made.load(Ordering::Relaxed), 1);
}
