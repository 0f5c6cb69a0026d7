//! Around what exists already: it is used, and stays as it was.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::account::{Account, Ran};

const BUCKET: &str = "other-milvus-123456789012-us-west-2";

/// An account in which somebody has a cluster, brokers with a login, and a bucket.
fn account() -> Account {
    let account = Account::new();
    account.run("install", "other").ends_with(0);
    account
}

/// The file of an installation in that cluster, with what else it uses.
pub(crate) fn eks(account: &Account, existing: &str) {
    let lines =
        format!("target: eks\naws: {{existing: {{eksCluster: other-milvus, {existing}}}}}\n");
    account.describe("demo", &lines);
}

/// What is in the account beside what carries the mark of `demo`, without what brokers know of logins.
fn others(account: &Account) -> Vec<Value> {
    let mut present = present(account);
    present.retain(|item| {
        let ours = item["tags"]["kubectl-milvus/installation"] == "demo";
        // Neither aliases nor MSK's configurations take tags, and interfaces of brokers have MSK's own.
        let names = format!("{} {}", item["id"], item["tags"]);
        !ours && !names.contains("demo-milvus")
    });
    for item in &mut present {
        if let Some(fields) = item.as_object_mut() {
            fields.remove("secrets");
        }
    }
    present
}

pub(crate) fn present(account: &Account) -> Vec<Value> {
    let inventory = account.stage.inventory().unwrap();
    inventory["present"].as_array().unwrap().clone()
}

/// The kinds of resources of a run: `bucket` of `bucket/demo`.
fn kinds(ran: &Ran) -> Vec<&str> {
    let entries = ran.told["report"]["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let id = entry["resource"].as_str().unwrap();
            id.split('/').next().unwrap()
        })
        .collect()
}

/// Installs, installs again, takes it away: what others have stays as it was all along.
fn comes_and_goes(account: &Account) -> Ran {
    let everything = present(account);
    let before = others(account);
    let first = account.run("install", "demo").ends_with(0);
    assert_eq!(others(account), before, "after the installation");
    let second = account.run("install", "demo").ends_with(0);
    assert_eq!(second.calls(true), 0, "{:#}", second.told["calls"]);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(present(account), everything, "after the removal");
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
    first
}

/// Says these words, and writes nothing.
#[track_caller]
fn is_refused(account: &Account, words: &[&str]) {
    account.stage.clear_calls().unwrap();
    let ran = account.run("install", "demo").ends_with(1);
    let said = format!("{} {}", ran.told["error"], ran.stderr);
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    let calls = account.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{said}: {calls:#?}");
}

/// A call of somebody else's; `scope` is region and service.
pub(crate) fn call(account: &Account, scope: &str, request: &str, kind: &str, body: &str) {
    let address = account.stage.endpoint().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {kind}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/{scope}/aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{request}: {answer}");
}

#[test]
fn everything_that_exists_is_used_and_stays() {
    let account = account();
    let parts =
        format!("mskCluster: other-milvus, bucket: {BUCKET}, secret: AmazonMSK_other-milvus");
    eks(&account, &parts);
    let ran = comes_and_goes(&account);
    let kinds = kinds(&ran);
    for made in [
        "bucket",
        "eks-cluster",
        "key",
        "msk-cluster",
        "secret",
        "scram-association",
        "security-group",
        "vpc",
    ] {
        assert!(!kinds.contains(&made), "{made}: {kinds:?}");
    }
    let roles = kinds.iter().filter(|kind| **kind == "role").count();
    assert_eq!(roles, 2, "Milvus's and the controller's: {kinds:?}");
}

#[test]
fn a_clusters_own_controller_needs_no_role_of_ours() {
    let account = account();
    let parts = format!(
        "loadBalancerController: true, mskCluster: other-milvus, bucket: {BUCKET}, secret: AmazonMSK_other-milvus"
    );
    eks(&account, &parts);
    let plan = account.run("plan", "demo").ends_with(0);
    let steps = plan.told["plan"]["steps"].as_array().unwrap().iter();
    let roles = steps.filter(|step| step["resource"].as_str().unwrap().starts_with("role/"));
    assert_eq!(roles.count(), 1);
}

#[test]
fn around_a_cluster_alone_the_rest_is_made() {
    let account = account();
    eks(&account, "");
    let ran = comes_and_goes(&account);
    let kinds = kinds(&ran);
    for made in [
        "bucket",
        "key",
        "msk-cluster",
        "secret",
        "security-group-rule",
    ] {
        assert!(kinds.contains(&made), "{made}: {kinds:?}");
    }
}

#[test]
fn brokers_that_exist_are_told_of_a_login_beside_those_of_others() {
    let account = account();
    eks(&account, "mskCluster: other-milvus");
    account.run("install", "demo").ends_with(0);
    let logins = account.stage.logins().unwrap();
    let mut users: Vec<&str> = logins
        .iter()
        .map(|login| login["username"].as_str().unwrap())
        .collect();
    users.sort_unstable();
    assert_eq!(users, ["demo-milvus", "milvus"]);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.stage.logins().unwrap().len(), 1);
}

