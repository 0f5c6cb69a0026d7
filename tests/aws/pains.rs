//! What goes wrong in the field cannot go wrong in an account that we made: each check names its row of the list of pains.

use serde_json::Value;

use crate::account::Account;

/// What exists, as the stage lists it.
struct Inventory(Vec<Value>);

impl Inventory {
    fn of(account: &Account) -> Self {
        let inventory = account.stage.inventory().unwrap();
        Self(inventory["present"].as_array().unwrap().clone())
    }

    /// The one thing of that kind whose name or id ends so.
    #[track_caller]
    fn the(&self, kind: &str, name: &str) -> &Value {
        let is_it = |item: &&Value| {
            let called = |key: &str| item[key].as_str().is_some_and(|id| id.ends_with(name));
            item["kind"] == kind && (called("id") || called("name"))
        };
        let mut found = self.0.iter().filter(is_it);
        let one = found.next().unwrap_or_else(|| panic!("no {kind} {name}"));
        assert!(found.next().is_none(), "several of {kind} {name}");
        one
    }
}

/// A row, and what of it must hold.
type Row = (&'static str, fn(&Inventory));

const ROWS: &[Row] = &[
    (
        "row 7: Milvus's role has a policy for its bucket alone",
        |account| {
            let role = account.the("role", "demo-us-west-2-s3");
            assert_eq!(role["policies"], serde_json::json!(["object-storage"]));
        },
    ),
    (
        "rows 9, 15 and 17: topics are made, messages fit, replicas are three",
        |account| {
            let configuration = account.the("configuration", "-2");
            let properties = configuration["properties"].as_str().unwrap();
            for line in [
                "auto.create.topics.enable=true",
                "message.max.bytes=10485880",
                "replica.fetch.max.bytes=20971760",
                "num.partitions=1",
                "default.replication.factor=3",
                "min.insync.replicas=2",
            ] {
                assert!(
                    properties.lines().any(|one| one == line),
                    "{line}: {properties}"
                );
            }
        },
    ),
    (
        "row 11: the login's name begins as MSK wants it, and its key is our own",
        |account| {
            let secret = account.the("secret", "AmazonMSK_demo-milvus");
            let key = secret["key"].as_str().unwrap();
            let tags = &account.the("key", key)["tags"];
            assert_eq!(tags["kubectl-milvus/installation"], "demo");
        },
    ),
    (
        "row 14: brokers let the cluster's pods in, and nobody else",
        |account| {
            let cluster = account.0.iter().find(|item| {
                item["kind"] == "security-group"
                    && item["tags"]["aws:eks:cluster-name"] == "demo-milvus"
            });
            let cluster = cluster.unwrap()["id"].as_str().unwrap();
            let rules = &account.the("security-group", "demo-milvus-msk")["rules"];
            let incoming: Vec<_> = (rules.as_array().unwrap().iter())
                .filter(|rule| rule.as_str().unwrap().starts_with("ingress"))
                .collect();
            assert_eq!(incoming, [&format!("ingress tcp 9096-9096 {cluster}")]);
        },
    ),
    (
        "row 23: pods get their role by the cluster's issuer",
        |account| {
            let issuer = account
                .0
                .iter()
                .find(|item| item["kind"] == "oidc-provider")
                .unwrap();
            assert_eq!(issuer["clients"], serde_json::json!(["sts.amazonaws.com"]));
            let associated = |item: &&Value| item["kind"] == "pod-identity-association";
            assert!(account.0.iter().find(associated).is_none());
        },
    ),
    (
        "row 28: the driver of EBS volumes runs, by a role of its own",
        |account| {
            let driver = account.the("addon", "aws-ebs-csi-driver");
            assert_eq!(driver["state"], "ACTIVE");
            let role = driver["role"].as_str().unwrap();
            assert!(role.ends_with("role/demo-us-west-2-ebs-csi"), "{role}");
        },
    ),
];

#[test]
fn what_the_field_met_cannot_happen() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    let inventory = Inventory::of(&account);
    for (row, holds) in ROWS {
        println!("{row}");
        holds(&inventory);
    }
}

/// Row 12: whoever sets the list of logins takes others' away.
#[test]
fn row_12_logins_of_others_stay_associated() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    account.others("other_login.py", &["demo"]);
    account.run("install", "demo").ends_with(0);
    let logins = account.stage.logins().unwrap();
    let others = |login: &&Value| login["username"] == "somebody";
    assert!(logins.iter().any(|login| others(&login)), "{logins:?}");
}
