//! Which version of Kafka new brokers get, and what becomes of those that are there.

use serde_json::Value;

use crate::{account::Account, existing};

/// The version of the brokers that are there.
fn version(account: &Account) -> String {
    let present = existing::present(account);
    let brokers = present
        .iter()
        .find(|item| item["service"] == "kafka" && item["kind"] == "cluster");
    let version = &brokers.unwrap()["provisioned"]["KafkaVersion"];
    version.as_str().unwrap().to_owned()
}

#[test]
fn discovery_24_new_brokers_have_no_zookeeper_where_the_region_has_such() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    assert_eq!(version(&account), "3.9.x.kraft");
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
}

#[test]
fn discovery_24_brokers_that_are_there_stay_as_they_are() {
    let account = Account::new();
    account.stage.without_kafka(&["3.9.x.kraft"]).unwrap();
    account.run("install", "demo").ends_with(0);
    assert_eq!(version(&account), "3.9.x");
    account.stage.without_kafka(&[]).unwrap();
    let again = account.run("install", "demo").ends_with(0);
    assert_eq!(again.calls(true), 0, "{:#}", again.told["calls"]);
}

#[test]
fn discovery_24_a_version_that_the_region_lacks_is_told_with_those_that_it_has() {
    let account = Account::new();
    account.describe("demo", "target: aws\naws: {msk: {version: 3.5.9}}\n");
    let ran = account.run("install", "demo").ends_with(1);
    let said = ran.told["error"].as_str().unwrap();
    assert!(
        said.contains("MSK has no Kafka 3.5.9 in us-west-2"),
        "{said}"
    );
    assert!(
        said.contains("3.9.x.kraft") && !said.contains("4.0.x"),
        "{said}"
    );
    account.describe("demo", "target: aws\naws: {msk: {version: 3.8.x.kraft}}\n");
    account.run("install", "demo").ends_with(0);
    assert_eq!(version(&account), "3.8.x.kraft");
}
