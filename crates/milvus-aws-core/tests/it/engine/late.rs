//! Values that are known from the start, or come out of another resource.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use milvus_aws_core::engine::{
    Action, Context, Engine, Graph, Inputs, Late, Needs, Observed, Readiness, Resource,
    ResourceError, ResourceId, Step,
};

/// Something that is made once, and whose output is a text.
#[derive(Default)]
struct Source {
    made: AtomicBool,
}

impl Resource for &'static Source {
    type Needs = ();
    type Output = String;

    fn id(&self) -> ResourceId {
        ResourceId::new("source")
    }

    fn needs(&self) -> &() {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn observe(
        &self,
        _: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<String>, ResourceError> {
        Ok(if self.made.load(Ordering::Relaxed) {
            Observed::Current {
                output: Some("made".to_owned()),
            }
        } else {
            Observed::Absent
        })
    }

    async fn apply(
        &self,
        (): &(),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<String>, ResourceError> {
        self.made.store(true, Ordering::Relaxed);
        Ok(Readiness::Ready("made".to_owned()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<String>, ResourceError> {
        Ok(Readiness::Ready("made".to_owned()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// Writes down the values that it gets.
struct Reader {
    name: &'static str,
    text: Late<String>,
    seen: &'static Mutex<Vec<String>>,
}

impl Resource for Reader {
    type Needs = Late<String>;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(self.name)
    }

    fn needs(&self) -> &Late<String> {
        &self.text
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn observe(
        &self,
        text: Option<&String>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let text = text.map_or("nothing", String::as_str);
        self.note("looked with", text);
        Ok(match text {
            "nothing" => Observed::Unknown,
            _ => Observed::Absent,
        })
    }

    async fn apply(
        &self,
        text: &String,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        self.note("wrote", text);
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, _: &String, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&String>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

impl Reader {
    fn note(&self, what: &str, text: &str) {
        let line = format!("{}: {what} {text}", self.name);
        self.seen.lock().unwrap().push(line);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_known_from_the_start_or_once_its_resource_is_ready() {
    let source: &'static Source = Box::leak(Box::default());
    let seen: &'static Mutex<Vec<String>> = Box::leak(Box::default());
    let mut builder = Graph::builder();
    let handle = builder.add(source).unwrap();
    let known = Late::from("known".to_owned());
    assert_eq!(known.known().map(String::as_str), Some("known"));
    assert!(known.list().is_empty());
    let worked_out = Late::computed(handle.clone(), |text| format!("{text} up"));
    let late = Late::from(handle);
    assert!(late.known().is_none() && worked_out.known().is_none());
    let reader = |name, text| Reader { name, text, seen };
    builder.add(reader("early", known)).unwrap();
    builder.add(reader("late", late)).unwrap();
    builder.add(reader("computed", worked_out)).unwrap();
    let graph = builder.build();
    let edges: Vec<_> = graph.edges().map(|(a, b)| format!("{a} {b}")).collect();
    assert_eq!(edges, ["late source", "computed source"]);

    let plan = Engine::new().plan(&graph).await.unwrap();
    assert!(plan.steps.iter().all(|step| step.action == Action::Create));
    Engine::new().apply(&graph).await.result().unwrap();

    let of = |name: &str| -> Vec<String> {
        let seen = seen.lock().unwrap();
        let lines = seen.iter().filter_map(|line| line.strip_prefix(name));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        of("early: "),
        ["looked with known", "looked with known", "wrote known"]
    );
    assert_eq!(of("computed: ").last().unwrap(), "wrote made up");
    assert_eq!(
        of("late: "),
        [
            "looked with nothing",
            "looked with nothing",
            "looked with made",
            "wrote made"
        ]
    );
}
