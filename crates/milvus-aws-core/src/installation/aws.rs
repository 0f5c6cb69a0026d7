//! What the targets `aws` and `eks` make, as the file says it.

use std::{collections::BTreeMap, net::Ipv4Addr, num::NonZeroU16, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BucketName, Existing, Memory, Region,
    text_type::{length, only, text_type},
};
use crate::topology::KAFKA_FOUR;

/// Everything that the targets `aws` and `eks` make or use besides Milvus itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Aws {
    /// Where; `AWS_REGION`, else the profile's, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What exists already and is only used.
    #[serde(skip_serializing_if = "Existing::is_empty")]
    pub existing: Existing,
    /// The network under everything; not with `target: eks`, where it is the cluster's.
    pub network: Network,
    /// The name of the bucket that is made; `INSTALLATION-ACCOUNT-REGION` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
    /// The brokers (Amazon MSK); not beside `existing.mskCluster`.
    pub msk: Msk,
    /// The Kubernetes cluster (Amazon EKS); not with `target: eks`.
    pub eks: Eks,
    /// The load balancer in front of Milvus.
    pub load_balancer: LoadBalancer,
    /// The web interface.
    pub attu: Attu,
}

/// The network load balancer in front of Milvus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LoadBalancer {
    /// From where it can be reached.
    pub scheme: Scheme,
}

/// From where a load balancer can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scheme {
    /// The network.
    #[default]
    Internal,
    /// The internet.
    InternetFacing,
}

/// Attu, the web interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Attu {
    /// From where it can be reached. It has no login of its own.
    pub exposure: AttuExposure,
    /// ARN of a certificate of ACM: it is then reached by HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateArn>,
}

/// From where Attu can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AttuExposure {
    /// It is not installed.
    Off,
    /// The cluster, and `kubectl port-forward`.
    #[default]
    Cluster,
    /// The network.
    Internal,
    /// The internet: needs a certificate, and `authorization: true`.
    InternetFacing,
}

/// The network under everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Network {
    /// A VPC of our own.
    New(NewNetwork),
    /// Subnets that exist: they are checked, used, and never changed.
    Existing(ExistingNetwork),
}

/// A VPC over three zones with private and public subnets, one NAT gateway and an S3 gateway endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewNetwork {
    /// Its addresses; a `/16`.
    pub cidr: VpcCidr,
}

/// Subnets that exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingNetwork {
    /// For nodes, brokers and internal load balancers: in two zones or more.
    pub private_subnets: Vec<SubnetId>,
    /// For load balancers that the internet reaches; needed only for those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_subnets: Vec<SubnetId>,
}

/// The brokers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Msk {
    /// Version of Kafka. When absent, brokers that exist keep theirs, and new ones get 3.9: without ZooKeeper
    /// (`3.9.x.kraft`) where the region has it. 4.x is refused: the Kafka client of every Milvus line cannot log in to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<KafkaVersion>,
    /// Kind of the brokers' machines.
    pub instance_type: BrokerType,
    /// Brokers in each zone.
    pub brokers_per_zone: NonZeroU16,
    /// Disk of each broker.
    pub storage: Memory,
    /// Further properties of the brokers, as Kafka spells them. What Milvus needs more of is raised, never lowered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub configuration: BTreeMap<PropertyName, String>,
}

/// The Kubernetes cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Eks {
    /// Version of Kubernetes.
    pub version: KubernetesVersion,
    /// The machines.
    pub nodes: Nodes,
    /// Who reaches the API server.
    pub endpoint: EndpointAccess,
    /// Principals that administer the cluster besides whoever installs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<PrincipalArn>,
    /// Which logs of the control plane go to CloudWatch; they cost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logging: Vec<ControlPlaneLog>,
}

/// The machines of the managed node group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Nodes {
    /// Kind of machine.
    pub instance_type: InstanceType,
    /// How many, over all zones.
    pub count: NonZeroU16,
    /// Disk of each.
    pub storage: Memory,
}

/// Who reaches the cluster's API server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum EndpointAccess {
    /// The network alone: `kubectl milvus` must then run inside it.
    Private,
    /// The network, and these addresses (every one when empty).
    PublicAndPrivate {
        /// Addresses from which it is reached: `203.0.113.0/24`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cidrs: Vec<Cidr>,
    },
    /// The network, and everybody who can log in.
    #[default]
    Open,
}

