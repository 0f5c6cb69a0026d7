//! What roles may do, and who may become them.

use milvus_aws_core::aws::{
    Account, KeyArn, OidcProviderArn, Policy, ServiceAccount, TrustedIssuer,
};
use serde_json::{Value, json};

fn account(partition: &str) -> Account {
    Account {
        id: "123456789012".to_owned(),
        caller: format!("arn:{partition}:iam::123456789012:user/me"),
        partition: partition.to_owned(),
        region: "us-west-2".parse().unwrap(),
    }
}

fn parsed(policy: &Policy) -> Value {
    serde_json::from_str(policy.as_str()).unwrap()
}

fn issuer() -> TrustedIssuer {
    let host = "oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF";
    TrustedIssuer {
        provider: OidcProviderArn::new(format!("arn:aws:iam::123456789012:oidc-provider/{host}")),
        issuer: format!("https://{host}"),
    }
}

fn service_account(namespace: &str, name: &str) -> ServiceAccount {
    ServiceAccount {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Pains row 22: the wrong subject, audience or issuer.
#[test]
fn one_service_account_of_one_cluster_becomes_a_role() {
    let trust = Policy::trust_service_account(&issuer(), &service_account("milvus", "s3"));
    let host = "oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF";
    assert_eq!(
        parsed(&trust),
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": format!("arn:aws:iam::123456789012:oidc-provider/{host}")},
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Condition": {"StringEquals": {
                    format!("{host}:aud"): ["sts.amazonaws.com"],
                    format!("{host}:sub"): ["system:serviceaccount:milvus:s3"],
                }},
            }],
        })
    );
}

/// Every action of a policy with what it is allowed on.
fn rights(policy: &Policy) -> Vec<(String, String)> {
    let document = parsed(policy);
    let mut rights = Vec::new();
    for statement in document["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        for action in statement["Action"].as_array().unwrap() {
            for resource in statement["Resource"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                rights.push((text(action), text(resource)));
            }
        }
    }
    rights.sort();
    rights
}

fn strings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(owned).collect()
}

/// Pains row 7: a policy that opens every bucket of the account.
#[test]
fn milvus_reaches_its_prefix_and_nothing_else() {
    let (bucket, root) = ("demo-bucket".parse().unwrap(), "files".parse().unwrap());
    let policy = Policy::object_storage(&account("aws"), &bucket, &root, None);
    let objects = "arn:aws:s3:::demo-bucket/files/*";
    assert_eq!(
        rights(&policy),
        strings(&[
            ("s3:AbortMultipartUpload", objects),
            ("s3:DeleteObject", objects),
            ("s3:GetBucketLocation", "arn:aws:s3:::demo-bucket"),
            ("s3:GetObject", objects),
            ("s3:ListBucket", "arn:aws:s3:::demo-bucket"),
            ("s3:ListMultipartUploadParts", objects),
            ("s3:PutObject", objects),
        ])
    );
    let list = &parsed(&policy)["Statement"][0];
    assert_eq!(
        list["Condition"],
        json!({"StringLikeIfExists": {"s3:prefix": ["files", "files/*", "justforconnectioncheck"]}})
    );
}

/// Pains row 26: an encrypted bucket whose key Milvus may not use.
#[test]
fn the_key_of_the_bucket_comes_with_it() {
    let (bucket, root) = ("demo-bucket".parse().unwrap(), "files".parse().unwrap());
    let key = KeyArn::new("arn:aws:kms:us-west-2:123456789012:key/1");
    let with = Policy::object_storage(&account("aws"), &bucket, &root, Some(&key));
    let without = Policy::object_storage(&account("aws"), &bucket, &root, None);
    let mut added = rights(&with);
    added.retain(|right| !rights(&without).contains(right));
    assert_eq!(
        added,
        strings(&[
            ("kms:Decrypt", key.as_str()),
            ("kms:GenerateDataKey", key.as_str())
        ])
    );
}

#[test]
fn a_star_in_the_prefix_is_no_wildcard() {
    let (bucket, root) = ("demo-bucket".parse().unwrap(), "a*b".parse().unwrap());
    let policy = Policy::object_storage(&account("aws"), &bucket, &root, None);
    let objects = rights(&policy)
        .into_iter()
        .find(|(action, _)| action == "s3:GetObject");
    assert_eq!(objects.unwrap().1, "arn:aws:s3:::demo-bucket/a${*}b/*");
}

#[test]
fn other_partitions_have_other_arns() {
    let policy = Policy::load_balancer_controller(&account("aws-cn"));
    let text = policy.as_str();
    assert!(text.contains("\"arn:aws-cn:ec2:*:*:security-group/*\""));
    assert!(!text.contains("arn:aws:"));
}

/// Pains row 38: rights that the pinned version of the controller does not have.
#[test]
fn the_controllers_policy_is_the_pinned_versions() {
    let policy = parsed(&Policy::load_balancer_controller(&account("aws")));
    let statements = policy["Statement"].as_array().unwrap();
    let allows = |action: &str| {
        let has = |statement: &Value| {
            let actions = statement["Action"].as_array();
            actions.is_some_and(|actions| actions.iter().any(|known| known == action))
        };
        statements.iter().any(has)
    };
    // The first is as old as the controller, the others came with 2.6, 2.8 and 2.11.
    for action in [
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:ModifyCapacityReservation",
    ] {
        assert!(allows(action), "{action}");
    }
}

#[test]
fn the_same_said_in_another_way_is_no_change() {
    let trust = Policy::trust_service("eks.amazonaws.com");
    let as_iam_gives_it = "%7B%22Statement%22%3A%7B%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Effect%22%3A%22Allow%22%2C\
                           %22Principal%22%3A%7B%22Service%22%3A%5B%22eks.amazonaws.com%22%5D%7D%7D%2C%22Version%22%3A%222012-10-17%22%7D";
    assert!(trust.equals(as_iam_gives_it));
    assert!(trust.equals(trust.as_str()));
    assert!(!trust.equals(&as_iam_gives_it.replace("eks", "ec2")));
    assert!(!trust.equals(&as_iam_gives_it.replace("Allow", "Deny")));
    assert!(!trust.equals("%7B"));
    assert!(!trust.equals(""));
}

#[test]
fn order_of_actions_is_no_change_but_a_missing_one_is() {
    let (bucket, root) = ("demo-bucket".parse().unwrap(), "files".parse().unwrap());
    let policy = Policy::object_storage(&account("aws"), &bucket, &root, None);
    let mut document = parsed(&policy);
    document["Statement"].as_array_mut().unwrap().reverse();
    assert!(policy.equals(&document.to_string()));
    let actions = document["Statement"][0]["Action"].as_array_mut().unwrap();
    actions.rotate_left(2);
    assert!(policy.equals(&document.to_string()));
    document["Statement"][0]["Action"]
        .as_array_mut()
        .unwrap()
        .pop();
    assert!(!policy.equals(&document.to_string()));
}
