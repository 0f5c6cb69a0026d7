//! The folder outside the checkout where the stage keeps what it builds, and how a part gets into it.
//!
//! A part is built in a folder of its own and renamed into place, so that a part which is there is whole.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use crate::report;

/// One thing that the stage is made of: built once per version, then only looked up.
#[derive(Clone)]
pub struct Part {
    /// Name, unique among all parts; also its folder.
    pub name: &'static str,
    /// Version of what is inside, for people.
    pub version: &'static str,
    /// Everything whose change must lead to a new build: scripts, lists of packages, a revision number.
    pub recipe: Vec<String>,
    /// Parts that must be there before this one is built; their keys count as recipe.
    pub needs: &'static [&'static str],
    /// Fills [`Build::out`].
    pub build: fn(&Build<'_>) -> Result<()>,
}

/// What a part's build function gets.
pub struct Build<'a> {
    /// The empty folder to fill; it becomes the part's folder.
    pub out: &'a Path,
    /// An empty folder for what is not part of the result.
    pub scratch: &'a Path,
    log: PathBuf,
    needs: Vec<(&'static str, PathBuf)>,
}

impl Build<'_> {
    /// Folder of a part that this one needs.
    pub fn part(&self, name: &str) -> Result<&Path> {
        let found = self.needs.iter().find(|(need, _)| *need == name);
        found
            .map(|(_, dir)| dir.as_path())
            .ok_or_else(|| anyhow!("part {name} is not among the needs of this part"))
    }

    /// Runs a command to its end, with its output in the part's log.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let mut log = File::options().create(true).append(true).open(&self.log)?;
        writeln!(log, "+ {command:?}")?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let status = command
            .status()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        if !status.success() {
            bail!(
                "{} ended with {status}:\n{}",
                command.get_program().display(),
                tail(&self.log, 12)
            );
        }
        Ok(())
    }

    /// Runs a shell script in the scratch folder; `$OUT` is the folder to fill.
    pub fn script(&self, text: &str, env: &[(&str, &str)]) -> Result<()> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-euxc", text])
            .current_dir(self.scratch)
            .env("OUT", self.out)
            .envs(env.iter().copied());
        self.run(&mut command)
    }
}

/// How long a part stays that nothing uses: recipes go back and forth between branches for days, not for weeks.
pub(crate) const KEPT: Duration = Duration::from_hours(7 * 24);

