//! The target `aws` without an account.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::plugin::{Folder, NOWHERE, Ran};

const FILE: &str = "apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.4.5\ntarget: aws\n";
/// Every command that goes to the account.
const COMMANDS: [&str; 4] = ["plan", "graph", "install", "uninstall"];

/// Runs a command with these variables, and with no way to credentials but them.
fn run(command: &str, variables: &[(&str, &str)]) -> Ran {
    let folder = Folder::new();
    folder.write("milvus.yaml", FILE);
    let mut plugin = folder.command(&[command, "-f", "milvus.yaml"]);
    plugin.env("AWS_EC2_METADATA_DISABLED", "true");
    plugin.envs(variables.iter().copied());
    Ran::of(&mut plugin)
}

#[test]
fn no_region_is_named() {
    for command in COMMANDS {
        run(command, &[])
            .exits(1)
            .says(&["connect to AWS", "no region is named", "AWS_REGION"]);
    }
}

#[test]
fn no_credentials_are_found() {
    for command in COMMANDS {
        let ran = run(command, &[("AWS_REGION", "us-west-2")]);
        ran.exits(1)
            .says(&["whose credentials", "hint: log in to AWS", "AWS_PROFILE"]);
    }
}

#[test]
fn nobody_answers_and_no_key_is_told() {
    let variables = [
        ("AWS_REGION", "us-west-2"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("AWS_ENDPOINT_URL", NOWHERE),
    ];
    for command in COMMANDS {
        let ran = run(command, &variables).exits(1);
        assert!(!ran.stderr.contains("wJalrXUtnFEMI"), "{ran:#?}");
        ran.says(&["cannot ask STS"]);
    }
}

#[test]
fn a_bundle_of_certificates_that_is_not_there() {
    let variables = [("AWS_REGION", "us-west-2"), ("AWS_CA_BUNDLE", "absent.pem")];
    run("plan", &variables)
        .exits(1)
        .says(&["AWS_CA_BUNDLE", "absent.pem"]);
}

#[test]
fn objects_are_not_rendered_without_the_account() {
    run("render", &[])
        .exits(2)
        .says(&["what the account holds", "hint: ", "plan"]);
}

/// What a place is called, the environment, and the file of the AWS CLI.
type Place = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// The credentials of `AKIDEXAMPLE`, each in another place. Those of SSO, roles and machines are AWS's to give.
const PLACES: [Place; 4] = [
    (
        "the environment",
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ],
        "",
    ),
    (
        "a profile of the shared files",
        &[("AWS_CONFIG_FILE", "config"), ("AWS_PROFILE", "work")],
        "[profile work]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
    ),
    (
        "a program",
        &[("AWS_CONFIG_FILE", "config"), ("PATH", "/usr/bin:/bin")],
        "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIDEXAMPLE\", \"SecretAccessKey\": \"wJalrXUtnFEMI\"}'\n",
    ),
    (
        "the shared credentials",
        &[("AWS_SHARED_CREDENTIALS_FILE", "config")],
        "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
    ),
];

#[test]
fn discovery_10_a_token_is_signed_without_any_call() {
    for (place, variables, config) in PLACES {
        let folder = Folder::new();
        folder.write("config", config);
        let words = [
            "eks-token",
            "--cluster-name",
            "demo",
            "--region",
            "us-west-2",
        ];
        let mut plugin = folder.command(&words);
        // Whoever asks anybody is refused.
        for variable in [
            "AWS_ENDPOINT_URL",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        ] {
            plugin.env(variable, NOWHERE);
        }
        plugin.envs(variables.iter().copied());
        let ran = Ran::of(&mut plugin).exits(0);
        assert_eq!(ran.stderr, "", "{place}");
        let token = ran.json()["status"]["token"].as_str().unwrap().to_owned();
        let url = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix("k8s-aws-v1.").unwrap());
        let url = String::from_utf8(url.unwrap()).unwrap();
        let begin = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&";
        assert!(url.starts_with(begin), "{place}: {url}");
        assert!(
            url.contains("X-Amz-Credential=AKIDEXAMPLE%2F"),
            "{place}: {url}"
        );
    }
}

#[test]
fn discovery_10_without_credentials_there_is_no_token() {
    let folder = Folder::new();
    let mut plugin = folder.command(&[
        "eks-token",
        "--cluster-name",
        "demo",
        "--region",
        "us-west-2",
    ]);
    plugin.env("AWS_EC2_METADATA_DISABLED", "true");
    Ran::of(&mut plugin)
        .exits(1)
        .says(&["cannot sign a token for the cluster demo", "log in again"]);
}

#[test]
fn a_token_needs_a_region_that_is_one() {
    let folder = Folder::new();
    let ran = folder.run(&["eks-token", "--cluster-name", "demo", "--region", "US West"]);
    ran.exits(2).says(&["region"]);
}
