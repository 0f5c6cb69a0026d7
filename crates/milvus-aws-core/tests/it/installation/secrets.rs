//! Where passwords come from.

use std::{io, path::Path};

use milvus_aws_core::{
    Installation,
    installation::{LoginSecret, SecretReader, Secrets, UnreadableSecret},
};
use secrecy::{ExposeSecret, SecretString};

/// One file `pw` and one variable `PW` with the same content.
struct One(&'static str);

impl SecretReader for One {
    fn file(&self, path: &Path) -> io::Result<SecretString> {
        if path == Path::new("pw") {
            Ok(SecretString::from(self.0))
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        (name == "PW").then(|| SecretString::from(self.0))
    }
}

fn resolve(kafka: &str, s3: &str, content: &'static str) -> Result<Secrets, UnreadableSecret> {
    let text = format!(
        "apiVersion: kubectl-milvus/v1\nmode: cluster\ncluster:\n  kafka: {{brokers: ['a:1'], security: {kafka}}}\n  s3: {{endpoint: 'a:1', bucket: abc, access: {s3}}}\n"
    );
    Installation::from_yaml("milvus.yaml", text)
        .unwrap()
        .resolve_secrets(&One(content))
}

const BY_FILE: &str = "{scramSha512: {username: u, password: {file: pw}}}";
const BY_VARIABLE: &str = "{keys: {username: k, password: {env: PW}}}";

fn password(login: Option<LoginSecret>) -> String {
    match login {
        Some(LoginSecret::Given { password, .. }) => password.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn from_a_file_and_from_a_variable() {
    let secrets = resolve(BY_FILE, BY_VARIABLE, "hunter2").unwrap();
    assert_eq!(password(secrets.kafka), "hunter2");
    assert_eq!(password(secrets.s3), "hunter2");
}

#[test]
fn one_newline_at_the_end_is_dropped_and_nothing_else() {
    for (content, expected) in [("a\n", "a"), ("a\r\n", "a"), (" a ", " a "), ("a", "a")] {
        assert_eq!(
            password(resolve(BY_FILE, BY_VARIABLE, content).unwrap().kafka),
            expected
        );
    }
}

#[test]
fn what_exists_in_the_cluster_is_not_read() {
    let secrets = resolve(
        "{scramSha512: {existingSecret: k}}",
        "{keys: {existingSecret: s}}",
        "",
    )
    .unwrap();
    assert!(matches!(secrets.kafka, Some(LoginSecret::Existing(name)) if name.as_str() == "k"));
    let none = Installation::default().resolve_secrets(&One("")).unwrap();
    assert!(none.kafka.is_none() && none.s3.is_none());
}

#[test]
fn messages_say_which_login_and_where() {
    let message = |kafka, content| {
        resolve(kafka, BY_VARIABLE, content)
            .unwrap_err()
            .to_string()
    };
    let messages = [
        message(BY_FILE, "\n"),
        message(BY_FILE, "hunter2\n\n"),
        message(BY_FILE, "hunter\u{0}2"),
        message(
            "{scramSha512: {username: u, password: {file: nowhere}}}",
            "x",
        ),
        message(
            "{scramSha512: {username: u, password: {env: NOWHERE}}}",
            "x",
        ),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn debug_shows_no_password() {
    let secrets = resolve(BY_FILE, BY_VARIABLE, "hunter2").unwrap();
    let shown = format!("{secrets:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains('u'), "{shown}");
}

#[test]
fn settings_that_are_secret() {
    let text = "apiVersion: kubectl-milvus/v1\nsecretConfig: {common.security.defaultRootPassword: {env: PW}}\n";
    let installation = Installation::from_yaml("milvus.yaml", text).unwrap();
    let again = Installation::from_yaml("milvus.yaml", installation.to_yaml()).unwrap();
    assert_eq!(again, installation);
    let key = installation.secret_config.keys().next().unwrap();
    assert_eq!(key.variable(), "COMMON_SECURITY_DEFAULTROOTPASSWORD");
    let secrets = installation.resolve_secrets(&One("a password")).unwrap();
    assert_eq!(secrets.config[key].expose_secret(), "a password");
    assert!(!format!("{secrets:?}").contains("a password"));
}

#[test]
fn settings_that_are_none() {
    let said = |rest: &str| {
        let text = format!("apiVersion: kubectl-milvus/v1\n{rest}");
        Installation::from_yaml("milvus.yaml", text)
            .unwrap_err()
            .to_string()
    };
    let key = said("secretConfig: {'common..password': {env: A}}\n");
    assert!(
        key.contains("is no valid setting: write it like `common.security"),
        "{key}"
    );
    let itself = said("secretConfig: {common.password: hunter2}\n");
    assert!(
        itself.contains("must not stand in this file") && !itself.contains("hunter2"),
        "{itself}"
    );
    let on_aws = said("target: aws\nsecretConfig: {common.password: {env: A}}\n");
    assert!(
        on_aws.contains("secretConfig: goes with `target: kubernetes` alone"),
        "{on_aws}"
    );
    let config = said("config: {credential: {key1: {apikey: abc}}}\n");
    assert!(
        config.contains("write it under `secretConfig`") && !config.contains("abc"),
        "{config}"
    );
}