#[test]
fn a_login_that_nobody_can_read_is_taken_away_from_brokers_that_stay() {
    let account = account();
    let before = present(&account);
    eks(&account, "mskCluster: other-milvus");
    account.run("install", "demo").ends_with(0);
    account.others("disabled_key.py", &["demo"]);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(present(&account), before);
}

#[test]
fn a_target_of_its_own_may_use_a_bucket_that_exists() {
    let account = account();
    account.describe(
        "demo",
        &format!("target: aws\naws: {{existing: {{bucket: {BUCKET}}}}}\n"),
    );
    let before = others(&account);
    account.run("install", "demo").ends_with(0);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(others(&account), before);
}

fn ec2(account: &Account, action: &str) {
    let body = format!("Action={action}&Version=2016-11-15");
    let form = "application/x-www-form-urlencoded";
    call(account, "us-west-2/ec2", "POST /", form, &body);
}

/// The ids of what has that kind, and a name that begins like that.
fn ids(account: &Account, kind: &str, name: &str) -> Vec<String> {
    let present = present(account);
    let named = present.iter().filter(|item| {
        let called = item["tags"]["Name"].as_str().unwrap_or_default();
        item["kind"] == kind && called.starts_with(name)
    });
    let ids = named.filter_map(|item| item["id"].as_str());
    ids.map(str::to_owned).collect()
}

#[test]
fn a_cluster_of_ours_goes_though_the_brokers_that_it_uses_stay() {
    let account = account();
    // Whoever has an address of the network may use the brokers.
    let brokers = &ids(&account, "security-group", "other-milvus-msk")[0];
    let rule = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=9096&IpPermissions.1.ToPort=9096&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8";
    ec2(
        &account,
        &format!("AuthorizeSecurityGroupIngress&GroupId={brokers}&{rule}"),
    );
    let everything = present(&account);
    let vpc = &ids(&account, "vpc", "other-milvus")[0];
    let tags = "TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=short-lived";
    ec2(
        &account,
        &format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.0.250.0%2F28&{tags}"),
    );
    let mut private = ids(&account, "subnet", "other-milvus-private-");
    let public = ids(&account, "subnet", "short-lived");
    let around = |private: &[String]| {
        let lines = format!(
            "target: aws\naws: {{network: {{existing: {{privateSubnets: {private:?}, publicSubnets: {public:?}}}}}, existing: {{mskCluster: other-milvus}}}}\n"
        );
        account.describe("demo", &lines);
    };
    // Nodes and pods would not fit into that one.
    private.extend(public.iter().cloned());
    around(&private);
    is_refused(
        &account,
        &["too few addresses are free", &public[0], "aws.network"],
    );
    private.pop();
    around(&private);
    account.run("install", "demo").ends_with(0);
    assert_ne!(present(&account), everything);
    // A removal needs no network that is fit for an installation.
    ec2(&account, &format!("DeleteSubnet&SubnetId={}", public[0]));
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(present(&account), everything);
}

