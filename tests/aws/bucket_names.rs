//! Whose a bucket's name is, where S3 answers 403: to missing rights and to buckets of others alike.

use serde_json::{Value, json};

use crate::account::{Account, Ran};

const BUCKET: &str = "demo-milvus-123456789012-us-west-2";

/// Refusals of those calls from now on.
fn deny(account: &Account, operations: &[&str]) {
    for operation in operations {
        let rule = json!({"kind": "deny", "service": "s3", "operation": operation});
        account.stage.fault(rule).unwrap();
    }
}

/// HeadBucket answers as of a bucket in that region which is another account's.
fn others_have_it(account: &Account, region: &str) {
    let headers = json!({"x-amz-bucket-region": region});
    let rule =
        json!({"kind": "deny", "service": "s3", "operation": "HeadBucket", "headers": headers});
    account.stage.fault(rule).unwrap();
}

#[track_caller]
fn says(ran: &Ran, words: &[&str], never: &[&str]) {
    let error = ran.told["error"].as_str().unwrap_or_default();
    let said = format!("{error}{}", ran.stderr);
    for word in words {
        assert!(said.contains(word), "no `{word}`: {said}");
    }
    for word in never {
        assert!(!said.contains(word), "`{word}`: {said}");
    }
}

/// Nobody has made a bucket: the name is free, and the right to look is missing.
#[test]
fn stage_fault_7_a_missing_right_is_not_told_as_a_taken_name() {
    for denied in [
        &["HeadBucket"][..],
        &["HeadBucket", "ListBuckets"],
        &["HeadBucket", "ListBuckets", "GetBucketLocation"],
    ] {
        let account = Account::new();
        deny(&account, denied);
        let ran = account.run("install", "demo").ends_with(1);
        let words = [
            BUCKET,
            "either the right s3:ListBucket is missing",
            "another account's",
        ];
        says(&ran, &words, &["the name is taken"]);
        let calls = account.stage.calls().unwrap();
        assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
    }
}

#[test]
fn stage_fault_7_the_account_s_own_bucket_is_told_as_such() {
    for denied in [
        &["HeadBucket"][..],
        // Where it is, only its owner is told.
        &["HeadBucket", "ListBuckets"],
    ] {
        let account = Account::new();
        account.run("install", "demo").ends_with(0);
        deny(&account, denied);
        for verb in ["install", "uninstall"] {
            let ran = account.run(verb, "demo").ends_with(1);
            let words = [
                BUCKET,
                "the account's own",
                "s3:ListBucket",
                "docs/iam-policy.json",
            ];
            says(&ran, &words, &["is taken", "another account"]);
        }
    }
}

#[test]
fn stage_fault_7_a_bucket_of_another_account_is_refused() {
    let account = Account::new();
    others_have_it(&account, "us-west-2");
    let ran = account.run("install", "demo").ends_with(5);
    says(&ran, &["the name is taken by another account"], &[]);
    account.stage.clear_faults().unwrap();
    others_have_it(&account, "eu-central-1");
    let ran = account.run("install", "demo").ends_with(5);
    says(&ran, &["the name is taken, in eu-central-1"], &[]);
}

#[test]
fn stage_fault_7_a_bucket_that_exists_is_used_by_its_owner_with_rights_alone() {
    let account = Account::new();
    account.describe(
        "demo",
        "target: aws\naws: {existing: {bucket: team-vectors}}\n",
    );
    let mut told: Vec<Value> = Vec::new();
    for (rule, words) in [
        (None, "there is no bucket team-vectors"),
        (Some(json!({})), "either the right s3:ListBucket is missing"),
        (
            Some(json!({"x-amz-bucket-region": "us-west-2"})),
            "is another account's; write one of the account 123456789012",
        ),
        (
            Some(json!({"x-amz-bucket-region": "eu-central-1"})),
            "is in eu-central-1, not in us-west-2",
        ),
    ] {
        account.stage.clear_faults().unwrap();
        if let Some(headers) = rule {
            let rule = json!({"kind": "deny", "service": "s3", "operation": "HeadBucket", "headers": headers});
            account.stage.fault(rule).unwrap();
        }
        let ran = account.run("install", "demo").ends_with(1);
        says(&ran, &[words], &[]);
        told.push(ran.told["error"].clone());
    }
    told.dedup();
    assert_eq!(told.len(), 4, "{told:#?}");
}
