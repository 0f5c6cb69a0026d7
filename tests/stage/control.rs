//! Talking to the supervisor of a running stage: start a component, stop it, list them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

/// A process of the stage, as the supervisor starts it: inside the stage's namespaces, ended with them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Component {
    /// Unique among the running components; its log is `logs/<name>.log` in the run folder.
    pub name: String,
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Added to the supervisor's own environment.
    pub env: BTreeMap<String, String>,
    /// Working directory; the run folder if none is given.
    pub dir: Option<PathBuf>,
}

impl Component {
    /// A component without arguments and environment yet.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            dir: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }
}

/// How a component fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "status")]
pub enum State {
    /// It runs.
    Running,
    /// It ended; how, in the system's words.
    Ended(String),
}

/// What the supervisor knows of a component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Its process id inside the stage.
    pub pid: u32,
    /// How it fares.
    #[serde(flatten)]
    pub state: State,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Start(Component),
    Stop { name: String, grace: Duration },
    List,
}

pub(crate) type Reply = Result<Vec<Report>, String>;

/// A running stage, from inside or outside its namespaces.
#[derive(Clone, Debug)]
pub struct Stage {
    run: PathBuf,
}

impl Stage {
    /// The stage whose run folder this is; nothing is contacted yet.
    pub fn at(run: impl Into<PathBuf>) -> Self {
        Self { run: run.into() }
    }

    /// The stage's run folder.
    pub fn run_dir(&self) -> &Path {
        &self.run
    }

    /// Log of a component.
    pub fn log(&self, name: &str) -> PathBuf {
        self.run.join("logs").join(format!("{name}.log"))
    }

    /// Starts a component; refused if one of that name runs. Its log is continued, not emptied.
    pub fn start(&self, component: Component) -> Result<()> {
        let name = component.name.clone();
        self.ask(&Request::Start(component))
            .with_context(|| format!("starting {name} on the stage"))?;
        Ok(())
    }

    /// Ends a component and forgets it: SIGTERM, and SIGKILL once `grace` is over. One that does not run is fine.
    pub fn stop(&self, name: &str, grace: Duration) -> Result<()> {
        let request = Request::Stop {
            name: name.to_owned(),
            grace,
        };
        self.ask(&request)
            .with_context(|| format!("stopping {name} on the stage"))?;
        Ok(())
    }

    /// All components that run, or ended without being told to.
    pub fn components(&self) -> Result<Vec<Report>> {
        self.ask(&Request::List)
            .context("asking the stage's supervisor")
    }

    /// Fails with the log's end if the component has ended: for use while waiting for it.
    pub fn still_runs(&self, name: &str) -> Result<()> {
        let reports = self.components()?;
        match reports
            .iter()
            .find(|report| report.name == name)
            .map(|report| &report.state)
        {
            Some(State::Running) => Ok(()),
            Some(State::Ended(how)) => {
                let log = self.log(name);
                bail!(
                    "{name} ended: {how} (log: {})\n{}",
                    log.display(),
                    crate::cache::tail(&log, 12)
                )
            }
            None => bail!("{name} was never started, or somebody stopped it"),
        }
    }

    fn ask(&self, request: &Request) -> Result<Vec<Report>> {
        let path = socket(&self.run);
        let mut stream = UnixStream::connect(&path)
            .with_context(|| format!("connecting to {}: is the stage up?", path.display()))?;
        writeln!(stream, "{}", serde_json::to_string(request)?)?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        let reply: Reply =
            serde_json::from_str(&answer).context("the supervisor's answer is cut off")?;
        reply.map_err(anyhow::Error::msg)
    }
}

/// Where the supervisor listens.
pub(crate) fn socket(run: &Path) -> PathBuf {
    run.join("control.sock")
}