/// A log of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ControlPlaneLog {
    /// Requests.
    Api,
    /// Who did what.
    Audit,
    /// Logins.
    Authenticator,
    /// The controllers.
    ControllerManager,
    /// The scheduler.
    Scheduler,
}

/// Nodes of a group (source: EKS quotas, nodes per managed node group).
pub(crate) const MOST_NODES: u16 = 450;

text_type!(
    /// Id of a subnet.
    SubnetId, "subnet id", |text| prefixed(text, "subnet-"),
    {"type": "string", "pattern": "^subnet-[0-9a-f]{8,17}$"}
);
text_type!(
    /// A version of Kafka that MSK offers and Milvus can log in to: `3.9.x.kraft`, or with ZooKeeper `3.9.x`.
    KafkaVersion, "Kafka version", kafka_version,
    {"type": "string", "pattern": "^(2\\.[0-9]+\\.([0-9]+|x)|3\\.[0-9]+\\.([0-9]+|x)(\\.kraft)?)$"}
);
text_type!(
    /// Kind of a broker's machine: `kafka.m7g.large`.
    BrokerType, "broker type", |text: &str| machine(text.strip_prefix("kafka.").unwrap_or_default()),
    {"type": "string", "pattern": "^kafka\\.[a-z0-9-]+\\.[a-z0-9]+$"}
);
text_type!(
    /// Kind of a node's machine: `m6i.2xlarge`.
    InstanceType, "instance type", machine,
    {"type": "string", "pattern": "^[a-z0-9-]+\\.[a-z0-9-]+$"}
);
text_type!(
    /// A version of Kubernetes that EKS offers: `1.34`.
    KubernetesVersion, "Kubernetes version", kubernetes_version,
    {"type": "string", "pattern": "^1\\.[0-9]+$"}
);
text_type!(
    /// ARN of a user or a role.
    PrincipalArn, "ARN of a user or a role", principal,
    {"type": "string", "pattern": "^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$"}
);
text_type!(
    /// ARN of a certificate of ACM.
    CertificateArn, "ARN of a certificate", certificate,
    {"type": "string", "pattern": "^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$"}
);
text_type!(
    /// Name of a broker's property: `log.retention.hours`.
    PropertyName, "property of a broker", property,
    {"type": "string", "pattern": "^[a-z][a-z0-9.]*$"}
);
text_type!(
    /// A range of addresses: `203.0.113.0/24`.
    Cidr, "range of addresses", |text| parse_cidr(text).err(),
    {"type": "string", "pattern": "^[0-9.]+/[0-9]{1,2}$"}
);
text_type!(
    /// The addresses of a VPC of our own: a `/16`, which holds the subnets of every zone.
    VpcCidr, "range of a VPC's addresses", vpc_cidr,
    {"type": "string", "pattern": "^[0-9.]+/16$"}
);

impl VpcCidr {
    /// Subnet number `index` of 16, a `/20` with 4091 free addresses: pods take one each.
    pub fn subnet(&self, index: u8) -> Cidr {
        let (base, _) = parse_cidr(&self.0).unwrap_or((Ipv4Addr::UNSPECIFIED, 16));
        let start = u32::from(base) + (u32::from(index % 16) << 12);
        Cidr(format!("{}/20", Ipv4Addr::from(start)))
    }
}

impl InstanceType {
    /// From a table whose names follow the rule.
    pub(crate) fn of_table(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl BrokerType {
    /// From a table whose names follow the rule.
    pub(crate) fn of_table(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::New(NewNetwork::default())
    }
}

impl Default for VpcCidr {
    fn default() -> Self {
        Self("10.0.0.0/16".to_owned())
    }
}

impl Default for Msk {
    fn default() -> Self {
        Self {
            version: None,
            instance_type: BrokerType("kafka.m7g.large".to_owned()),
            brokers_per_zone: NonZeroU16::MIN,
            storage: Memory::from_mib(100 * 1024),
            configuration: BTreeMap::new(),
        }
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self("1.34".to_owned())
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            instance_type: InstanceType("m6i.2xlarge".to_owned()),
            count: NonZeroU16::MIN.saturating_add(2),
            storage: Memory::from_mib(100 * 1024),
        }
    }
}

impl ControlPlaneLog {
    /// As the EKS API calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Audit => "audit",
            Self::Authenticator => "authenticator",
            Self::ControllerManager => "controllerManager",
            Self::Scheduler => "scheduler",
        }
    }
}

