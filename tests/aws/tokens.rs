//! Tokens that the plugin signs without a call, as the stage's API server judges them.

use serde_json::{Value, json};

use crate::account::{Account, Ran};

/// A token for the cluster, signed where no host answers.
fn token(account: &Account, cluster: &str) -> String {
    let mut command = account.plugin(&[
        "eks-token",
        "--cluster-name",
        cluster,
        "--region",
        "us-west-2",
    ]);
    for variable in ["AWS_ENDPOINT_URL", "HTTPS_PROXY", "HTTP_PROXY"] {
        command.env(variable, "http://127.0.0.1:1");
    }
    let ran = Ran::to_its_end(command.spawn().unwrap()).ends_with(0);
    ran.told["status"]["token"].as_str().unwrap().to_owned()
}

fn review(account: &Account, token: &str) -> Value {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}});
    account.stage.review_token(&review).unwrap()["status"].take()
}

#[test]
fn discovery_10_a_token_that_nobody_was_asked_for_lets_its_signer_in() {
    let mut account = Account::new();
    // With everybody's rights, so that the signature is checked.
    let everything = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    account.restrict(&everything);
    account.run("install", "demo").ends_with(0);
    let status = review(&account, &token(&account, "demo-milvus"));
    assert_eq!(status["authenticated"], true, "{status}");
    assert!(
        status["user"]["uid"]
            .as_str()
            .unwrap()
            .ends_with("/installer"),
        "{status}"
    );
    let status = review(&account, &token(&account, "other"));
    assert_eq!(status["authenticated"], false, "{status}");
}
