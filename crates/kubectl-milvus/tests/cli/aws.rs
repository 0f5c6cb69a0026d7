//! The target `aws` without an account.

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

#[test]
fn a_token_needs_a_region_that_is_one() {
    let folder = Folder::new();
    let ran = folder.run(&["eks-token", "--cluster-name", "demo", "--region", "US West"]);
    ran.exits(2).says(&["region"]);
}
