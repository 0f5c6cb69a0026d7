//! Row 35: an installation whose vectors stayed is made again, and its etcd would know nothing of them.

use serde_json::Value;

use crate::account::Account;
use crate::existing::{self, call};

const BUCKET: &str = "demo-milvus-123456789012-us-west-2";

/// Milvus, or somebody else, stores an object.
fn store(account: &Account, bucket: &str, key: &str) {
    let request = format!("PUT /{bucket}/{key}");
    call(account, "us-west-2/s3", &request, "text/plain", "x");
}

/// How many objects a bucket holds.
fn objects(account: &Account, bucket: &str) -> Value {
    let present = existing::present(account);
    let bucket = present
        .iter()
        .find(|item| item["kind"] == "bucket" && item["id"] == bucket);
    bucket.unwrap()["objects"].clone()
}

/// Plan and install name that resource and the danger, and nothing is written.
#[track_caller]
fn refuses(account: &Account, resource: &str, prefix: &str) {
    account.stage.clear_calls().unwrap();
    let plan = account.run("plan", "demo").ends_with(0);
    let steps = plan.told["plan"]["steps"].as_array().unwrap();
    let refused: Vec<_> = steps
        .iter()
        .filter(|step| step["action"] == "refuse")
        .map(|step| step["resource"].as_str().unwrap())
        .collect();
    assert_eq!(refused, [resource]);
    let ran = account.run("install", "demo").ends_with(5);
    let said = ran.told["error"].as_str().unwrap();
    for word in [resource, prefix, "Milvus would delete them after a day"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let calls = account.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
}

#[test]
fn row_35_vectors_that_were_kept_are_not_given_to_a_new_etcd() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    store(&account, BUCKET, "files/insert_log/1");
    // As long as the cluster is there, so are etcd's volumes.
    account.run("install", "demo").ends_with(0);
    account.run("uninstall", "demo").ends_with(0);
    refuses(&account, &format!("bucket/{BUCKET}"), "files/");
    // What goes on from there is the removal.
    account.run("uninstall", "demo").ends_with(0);
    assert_eq!(objects(&account, BUCKET), 1);
    account.run("wipe", "demo").ends_with(0);
    account.run("install", "demo").ends_with(0);
}

#[test]
fn row_35_an_empty_bucket_and_what_is_beside_the_prefix_hold_nothing_up() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    store(&account, BUCKET, "files-of-others/1");
    account.run("uninstall", "demo").ends_with(0);
    account.run("install", "demo").ends_with(0);
}

#[test]
fn row_35_another_bucket_leaves_them() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    store(&account, BUCKET, "files/insert_log/1");
    account.run("uninstall", "demo").ends_with(0);
    account.describe("demo", "target: aws\naws: {bucket: vectors-anew}\n");
    account.run("install", "demo").ends_with(0);
    assert_eq!(objects(&account, BUCKET), 1);
}

#[test]
fn row_35_the_same_in_a_bucket_that_exists() {
    const SHARED: &str = "vectors-of-all";
    let account = Account::new();
    let location = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
    let request = format!("PUT /{SHARED}");
    call(
        &account,
        "us-west-2/s3",
        &request,
        "application/xml",
        location,
    );
    store(&account, SHARED, "other-milvus/insert_log/1");
    let lines = format!("target: aws\naws: {{existing: {{bucket: {SHARED}}}}}\n");
    account.describe("demo", &lines);
    account.run("install", "demo").ends_with(0);
    store(&account, SHARED, "demo-milvus/insert_log/1");
    account.run("install", "demo").ends_with(0);
    account.run("uninstall", "demo").ends_with(0);
    refuses(
        &account,
        &format!("existing-bucket/{SHARED}"),
        "demo-milvus/",
    );
}
