//! All parts of the stage, built side by side in the order of their needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::cache::{Cache, Part, note_use};
use crate::report;

/// How often a long build says that it is still at work.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// A part's name, its folder, and whether it had to be built.
type Outcome = (&'static str, Result<(PathBuf, bool)>);

/// Folders of the parts that are there.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    dirs: BTreeMap<&'static str, PathBuf>,
}

impl Parts {
    /// Folder of a part.
    pub fn dir(&self, name: &str) -> Result<&Path> {
        self.dirs
            .get(name)
            .map(PathBuf::as_path)
            .ok_or_else(|| anyhow!("no part is called {name}"))
    }

    /// Notes the part if it is in the cache.
    fn look_up(&mut self, cache: &Cache, part: &Part) -> bool {
        let dir = self
            .needs_of(part)
            .map(|needs| cache.part_dir(part, &needs));
        let Some(dir) = dir.filter(|dir| dir.exists()) else {
            return false;
        };
        // Who cannot note it will miss it in a week at the earliest.
        let _noted = note_use(&dir);
        self.dirs.insert(part.name, dir);
        true
    }

    fn needs_of(&self, part: &Part) -> Option<Vec<(&'static str, PathBuf)>> {
        part.needs
            .iter()
            .map(|need| Some((*need, self.dirs.get(need)?.clone())))
            .collect()
    }
}

/// Makes sure that every part of the table is in the cache, and says what it builds.
pub fn ensure(cache: &Cache, table: Vec<Part>) -> Result<Parts> {
    let start = Instant::now();
    let mut found = Parts::default();
    let mut waiting = table;
    // What is there already is looked up at once, so that a warm run prints nothing.
    loop {
        let before = waiting.len();
        waiting.retain(|part| !found.look_up(cache, part));
        if waiting.len() == before {
            break;
        }
    }
    if !waiting.is_empty() {
        build_all(cache, &mut found, waiting)?;
        report::line(format!(
            "  all parts are there after {}",
            report::seconds(start.elapsed())
        ));
    }
    Ok(found)
}

fn build_all(cache: &Cache, found: &mut Parts, mut waiting: Vec<Part>) -> Result<()> {
    let (sender, receiver) = mpsc::channel::<Outcome>();
    let mut running: BTreeMap<&'static str, Instant> = BTreeMap::new();
    let mut failure = None;
    loop {
        if failure.is_none() {
            start_ready(cache, found, &mut waiting, &mut running, &sender);
        }
        if running.is_empty() {
            break;
        }
        let Ok((name, outcome)) = receiver.recv_timeout(HEARTBEAT) else {
            report::line(format!("  still building: {}", describe(&running)));
            continue;
        };
        let took = running
            .remove(name)
            .map(|at| at.elapsed())
            .unwrap_or_default();
        match outcome {
            Ok((dir, built)) => {
                let how = if built { "built in" } else { "found after" };
                report::line(format!("  part {name}: {how} {}", report::seconds(took)));
                found.dirs.insert(name, dir);
            }
            Err(error) => {
                report::line(format!(
                    "  part {name}: failed after {}",
                    report::seconds(took)
                ));
                failure.get_or_insert(error);
            }
        }
    }
    if let Some(error) = failure {
        return Err(error);
    }
    if let Some(part) = waiting.first() {
        bail!(
            "part {} needs one of {:?}, which no part provides",
            part.name,
            part.needs
        );
    }
    Ok(())
}

fn describe(running: &BTreeMap<&'static str, Instant>) -> String {
    let names: Vec<String> = running
        .iter()
        .map(|(name, at)| format!("{name} {:.0} s", at.elapsed().as_secs_f64()))
        .collect();
    names.join(", ")
}

fn start_ready(
    cache: &Cache,
    found: &Parts,
    waiting: &mut Vec<Part>,
    running: &mut BTreeMap<&'static str, Instant>,
    sender: &mpsc::Sender<Outcome>,
) {
    waiting.retain(|part| {
        let Some(needs) = found.needs_of(part) else {
            return true;
        };
        let log = cache.part_log(part.name);
        report::line(format!(
            "  part {} {}: building (log: {})",
            part.name,
            part.version,
            log.display()
        ));
        running.insert(part.name, Instant::now());
        let (cache, part, sender) = (cache.clone(), part.clone(), sender.clone());
        thread::spawn(move || {
            // A panic in a build is that part's failure, not a wait without end.
            let outcome = std::panic::catch_unwind(|| cache.ensure(&part, needs))
                .unwrap_or_else(|_| Err(anyhow!("the build panicked")))
                .with_context(|| format!("part {} {}", part.name, part.version));
            let _ = sender.send((part.name, outcome));
        });
        false
    });
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn table(broken: bool) -> Vec<Part> {
        let base = |name, needs, build| Part {
            name,
            version: "1",
            recipe: Vec::new(),
            needs,
            build,
        };
        vec![
            base("top", &["left", "right"], |build| {
                fs::copy(build.part("left")?.join("file"), build.out.join("file"))?;
                Ok(())
            }),
            base("left", &["base"], |build| {
                fs::copy(build.part("base")?.join("file"), build.out.join("file"))?;
                Ok(())
            }),
            base(
                "right",
                if broken { &["nowhere"] } else { &["base"] },
                |_| Ok(()),
            ),
            base("base", &[], |build| {
                Ok(fs::write(build.out.join("file"), "text")?)
            }),
        ]
    }

    #[test]
    fn needs_come_first_whatever_the_order_of_the_table() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned()).unwrap();
        for _ in 0..2 {
            let parts = ensure(&cache, table(false)).unwrap();
            assert_eq!(
                fs::read_to_string(parts.dir("top").unwrap().join("file")).unwrap(),
                "text"
            );
        }
    }

    #[test]
    fn a_need_that_nothing_provides_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned()).unwrap();
        let error = ensure(&cache, table(true)).unwrap_err().to_string();
        assert!(
            error.contains("nowhere") || error.contains("right"),
            "{error}"
        );
    }

    #[test]
    fn a_part_that_does_not_build_stops_what_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_owned()).unwrap();
        let mut table = table(false);
        table[3].build = |_| bail!("no luck");
        let error = format!("{:#}", ensure(&cache, table).unwrap_err());
        assert!(
            error.contains("base") && error.contains("no luck"),
            "{error}"
        );
        assert!(
            !fs::read_dir(dir.path().join("parts"))
                .unwrap()
                .any(|_| true)
        );
    }
}
