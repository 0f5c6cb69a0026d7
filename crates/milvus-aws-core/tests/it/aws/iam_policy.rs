//! The least rights that `install` needs: what is published, and whether IAM takes it.

use std::collections::BTreeSet;

use milvus_aws_core::aws::{actions, iam_policy};
use serde_json::Value;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/iam-policy.json");
/// The longest managed policy, white space not counted (source: IAM quotas).
const LONGEST: usize = 6144;

fn policy() -> Value {
    serde_json::from_str(iam_policy().as_str()).unwrap()
}

/// `UPDATE_IAM_POLICY=1 cargo test -p milvus-aws-core iam_policy` writes it anew.
#[test]
fn the_published_policy_is_current() {
    let policy = format!("{}\n", serde_json::to_string_pretty(&policy()).unwrap());
    if std::env::var_os("UPDATE_IAM_POLICY").is_some() {
        std::fs::write(PUBLISHED, &policy).unwrap();
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(
        published == policy,
        "docs/iam-policy.json is not current: set UPDATE_IAM_POLICY=1 and test again"
    );
}

#[test]
fn it_fits_into_one_managed_policy() {
    let length = iam_policy()
        .as_str()
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .count();
    assert!(length <= LONGEST, "{length}");
}

#[test]
fn it_allows_every_action_once_and_names_every_statement() {
    let policy = policy();
    let statements = policy["Statement"].as_array().unwrap();
    let texts = |key: &str| -> Vec<&str> {
        let lists = statements
            .iter()
            .map(move |statement| match &statement[key] {
                Value::Array(items) => items.iter().collect(),
                item => vec![item],
            });
        lists.flatten().map(|item| item.as_str().unwrap()).collect()
    };
    let allowed = texts("Action");
    assert_eq!(allowed.iter().copied().collect::<BTreeSet<_>>(), actions());
    assert_eq!(allowed.len(), actions().len());
    let names = texts("Sid");
    assert!(names.is_sorted());
    assert_eq!(
        names.iter().collect::<BTreeSet<_>>().len(),
        statements.len()
    );
    assert!(
        names
            .iter()
            .all(|name| name.chars().all(|letter| letter.is_ascii_alphanumeric()))
    );
}

#[test]
fn roles_are_changed_and_passed_on_by_the_ends_of_their_names_alone() {
    const CHANGES: &[&str] = &[
        "iam:AttachRolePolicy",
        "iam:DeleteRole",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ];
    let policy = policy();
    let has = |value: &Value, wanted: &dyn Fn(&str) -> bool| {
        let mut items = value.as_array().unwrap().iter();
        items.any(|item| wanted(item.as_str().unwrap()))
    };
    let statements = policy["Statement"].as_array().unwrap().iter();
    let mut changing = statements
        .filter(|statement| has(&statement["Action"], &|action| CHANGES.contains(&action)))
        .peekable();
    assert!(changing.peek().is_some());
    for statement in changing {
        let open = |arn: &str| !arn.starts_with("arn:aws:iam::*:role/*-");
        assert!(!has(&statement["Resource"], &open), "{statement:#}");
    }
}

/// Source: service authorization reference, the resource types of each action.
#[test]
fn discovery_12_what_has_a_resource_is_not_allowed_on_everything() {
    const NARROW: &[(&str, &str)] = &[
        (
            "iam:RemoveRoleFromInstanceProfile",
            "arn:aws:iam::*:instance-profile/*",
        ),
        ("kms:CreateGrant", "arn:aws:kms:*:*:key/*"),
        ("kms:RetireGrant", "arn:aws:kms:*:*:key/*"),
        ("s3:PutBucketOwnershipControls", "arn:aws:s3:::*"),
        ("s3:PutBucketPublicAccessBlock", "arn:aws:s3:::*"),
    ];
    let policy = policy();
    let statements = policy["Statement"].as_array().unwrap();
    for (action, resource) in NARROW {
        let allows = |statement: &&Value| {
            let actions = statement["Action"].as_array().unwrap();
            actions.iter().any(|it| it == action)
        };
        let statement = statements.iter().find(allows).unwrap();
        assert_eq!(
            statement["Resource"],
            serde_json::json!([resource]),
            "{action}"
        );
    }
}
