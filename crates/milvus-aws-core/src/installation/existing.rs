//! What exists already and is only used, as the file says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BucketName,
    text_type::{length, only, text_type},
};

/// What exists already: it is checked and used, never changed, and an uninstall leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Existing {
    /// Name of the Kubernetes cluster (Amazon EKS); needed with `target: eks`, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_cluster: Option<EksClusterName>,
    /// Whether that cluster has a load balancer controller. One of the usual name is found without this.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub load_balancer_controller: bool,
    /// Name or ARN of the brokers (Amazon MSK).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msk_cluster: Option<MskClusterName>,
    /// Name or ARN of the secret with the brokers' login; needs `mskCluster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<MskSecretName>,
    /// Name of the bucket. What is Milvus's begins with the installation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
}

text_type!(
    /// Name of an EKS cluster.
    EksClusterName, "name of an EKS cluster", eks_cluster,
    {"type": "string", "pattern": "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$"}
);
text_type!(
    /// Name or ARN of an MSK cluster.
    MskClusterName, "name or ARN of an MSK cluster", msk_cluster,
    {"type": "string", "pattern": "^(arn:[a-z-]+:kafka:[a-z0-9-]+:[0-9]{12}:cluster/.+|[0-9A-Za-z][0-9A-Za-z-]{0,63})$"}
);
text_type!(
    /// Name or ARN of a secret that MSK takes.
    MskSecretName, "name or ARN of a secret for MSK", msk_secret,
    {"type": "string", "pattern": "^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?AmazonMSK_.+$"}
);

/// MSK accepts no secret with another beginning (source: MSK developer guide, "Sign-in credentials authentication").
const SECRET_PREFIX: &str = "AmazonMSK_";

impl Existing {
    /// Whether everything is made.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl MskClusterName {
    /// The ARN, where it is one.
    pub fn arn(&self) -> Option<&str> {
        self.0.starts_with("arn:").then_some(&self.0)
    }
}

fn eks_cluster(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    length(text, 100)
        .or_else(|| only(text, allowed, "letters, digits, `-` and `_`"))
        .or_else(|| {
            let stray = text.starts_with(['-', '_']);
            stray.then(|| "it must start with a letter or a digit".to_owned())
        })
}

fn msk_cluster(text: &str) -> Option<String> {
    if text.starts_with("arn:") {
        let rest = resource(text, "kafka").and_then(|rest| rest.strip_prefix("cluster/"));
        let good = rest.is_some_and(|rest| rest.contains('/'));
        return (!good).then(|| {
            "write it like `arn:aws:kafka:us-west-2:123456789012:cluster/NAME/ID`".to_owned()
        });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    length(text, 64).or_else(|| only(text, allowed, "letters, digits and `-`"))
}

fn msk_secret(text: &str) -> Option<String> {
    let name = if text.starts_with("arn:") {
        let Some(name) =
            resource(text, "secretsmanager").and_then(|rest| rest.strip_prefix("secret:"))
        else {
            return Some(
                "write it like `arn:aws:secretsmanager:us-west-2:123456789012:secret:AmazonMSK_NAME-ID`"
                    .to_owned(),
            );
        };
        name
    } else {
        text
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if !name.starts_with(SECRET_PREFIX) {
        return Some(format!(
            "MSK takes only secrets whose name begins with `{SECRET_PREFIX}`"
        ));
    }
    length(name, 519).or_else(|| only(name, allowed, "letters, digits and `/_+=.@-`"))
}

/// What an ARN of that service ends with.
fn resource<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, found, region, account, rest]
            if *found == service
                && !region.is_empty()
                && account.len() == 12
                && account.chars().all(|c| c.is_ascii_digit()) =>
        {
            Some(rest)
        }
        _ => None,
    }
}
