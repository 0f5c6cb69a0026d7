//! Tokens for the API server of an EKS cluster.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use milvus_aws_core::{
    aws::{Credentials, KubernetesToken},
    installation::Region,
};
use secrecy::ExposeSecret;

/// 2026-01-02T03:04:05Z.
const NOW: Duration = Duration::from_secs(1_767_323_045);

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn credentials(session: Option<&str>, expiry: Option<SystemTime>) -> Credentials {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    Credentials::new(
        "AKIDEXAMPLE",
        secret,
        session.map(str::to_owned),
        expiry,
        "test",
    )
}

fn token(session: Option<&str>, expiry: Option<SystemTime>) -> KubernetesToken {
    let credentials = credentials(session, expiry);
    let region = region("us-west-2");
    KubernetesToken::signed(credentials, &region, "demo-milvus", UNIX_EPOCH + NOW).unwrap()
}

/// The URL inside of a token, its parameters in order.
fn url(token: &KubernetesToken) -> (String, Vec<String>) {
    let text = token
        .token
        .expose_secret()
        .strip_prefix("k8s-aws-v1.")
        .unwrap();
    let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let (place, query) = url.split_once('?').unwrap();
    let mut parameters: Vec<String> = query.split('&').map(str::to_owned).collect();
    parameters.sort();
    (place.to_owned(), parameters)
}

/// The signatures are what botocore's `SigV4QueryAuth` makes of the same request, key and time.
#[test]
fn a_token_is_the_presigned_request_of_the_aws_cli() {
    let (place, parameters) = url(&token(Some("session/token+with=signs"), None));
    assert_eq!(place, "https://sts.us-west-2.amazonaws.com/");
    assert_eq!(
        parameters,
        [
            "Action=GetCallerIdentity",
            "Version=2011-06-15",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-west-2%2Fsts%2Faws4_request",
            "X-Amz-Date=20260102T030405Z",
            "X-Amz-Expires=60",
            "X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dsigns",
            "X-Amz-Signature=46c277d230ca8d28e4388e69201909b143fa9514e0e0219a24618c3648df0c5b",
            "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id",
        ]
    );
}

/// API servers ask the STS of their own partition, whose host names end otherwise (source: botocore, `partitions.json`).
#[test]
fn discovery_10_the_region_alone_tells_the_host() {
    for (name, host) in [
        ("us-east-1", "sts.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
        ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
    ] {
        let credentials = credentials(None, None);
        let token = KubernetesToken::signed(credentials, &region(name), "demo", UNIX_EPOCH + NOW);
        let (place, _) = url(&token.unwrap());
        assert_eq!(place, format!("https://{host}/"));
    }
}

#[test]
fn a_token_ends_before_eks_and_the_credentials_do() {
    let now = UNIX_EPOCH + NOW;
    assert_eq!(token(None, None).expires, now + Duration::from_mins(14));
    let soon = now + Duration::from_mins(5);
    assert_eq!(token(None, Some(soon)).expires, soon);
    let late = now + Duration::from_hours(5);
    assert_eq!(
        token(None, Some(late)).expires,
        now + Duration::from_mins(14)
    );
}

#[test]
fn a_token_is_not_shown() {
    let token = token(None, None);
    let shown = format!("{token:?}");
    assert!(!shown.contains(token.token.expose_secret()), "{shown}");
}