#[test]
fn what_is_only_used_may_be_gone_before_the_installation_is() {
    let account = Account::new();
    let before = present(&account);
    account.run("install", "other").ends_with(0);
    let parts =
        format!("mskCluster: other-milvus, bucket: {BUCKET}, secret: AmazonMSK_other-milvus");
    eks(&account, &parts);
    account.run("install", "demo").ends_with(0);
    account.run("wipe", "other").ends_with(0);
    assert_eq!(present(&account).len(), before.len() + 2, "roles of ours");
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(present(&account), before);
}

#[test]
fn what_a_cluster_left_for_us_is_found_and_nothing_of_others() {
    let account = account();
    let lines = "target: eks\naws: {existing: {eksCluster: gone}}\n";
    account.describe("demo", lines);
    account.others("orphans.py", &["leave"]);
    let present = present(&account);
    let named = |orphan: &Value| {
        let arn = orphan[1].as_str().unwrap();
        let mut all = present.iter();
        let item = all.find(|item| arn.ends_with(item["id"].as_str().unwrap()));
        let name = item.and_then(|item| item["tags"]["Name"].as_str());
        let name = name.or_else(|| arn.split('/').rev().nth(1)).unwrap();
        format!("{name} {}", orphan[0])
    };
    let look = || {
        let found = account.run("orphans", "demo").ends_with(0);
        assert_eq!(found.calls(true), 0);
        let orphans = found.told["orphans"].as_array().unwrap();
        let mut orphans: Vec<String> = orphans.iter().map(named).collect();
        orphans.sort_unstable();
        (orphans, found.calls(false))
    };
    let (found, calls) = look();
    let expected = [
        "demos false",
        "demos false",
        "demos-first true",
        "demos-group false",
        "demos-second true",
    ];
    assert_eq!(found, expected);
    assert_eq!(calls, 7, "one says who calls");
    // Tags are told of what is gone as well, for a while.
    for (operation, code) in [
        ("DescribeLoadBalancers", "LoadBalancerNotFound"),
        ("DescribeTargetGroups", "TargetGroupNotFound"),
    ] {
        let fault = json!({"kind": "deny", "service": "elbv2", "operation": operation, "code": code, "status": 400});
        account.stage.fault(fault).unwrap();
    }
    assert_eq!(look().0, expected[2..]);
    account.stage.clear_faults().unwrap();
    // A cluster that is coming has its things, or will take them.
    account.others("orphans.py", &["begin"]);
    assert!(look().0.is_empty());
}

/// Takes away what trusts the tokens of the cluster's service accounts.
pub(crate) fn forget_issuer(account: &Account) {
    let present = present(account);
    let provider = present.iter().find(|item| item["kind"] == "oidc-provider");
    let arn = provider.unwrap()["id"].as_str().unwrap();
    let arn = arn.replace(':', "%3A").replace('/', "%2F");
    let body = format!(
        "Action=DeleteOpenIDConnectProvider&Version=2010-05-08&OpenIDConnectProviderArn={arn}"
    );
    let form = "application/x-www-form-urlencoded";
    call(account, "us-west-2/iam", "POST /", form, &body);
}

#[test]
fn trust_in_the_clusters_tokens_is_made_and_left_to_those_who_use_it() {
    let account = account();
    forget_issuer(&account);
    let parts =
        format!("mskCluster: other-milvus, bucket: {BUCKET}, secret: AmazonMSK_other-milvus");
    eks(&account, &parts);
    account.run("install", "demo").ends_with(0);
    let provider = |account: &Account| {
        let mut present = present(account).into_iter();
        present.find(|item| item["kind"] == "oidc-provider")
    };
    let made = provider(&account).unwrap();
    assert_eq!(made["tags"]["kubectl-milvus/installation"], "demo");
    // The roles of `other` trust the same issuer.
    account.run("wipe", "demo").ends_with(0);
    let left = provider(&account).unwrap();
    assert_eq!(left["id"], made["id"]);
    assert_eq!(left["tags"]["kubectl-milvus/installation"], Value::Null);
}