fn prefixed(text: &str, prefix: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix(prefix) else {
        return Some(format!("it must begin with `{prefix}`"));
    };
    only(
        rest,
        |c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase(),
        "0-9 and a-f after the prefix",
    )
    .or_else(|| {
        let fits = (8..=17).contains(&rest.len());
        (!fits).then(|| format!("8 to 17 digits follow `{prefix}`"))
    })
}

fn kafka_version(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    match parts.as_slice() {
        ["4", ..] => Some(format!("{}, write `3.9.x.kraft`", KAFKA_FOUR.because)),
        [major @ ("2" | "3"), minor, patch]
            if numeric(minor) && (numeric(patch) || *patch == "x") =>
        {
            let old = *major == "2" && minor.parse().is_ok_and(|minor: u16| minor < 8);
            old.then(|| "MSK has no brokers before 2.8 any more, write `3.9.x.kraft`".to_owned())
        }
        ["3", minor, patch, "kraft"] if numeric(minor) && (numeric(patch) || *patch == "x") => None,
        _ => Some("write it as MSK does, `3.9.x.kraft` or `3.9.x`".to_owned()),
    }
}

fn machine(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [family, size] if !family.is_empty() && !size.is_empty() => {
            length(text, 40).or_else(|| {
                [family, size]
                    .iter()
                    .find_map(|part| only(part, allowed, "a-z, 0-9, `-` and one `.`"))
            })
        }
        _ => Some(
            "write family and size, as in `m6i.2xlarge` (brokers: `kafka.m7g.large`)".to_owned(),
        ),
    }
}

fn kubernetes_version(text: &str) -> Option<String> {
    let minor = text
        .strip_prefix("1.")
        .and_then(|minor| minor.parse::<u16>().ok());
    match minor {
        Some(minor) if text == format!("1.{minor}") => None,
        _ => Some("write it like `1.34`".to_owned()),
    }
}

fn principal(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let good = matches!(parts.as_slice(), ["arn", _, "iam", "", account, name]
        if account.len() == 12 && account.chars().all(|c| c.is_ascii_digit())
            && (name.starts_with("user/") || name.starts_with("role/")));
    (!good).then(|| "write it like `arn:aws:iam::123456789012:role/NAME`".to_owned())
}

fn certificate(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let good = matches!(parts.as_slice(), ["arn", _, "acm", _, account, name]
        if account.len() == 12 && name.starts_with("certificate/"));
    (!good).then(|| "write it like `arn:aws:acm:us-west-2:123456789012:certificate/ID`".to_owned())
}

fn property(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
    length(text, 100).or_else(|| only(text, allowed, "a-z, 0-9 and `.`"))
}

fn vpc_cidr(text: &str) -> Option<String> {
    match parse_cidr(text) {
        Err(rule) => Some(rule),
        Ok((base, 16)) if base.is_private() => None,
        Ok((_, 16)) => {
            Some("the addresses must be private ones: 10.x, 172.16-31.x or 192.168".to_owned())
        }
        Ok(_) => Some("it must be a `/16`, so that pods find addresses".to_owned()),
    }
}

fn parse_cidr(text: &str) -> Result<(Ipv4Addr, u8), String> {
    let form = || "write it like `10.0.0.0/16`".to_owned();
    let (base, bits) = text.split_once('/').ok_or_else(form)?;
    let base = Ipv4Addr::from_str(base).map_err(|_| form())?;
    let bits = u8::from_str(bits)
        .ok()
        .filter(|bits| *bits <= 32)
        .ok_or_else(form)?;
    let host = u32::from(base).checked_shl(u32::from(bits)).unwrap_or(0);
    if host != 0 {
        return Err("the address must be the first one of its range".to_owned());
    }
    Ok((base, bits))
}