/// Where parts, the running stage's files and logs are.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `$XDG_CACHE_HOME/kubectl-milvus`, or `~/.cache/kubectl-milvus`.
    pub fn open() -> Result<Self> {
        let absolute = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let base =
            absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        let base =
            base.context("no cache folder: set HOME or XDG_CACHE_HOME to an absolute path")?;
        Self::at(base.join("kubectl-milvus"))
    }

    /// A cache in a folder that the caller names.
    pub fn at(root: PathBuf) -> Result<Self> {
        for dir in ["parts", "logs", "tmp"] {
            let dir = root.join(dir);
            fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        }
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files of the running stage; wiped by every `up`.
    pub fn run_dir(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Log of a part's build.
    pub fn part_log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("part-{name}.log"))
    }

    /// Takes the lock of that name, waiting for another process if need be; held until the file is dropped.
    pub fn lock(&self, name: &str) -> Result<File> {
        let path = self.root.join("tmp").join(format!("{name}.lock"));
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            report::line(format!("  {name}: waiting for another run that holds it"));
            flock(&file, FlockOperation::LockExclusive)
                .with_context(|| format!("locking {}", path.display()))?;
        }
        Ok(file)
    }

    /// Folder of a part, whether it is there or not. `needs` are the folders of what it needs.
    pub(crate) fn part_dir(&self, part: &Part, needs: &[(&'static str, PathBuf)]) -> PathBuf {
        let mut hash = Sha256::new();
        for text in &part.recipe {
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        for (_, dir) in needs {
            hash.update(dir.file_name().unwrap_or_default().as_encoded_bytes());
        }
        let digest = hash.finalize();
        let short = u64::from_be_bytes(digest[..8].try_into().unwrap_or_default()) >> 24;
        self.root
            .join("parts")
            .join(format!("{}-{}-{short:010x}", part.name, part.version))
    }

    /// Builds a part unless it is there. True if it was built.
    pub(crate) fn ensure(
        &self,
        part: &Part,
        needs: Vec<(&'static str, PathBuf)>,
    ) -> Result<(PathBuf, bool)> {
        let dir = self.part_dir(part, &needs);
        if dir.exists() {
            return Ok((dir, false));
        }
        let _lock = self.lock(&format!("part-{}", part.name))?;
        if dir.exists() {
            return Ok((dir, false));
        }
        let temporary = self.root.join("tmp").join(format!("part-{}", part.name));
        remove(&temporary)?;
        let (out, scratch) = (temporary.join("out"), temporary.join("scratch"));
        fs::create_dir_all(&out)?;
        fs::create_dir_all(&scratch)?;
        let log = self.part_log(part.name);
        File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let build = Build {
            out: &out,
            scratch: &scratch,
            log: log.clone(),
            needs,
        };
        (part.build)(&build)
            .with_context(|| format!("building part {} (log: {})", part.name, log.display()))?;
        fs::rename(&out, &dir)
            .with_context(|| format!("moving part {} to {}", part.name, dir.display()))?;
        remove(&temporary)?;
        Ok((dir, true))
    }
}

impl Cache {
    /// Removes the parts that nothing used for so long: each change of a recipe leaves one behind. Callers hold the
    /// stage's lock, and no stage is up.
    pub(crate) fn forget_unused(&self, kept: Duration) -> Result<()> {
        // Out of sight first: a part that is there is whole, also when this is ended in between.
        let forgotten = self.root.join("tmp").join("forgotten");
        remove(&forgotten)?;
        let parts = self.root.join("parts");
        for entry in fs::read_dir(&parts).with_context(|| format!("reading {}", parts.display()))? {
            let entry = entry?;
            let used = entry.metadata()?.modified()?;
            if used.elapsed().is_ok_and(|unused| unused > kept) {
                let dir = entry.path();
                fs::rename(&dir, &forgotten)
                    .with_context(|| format!("moving {} out of the parts", dir.display()))?;
                remove(&forgotten)?;
            }
        }
        Ok(())
    }
}

/// Notes that a part is used, and therefore stays.
pub(crate) fn note_use(part: &Path) -> Result<()> {
    File::open(part)
        .and_then(|dir| dir.set_modified(SystemTime::now()))
        .with_context(|| format!("noting the use of {}", part.display()))
}

/// Removes a folder and all in it; one that is not there is fine.
pub fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    let last: Vec<String> = all[all.len().saturating_sub(lines)..]
        .iter()
        .map(|line| format!("    {line}"))
        .collect();
    last.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(recipe: &str, build: fn(&Build<'_>) -> Result<()>) -> Part {
        Part {
            name: "thing",
            version: "1",
            recipe: vec![recipe.to_owned()],
            needs: &[],
            build,
        }
    }

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("cache")).unwrap();
        (dir, cache)
    }

    #[test]
    fn a_part_is_built_once() {
        let (_dir, cache) = cache();
        let part = part("1", |build| build.script("echo made > $OUT/file", &[]));
        let (dir, built) = cache.ensure(&part, Vec::new()).unwrap();
        assert!(built);
        assert_eq!(fs::read_to_string(dir.join("file")).unwrap(), "made\n");
        assert_eq!(cache.ensure(&part, Vec::new()).unwrap(), (dir, false));
    }

    #[test]
    fn a_failed_build_is_not_taken_for_a_part_and_shows_its_log() {
        let (_dir, cache) = cache();
        let failing = part("1", |build| {
            build.script("echo half > $OUT/file; echo the reason; exit 3", &[])
        });
        let error = format!("{:#}", cache.ensure(&failing, Vec::new()).unwrap_err());
        assert!(
            error.contains("the reason") && error.contains("exit status: 3"),
            "{error}"
        );
        assert!(!cache.part_dir(&failing, &[]).exists());

        let mended = part("1", |build| build.script("ls $OUT > $OUT/file", &[]));
        let (dir, _) = cache.ensure(&mended, Vec::new()).unwrap();
        assert_eq!(
            fs::read_to_string(dir.join("file")).unwrap(),
            "file\n",
            "something was left of the failed build"
        );
    }

    #[test]
    fn a_changed_recipe_or_need_is_another_part() {
        let (_dir, cache) = cache();
        let build = |_: &Build<'_>| Ok(());
        let plain = cache.part_dir(&part("1", build), &[]);
        assert_ne!(plain, cache.part_dir(&part("2", build), &[]));
        let need = |key: &str| cache.part_dir(&part("1", build), &[("need", PathBuf::from(key))]);
        assert_ne!(plain, need("need-1-a"));
        assert_ne!(need("need-1-a"), need("need-1-b"));
    }

    #[test]
    fn what_nothing_uses_is_forgotten() {
        let (_dir, cache) = cache();
        let build = |build: &Build<'_>| build.script("echo made > $OUT/file", &[]);
        let made = |recipe: &str| cache.ensure(&part(recipe, build), Vec::new()).unwrap().0;
        let (used, unused) = (made("1"), made("2"));
        let long_ago = SystemTime::now() - 2 * KEPT;
        for dir in [&used, &unused] {
            File::open(dir).unwrap().set_modified(long_ago).unwrap();
        }
        note_use(&used).unwrap();
        cache.forget_unused(KEPT).unwrap();
        assert!(used.join("file").exists() && !unused.exists());
        assert!(!cache.root().join("tmp/forgotten").exists());
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let (dir, _cache) = cache();
        let log = dir.path().join("log");
        fs::write(&log, "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail(&log, 2), "    two\n    three");
        assert_eq!(tail(&dir.path().join("none"), 2), "");
    }
}
