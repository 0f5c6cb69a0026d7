//! What is another installation's, and another run's.

use crate::account::Account;

#[test]
fn two_installations_share_nothing() {
    let account = Account::new();
    // The second pair's names begin alike.
    for (first, second) in [("demo", "other"), ("milvus", "milvus-milvus")] {
        account.run("install", first).ends_with(0);
        let alone = account.ids();
        account.run("install", second).ends_with(0);
        account.run("wipe", second).ends_with(0);
        assert_eq!(account.ids(), alone);
        account.run("wipe", first).ends_with(0);
    }
}

#[test]
fn two_runs_at_once_make_one_of_everything() {
    let undisturbed = {
        let account = Account::new();
        account.run("install", "demo").ends_with(0);
        account.existing()
    };
    let account = Account::new();
    let first = account.start("install", "demo");
    let second = account.start("install", "demo");
    first.wait_with_output().unwrap();
    second.wait_with_output().unwrap();
    account.run("install", "demo").ends_with(0);
    assert_eq!(account.existing(), undisturbed);
}
