//! An account of its own for a test, and runs of the installer in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use milvus_stage::aws::{AwsStage, Options, python};
use milvus_stage::cache::Cache;
use serde_json::Value;
use tempfile::TempDir;

/// The stage's account.
pub(crate) const ACCOUNT: &str = "123456789012";
/// Two processors: one account at a time is quicker than many at once.
static TURN: Mutex<()> = Mutex::new(());

/// An empty account.
pub(crate) struct Account {
    pub(crate) stage: AwsStage,
    /// Access key and its secret.
    keys: (String, String),
    folder: TempDir,
    _turn: Option<MutexGuard<'static, ()>>,
}

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) told: Value,
    pub(crate) stderr: String,
}

impl Account {
    pub(crate) fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            _turn: Some(turn),
            ..Self::beside()
        }
    }

    /// One whose AWS has other options.
    pub(crate) fn with(options: &Options) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            _turn: Some(turn),
            ..Self::of(options)
        }
    }

    /// One more, within the turn of another.
    pub(crate) fn beside() -> Self {
        Self::of(&Options::default())
    }

    fn of(options: &Options) -> Self {
        let stage = AwsStage::start_with(&Cache::open().unwrap(), options).unwrap();
        Self {
            stage,
            keys: ("AKIDEXAMPLE".to_owned(), "not-a-secret".to_owned()),
            folder: TempDir::new().unwrap(),
            _turn: None,
        }
    }

    /// From now on the installer is somebody who has these rights and no others.
    pub(crate) fn restrict(&mut self, policy: &Value) {
        let somebody = self.stage.user("installer", policy).unwrap();
        self.keys = (somebody.access_key_id, somebody.secret_access_key);
        self.stage.enforce(true).unwrap();
    }

    /// The installer, on the installation of that name.
    pub(crate) fn start(&self, verb: &str, name: &str) -> Child {
        self.command(verb, name).spawn().unwrap()
    }

    /// The same, which does not run yet.
    pub(crate) fn command(&self, verb: &str, name: &str) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_on-virtual-time"));
        command.arg(verb).arg(self.file(name));
        command
    }

    /// The plugin with these arguments, in a folder where `NAME.yaml` is the file of each installation.
    #[cfg(feature = "plugin")]
    pub(crate) fn plugin(&self, args: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_plugin-on-stage"));
        command.args(args).current_dir(self.folder.path());
        command
    }

    /// A program of somebody in the account.
    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("MILVUS_STAGE_AWS", self.stage.endpoint())
            .env("AWS_ENDPOINT_URL", self.stage.endpoint())
            .env("AWS_REGION", self.stage.region())
            .env("AWS_ACCESS_KEY_ID", &self.keys.0)
            .env("AWS_SECRET_ACCESS_KEY", &self.keys.1)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Where the files of the account's installations are, and the home of who runs them.
    #[cfg(feature = "plugin")]
    pub(crate) fn home(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn run(&self, verb: &str, name: &str) -> Ran {
        Ran::to_its_end(self.start(verb, name))
    }

    /// Others do something in the account: a script beside this file.
    pub(crate) fn others(&self, script: &str, args: &[&str]) {
        let mut command = python(&Cache::open().unwrap()).unwrap();
        command.arg(format!("{}/aws/{script}", env!("CARGO_MANIFEST_DIR")));
        command.args(args);
        command.env("AWS_ENDPOINT_URL", self.stage.endpoint());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// What exists: how many of each kind and of each name with our tag, whatever ids they got.
    pub(crate) fn existing(&self) -> BTreeMap<String, usize> {
        let inventory = self.stage.inventory().unwrap();
        let mut counts = BTreeMap::new();
        for item in inventory["present"].as_array().unwrap() {
            let name = item["tags"]["Name"].as_str().unwrap_or("-");
            let mark = item["tags"]["kubectl-milvus/installation"]
                .as_str()
                .unwrap_or("-");
            let key = format!("{}/{} {name} {mark}", item["service"], item["kind"]);
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    /// How many keys and secrets AWS will remove by itself.
    pub(crate) fn leaving(&self) -> usize {
        let inventory = self.stage.inventory().unwrap();
        inventory["leaving"].as_array().unwrap().len()
    }

    /// The ids of everything that exists.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        let inventory = self.stage.inventory().unwrap();
        let items = inventory["present"].as_array().unwrap().iter();
        items
            .map(|item| format!("{}/{} {}", item["service"], item["kind"], item["id"]))
            .collect()
    }

    /// What the file of that installation says beside its name and version; `target: aws` without this.
    pub(crate) fn describe(&self, name: &str, lines: &str) {
        let text = format!("apiVersion: kubectl-milvus/v1\nname: {name}\nversion: 2.4.5\n{lines}");
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if !path.exists() {
            self.describe(name, "target: aws\n");
        }
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.yaml"))
    }
}

impl Ran {
    pub(crate) fn to_its_end(run: Child) -> Self {
        let output = run.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            told: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n{:#}",
            self.stderr,
            self.told["error"]
        );
        self
    }

    /// Calls that write, or that do not.
    pub(crate) fn calls(&self, writes: bool) -> u64 {
        let calls = self.told["calls"].as_array().unwrap();
        let these = calls.iter().filter(|call| call["writes"] == writes);
        these.map(|call| call["times"].as_u64().unwrap()).sum()
    }
}
