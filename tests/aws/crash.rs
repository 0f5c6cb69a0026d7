//! `kill -9` just before and just after every write, then the same command again.
//!
//! Each way of dying has an account and a chain of runs in it: every run makes one write and dies, the next one goes on
//! from what is there, until a run has nothing left to die at. So each death meets what all earlier ones left.

use std::thread;
use std::time::{Duration, Instant};

use milvus_stage::aws::Hold;
use serde_json::Value;

use crate::account::{Account, Ran};

/// Which of its writes a run dies at: before the second, so that the first is made, or after the first.
const DEATHS: [(usize, Hold); 2] = [(2, Hold::Before), (1, Hold::After)];
/// How long it takes until somebody runs it again: what AWS refuses for the moment is not refused for ever.
const UNTIL_AGAIN: Duration = Duration::from_secs(5);
/// How often a run is looked after.
const LOOK: Duration = Duration::from_millis(100);
/// More deaths than any run has writes.
const MOST: usize = 120;

/// The writes at which runs were killed, until one ended by itself.
fn deaths(account: &Account, verb: &str, (nth, hold): (usize, Hold)) -> Vec<String> {
    let mut points = Vec::new();
    while points.len() < MOST {
        // Before the very first one as well.
        let nth = if points.is_empty() { 1 } else { nth };
        account.stage.gate(nth, hold).unwrap();
        let mut run = account.start(verb, "demo");
        let point = loop {
            let point = account.stage.held(LOOK).unwrap();
            if point.is_some() || run.try_wait().unwrap().is_some() {
                break point;
            }
        };
        let Some(point) = point else {
            account.stage.open_gate().unwrap();
            Ran::to_its_end(run).ends_with(0);
            return points;
        };
        run.kill().unwrap();
        run.wait().unwrap();
        // The gate stays until the next run has its own: a call still on its way counts there.
        account.stage.advance(UNTIL_AGAIN).unwrap();
        points.push(format!("{} {}", point.service, point.operation));
    }
    panic!("no run comes to its end: {points:?}");
}

/// How many writes of `verb` AWS did.
fn written(account: &Account, verb: &str) -> usize {
    account.stage.clear_calls().unwrap();
    account.run(verb, "demo").ends_with(0);
    let calls = account.stage.calls().unwrap();
    let done = calls
        .iter()
        .filter(|call| call.write && call.error.is_none());
    done.count()
}

#[test]
fn a_run_may_die_at_every_write() {
    let undisturbed = Account::new();
    let before = undisturbed.existing();
    let installs = written(&undisturbed, "install");
    let installed = undisturbed.existing();
    let wipes = written(&undisturbed, "wipe");
    drop(undisturbed);

    let began = Instant::now();
    let first = Account::new();
    let second = Account::beside();
    let survives = |account: &Account, death| {
        let points = deaths(account, "install", death);
        println!("install: {} points, {death:?}", points.len());
        assert!(points.len() >= installs, "{installs}: {points:?}");
        assert_eq!(account.existing(), installed);
        assert_eq!(account.leaving(), 0, "a second key or secret was made");
        let again = account.run("install", "demo").ends_with(0);
        assert_eq!(again.calls(true), 0, "{:#}", again.told["calls"]);

        let points = deaths(account, "wipe", death);
        println!("removal: {} points, {death:?}", points.len());
        assert!(points.len() >= wipes, "{wipes}: {points:?}");
        assert_eq!(account.existing(), before);
        assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
    };
    thread::scope(|scope| {
        for (account, death) in [&first, &second].into_iter().zip(DEATHS) {
            let survives = &survives;
            scope.spawn(move || survives(account, death));
        }
    });
    println!("{:?}", began.elapsed());
}
