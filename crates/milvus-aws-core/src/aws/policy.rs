//! Policy documents of IAM: who may become a role, and what a role may do.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{cloud::Account, ids::KeyArn, oidc_provider::TrustedIssuer};
use crate::installation::{BucketName, RootPath};

/// The policy that the load balancer controller v3.5.0 documents (pains row 38: an older one fails with newer versions).
const LOAD_BALANCER_CONTROLLER: &str = include_str!("load_balancer_controller_policy.json");
/// What Milvus lists before anything else, to see whether it may: beside its prefix until 2.6.9 (source: Milvus,
/// `MinioChunkManager::PreCheck`; milvus#28330, milvus#47168). Who may not does not start.
const LISTED_FIRST: &str = "justforconnectioncheck";
/// Whom tokens of service accounts are for.
pub(super) const AUDIENCE: &str = "sts.amazonaws.com";

/// A policy document, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(String);

/// A service account of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Operator, key, values.
type Conditions = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    #[serde(skip_serializing_if = "String::is_empty")]
    sid: String,
    effect: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    principal: BTreeMap<&'static str, String>,
    pub(super) action: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: Conditions,
}

impl Statement {
    pub(super) fn allow(action: &[&'static str]) -> Self {
        Self {
            effect: "Allow",
            action: action.to_vec(),
            ..Self::default()
        }
    }

    pub(super) fn on(mut self, resource: String) -> Self {
        self.resource.push(resource);
        self
    }

    pub(super) fn named(mut self, sid: String) -> Self {
        self.sid = sid;
        self
    }

    fn to(mut self, kind: &'static str, principal: String) -> Self {
        self.principal.insert(kind, principal);
        self
    }

    pub(super) fn when(mut self, operator: &'static str, key: String, values: Vec<String>) -> Self {
        let keys = self.condition.entry(operator).or_default();
        keys.insert(key, values);
        self
    }
}

impl From<Vec<Statement>> for Policy {
    fn from(statement: Vec<Statement>) -> Self {
        let document = Document {
            version: "2012-10-17",
            statement,
        };
        // Maps with text keys and lists of text: nothing that JSON could not hold.
        let value = serde_json::to_value(document).unwrap_or_default();
        Self(value.to_string())
    }
}

impl Policy {
    /// Lets a service of AWS become the role: `eks.amazonaws.com`.
    pub fn trust_service(service: &str) -> Self {
        let allow = Statement::allow(&["sts:AssumeRole"]).to("Service", service.to_owned());
        vec![allow].into()
    }

    /// Lets one service account of the issuer's cluster become the role, and no other one (pains row 22).
    pub fn trust_service_account(issuer: &TrustedIssuer, account: &ServiceAccount) -> Self {
        let host = issuer.host();
        let ServiceAccount { namespace, name } = account;
        let subject = format!("system:serviceaccount:{namespace}:{name}");
        let allow = Statement::allow(&["sts:AssumeRoleWithWebIdentity"])
            .to("Federated", issuer.provider.to_string())
            .when(
                "StringEquals",
                format!("{host}:aud"),
                vec![AUDIENCE.to_owned()],
            )
            .when("StringEquals", format!("{host}:sub"), vec![subject]);
        vec![allow].into()
    }

    /// What Milvus does with its objects, under its prefix alone (pains row 7), and with the bucket's key if it has one
    /// (row 26).
    pub fn object_storage(
        account: &Account,
        bucket: &BucketName,
        root: &RootPath,
        key: Option<&KeyArn>,
    ) -> Self {
        let partition = &account.partition;
        let bucket = format!("arn:{partition}:s3:::{bucket}");
        // A star of the prefix means itself.
        let root = root.as_str().replace('*', "${*}");
        let mut statements = vec![
            // Without a prefix is asked whether the bucket exists (HeadBucket), with which Milvus begins, and S3 asks
            // itself whether a missing object is told as such: hence `IfExists`. Nothing tells that from a list of all.
            Statement::allow(&["s3:ListBucket"])
                .on(bucket.clone())
                .when(
                    "StringLikeIfExists",
                    "s3:prefix".to_owned(),
                    vec![root.clone(), format!("{root}/*"), LISTED_FIRST.to_owned()],
                ),
            Statement::allow(&["s3:GetBucketLocation"]).on(bucket.clone()),
            Statement::allow(&[
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ])
            .on(format!("{bucket}/{root}/*")),
        ];
        if let Some(key) = key {
            let use_key = Statement::allow(&["kms:Decrypt", "kms:GenerateDataKey"]);
            statements.push(use_key.on(key.to_string()));
        }
        statements.into()
    }

    /// What the load balancer controller does.
    pub fn load_balancer_controller(account: &Account) -> Self {
        let arn = format!("\"arn:{}:", account.partition);
        Self(LOAD_BALANCER_CONTROLLER.replace("\"arn:aws:", &arn))
    }

    /// As IAM takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether IAM's text says the same: it is URL-encoded, and lists of one, order and spaces may differ.
    pub fn equals(&self, text: &str) -> bool {
        let meaning = |text: &str| Some(meaning(serde_json::from_str(text).ok()?));
        let theirs = meaning(&url_decoded(text));
        theirs.is_some() && theirs == meaning(&self.0)
    }
}

/// The same for every way to write the same: lists without order or repetition, a list of one as what it holds.
fn meaning(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(meaning).collect();
            items.sort_by_key(ToString::to_string);
            items.dedup();
            match <[Value; 1]>::try_from(items) {
                Ok([item]) => item,
                Err(items) => Value::Array(items),
            }
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, meaning(value)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// `%7B` and the like as what they stand for; text that is not encoded stays.
pub(super) fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
