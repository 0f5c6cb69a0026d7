//! One account in one region, with the clients of its services.

use std::fmt;

use serde::Serialize;

use super::{calls::CallLog, mark::Mark, partition};
use crate::installation::Region;

/// One account in one region. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {
    /// Whose calls they are.
    pub account: Account,
    /// The installation's mark, which everything made here carries.
    pub mark: Mark,
    /// What was called.
    pub calls: CallLog,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) eks: aws_sdk_eks::Client,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kafka: aws_sdk_kafka::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) tagging: aws_sdk_resourcegroupstagging::Client,
}

/// Who calls, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// ARN of the caller.
    pub caller: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Where everything is made.
    pub region: Region,
}

impl Account {
    /// The ARN of something global of this account: `arn:aws:iam::ACCOUNT:role/NAME`.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.id)
    }

    /// The ARN of something of this account in its region: `arn:aws:ec2:REGION:ACCOUNT:volume/ID`.
    pub(super) fn regional_arn(&self, service: &str, resource: &str) -> String {
        let (partition, region) = (&self.partition, &self.region);
        format!("arn:{partition}:{service}:{region}:{}:{resource}", self.id)
    }

    /// The ARN of a policy that AWS keeps: `arn:aws:iam::aws:policy/NAME`.
    pub(super) fn managed_policy(&self, name: &str) -> String {
        format!("arn:{}:iam::aws:policy/{name}", self.partition)
    }

    /// The end of the region's host names: `amazonaws.com`.
    pub fn dns_suffix(&self) -> &'static str {
        partition::dns_suffix(&self.region)
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud")
            .field("account", &self.account)
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}
