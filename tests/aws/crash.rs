//! `kill -9` just before and just after every write, then the same command again.
//!
//! One account, one chain: a run is killed at the first write that was not met yet, the next run at the next one, until a
//! run ends by itself. So each point is met in the state that all earlier deaths left.

use std::process::Child;
use std::time::Duration;

use milvus_stage::aws::Hold;

use crate::account::Account;

/// How often a run is looked at while no write of it is held.
const LOOK: Duration = Duration::from_millis(50);
/// What passes until somebody runs it again: what was just made is not seen everywhere at once.
const MEANWHILE: Duration = Duration::from_secs(20);
/// More deaths than any run has writes.
const MOST: usize = 120;

/// Kills every run at a write until one ends by itself; the points, in order.
fn chain(account: &Account, verb: &str, hold: Hold) -> Vec<String> {
    // A run that died before its first write made none: the first one is let through, and it dies before the second.
    let first = match hold {
        Hold::Before => 2,
        Hold::After => 1,
    };
    let mut points = Vec::new();
    while points.len() < MOST {
        account.stage.gate(first, hold).unwrap();
        let mut run = account.start_one_by_one(verb, "demo");
        let Some(point) = dies(account, &mut run, &points) else {
            return points;
        };
        points.push(point);
        account.stage.advance(MEANWHILE).unwrap();
    }
    panic!("no run comes to its end: {points:?}");
}

/// Where a run was killed; none when it ended by itself.
fn dies(account: &Account, run: &mut Child, points: &[String]) -> Option<String> {
    loop {
        if let Some(held) = account.stage.held(LOOK).unwrap() {
            run.kill().unwrap();
            run.wait().unwrap();
            account.stage.open_gate().unwrap();
            return Some(format!("{} {}", held.service, held.operation));
        }
        if let Some(status) = run.try_wait().unwrap() {
            account.stage.open_gate().unwrap();
            assert!(status.success(), "after {points:?}");
            return None;
        }
    }
}

fn every_death_is_got_over(account: &Account, hold: Hold) {
    let empty = account.existing();
    account.run("install", "demo").ends_with(0);
    let undisturbed = account.existing();
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.existing(), empty);

    let installs = chain(account, "install", hold);
    assert_eq!(account.existing(), undisturbed, "after {installs:?}");
    let again = account.run("install", "demo").ends_with(0);
    assert_eq!(again.calls(true), 0);
    let removals = chain(account, "wipe", hold);
    assert_eq!(account.existing(), empty, "after {removals:?}");
    println!(
        "killed {hold:?} {} writes of installs and {} of removals",
        installs.len(),
        removals.len()
    );
    assert!(
        installs.len() >= 50 && removals.len() >= 45,
        "{installs:?} {removals:?}"
    );
}

#[test]
fn an_install_and_a_removal_get_over_a_death_before_and_after_any_write() {
    let (account, other) = (Account::new(), Account::beside());
    std::thread::scope(|scope| {
        scope.spawn(|| every_death_is_got_over(&account, Hold::Before));
        scope.spawn(|| every_death_is_got_over(&other, Hold::After));
    });
}