#[test]
fn what_cannot_be_used_is_told_before_anything_is_written() {
    let account = account();
    account.describe(
        "demo",
        "target: eks\naws: {existing: {eksCluster: nowhere}}\n",
    );
    is_refused(
        &account,
        &["no EKS cluster nowhere", "aws.existing.eksCluster"],
    );
    eks(&account, "mskCluster: nowhere");
    is_refused(
        &account,
        &["no MSK cluster nowhere", "aws.existing.mskCluster"],
    );
    let arn = "arn:aws:kafka:us-west-2:123456789012:cluster/gone/1-2";
    eks(&account, &format!("mskCluster: '{arn}'"));
    is_refused(&account, &["no MSK cluster", arn]);
    eks(&account, "bucket: nobody-has-this-one");
    is_refused(&account, &["there is no bucket nobody-has-this-one"]);
    eks(&account, "mskCluster: other-milvus, secret: some-login");
    is_refused(&account, &["begins with `AmazonMSK_`"]);
    eks(
        &account,
        "mskCluster: other-milvus, secret: AmazonMSK_nobodys",
    );
    is_refused(
        &account,
        &["no secret AmazonMSK_nobodys", "aws.existing.secret"],
    );
}

#[test]
fn a_bucket_of_another_region_is_refused() {
    let account = account();
    let body = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    call(
        &account,
        "eu-west-1/s3",
        "PUT /far-away",
        "application/xml",
        body,
    );
    eks(&account, "bucket: far-away");
    is_refused(&account, &["far-away is in eu-west-1", "not in us-west-2"]);
}

/// Brokers as MSK makes them where nothing is said: without SASL/SCRAM, with its own configuration.
fn make_brokers(account: &Account, name: &str, more: &Value) {
    begin_brokers(account, name, more, &json!({}));
    account.stage.advance(Duration::from_hours(1)).unwrap();
}

/// The same, which are not ready yet; in the subnets of those that are there.
pub(crate) fn begin_brokers(account: &Account, name: &str, more: &Value, tags: &Value) {
    let present = present(account);
    let brokers = present
        .iter()
        .find(|item| item["service"] == "kafka" && item["kind"] == "cluster");
    let provisioned = &brokers.unwrap()["provisioned"];
    let mut wanted = json!({
        "brokerNodeGroupInfo": {
            "clientSubnets": provisioned["BrokerNodeGroupInfo"]["ClientSubnets"],
            "instanceType": "kafka.m7g.large",
        },
        "kafkaVersion": "3.9.x",
        "numberOfBrokerNodes": 3,
    });
    for (key, value) in more.as_object().unwrap() {
        wanted[key] = value.clone();
    }
    let body = json!({"clusterName": name, "provisioned": wanted, "tags": tags}).to_string();
    let request = "POST /api/v2/clusters";
    call(
        account,
        "us-west-2/kafka",
        request,
        "application/json",
        &body,
    );
}

#[test]
fn brokers_that_do_not_do_for_milvus_are_refused() {
    let account = account();
    make_brokers(&account, "plain", &json!({}));
    eks(&account, "mskCluster: plain");
    is_refused(&account, &["plain have no login by SASL/SCRAM"]);
    let scram = json!({"clientAuthentication": {"sasl": {"scram": {"enabled": true}}}});
    make_brokers(&account, "default", &scram);
    eks(&account, "mskCluster: default");
    is_refused(
        &account,
        &[
            "auto.create.topics.enable is false, Milvus needs true",
            "message.max.bytes",
        ],
    );
    let mut four = scram.clone();
    four["kafkaVersion"] = json!("4.0.x.kraft");
    make_brokers(&account, "four", &four);
    eks(&account, "mskCluster: four");
    is_refused(&account, &["cannot log in to Kafka 4.x"]);
    // Behind the VPC's own group, which lets in itself alone.
    let present = present(&account);
    let configuration = present.iter().find(|item| item["kind"] == "configuration");
    let mut closed = scram;
    closed["configurationInfo"] = json!({"arn": configuration.unwrap()["id"], "revision": 1});
    make_brokers(&account, "closed", &closed);
    eks(&account, "mskCluster: closed");
    is_refused(&account, &["let nobody in", "for TCP 9096 from sg-"]);
}
