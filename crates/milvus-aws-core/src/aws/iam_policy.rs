//! The least rights that an installation and its end need, as one policy of IAM.

use std::collections::BTreeMap;

use super::{
    actions::actions,
    bucket,
    policy::{Policy, Statement},
};

const EVERYTHING: &str = "*";
/// Roles of ours: their names begin with the installation's, and end in what they are for.
const ROLES: &[&str] = &[
    "arn:aws:iam::*:role/*-cluster",
    "arn:aws:iam::*:role/*-ebs-csi",
    "arn:aws:iam::*:role/*-elb",
    "arn:aws:iam::*:role/*-nodes",
    "arn:aws:iam::*:role/*-s3",
];

/// Actions that need not be allowed on everything.
struct Scope {
    name: &'static str,
    actions: &'static [&'static str],
    resources: &'static [&'static str],
    /// Operator, key, values.
    condition: Option<(&'static str, &'static str, &'static [&'static str])>,
}

const SCOPES: &[Scope] = &[
    // What cannot be taken back, or takes half an hour to make again, is deleted where it carries our tag alone.
    Scope {
        name: "DeleteMarked",
        actions: &[
            "eks:DeleteCluster",
            "kafka:DeleteCluster",
            "kms:ScheduleKeyDeletion",
        ],
        resources: &[EVERYTHING],
        condition: Some((
            "StringLike",
            "aws:ResourceTag/kubectl-milvus/installation",
            &["?*"],
        )),
    },
    Scope {
        name: "IamInstanceProfiles",
        actions: &["iam:RemoveRoleFromInstanceProfile"],
        resources: &["arn:aws:iam::*:instance-profile/*"],
        condition: None,
    },
    Scope {
        name: "IamIssuersOfEks",
        actions: &[
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:DeleteOpenIDConnectProvider",
            "iam:GetOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UntagOpenIDConnectProvider",
        ],
        resources: &["arn:aws:iam::*:oidc-provider/oidc.eks.*"],
        condition: None,
    },
    Scope {
        name: "IamPassRole",
        actions: &["iam:PassRole"],
        resources: ROLES,
        condition: Some((
            "StringEquals",
            "iam:PassedToService",
            // EC2 of China has a name of its own.
            &[
                "ec2.amazonaws.com",
                "ec2.amazonaws.com.cn",
                "eks.amazonaws.com",
            ],
        )),
    },
    // Roles of others are neither changed nor deleted. They are looked at: EKS asks for its service-linked ones.
    Scope {
        name: "IamRoles",
        actions: &[
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
        ],
        resources: ROLES,
        condition: None,
    },
    Scope {
        name: "IamServiceLinkedRoles",
        actions: &["iam:CreateServiceLinkedRole"],
        resources: &["arn:aws:iam::*:role/aws-service-role/*"],
        condition: Some((
            "StringEquals",
            "iam:AWSServiceName",
            &[
                "eks-nodegroup.amazonaws.com",
                "eks.amazonaws.com",
                "kafka.amazonaws.com",
            ],
        )),
    },
    // What MSK and Secrets Manager do with the installation's key in the caller's name. Rights by its tag would come too
    // late: KMS may take minutes to see tags.
    Scope {
        name: "KmsUseOfKeys",
        actions: &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:RetireGrant",
        ],
        resources: &["arn:aws:kms:*:*:key/*"],
        condition: None,
    },
    // Buckets' names are the file's to choose.
    Scope {
        name: "S3Buckets",
        actions: bucket::ACTIONS,
        resources: &["arn:aws:s3:::*"],
        condition: None,
    },
    Scope {
        name: "SecretsOfMsk",
        actions: &[
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UpdateSecret",
        ],
        resources: &["arn:aws:secretsmanager:*:*:secret:AmazonMSK_*"],
        condition: None,
    },
];

/// Allows [`actions`] and nothing else: one statement for each service, and one for each of its scopes.
pub fn iam_policy() -> Policy {
    let mut statements: BTreeMap<String, Statement> = BTreeMap::new();
    for action in actions() {
        let scope = SCOPES.iter().find(|scope| scope.actions.contains(&action));
        let name = scope.map_or_else(|| service(action), |scope| scope.name.to_owned());
        let statement = statements
            .entry(name.clone())
            .or_insert_with(|| scoped(scope).named(name));
        statement.action.push(action);
    }
    statements.into_values().collect::<Vec<_>>().into()
}

fn scoped(scope: Option<&Scope>) -> Statement {
    let resources = scope.map_or(&[EVERYTHING][..], |scope| scope.resources);
    let statement = Statement::allow(&[]);
    let statement = resources.iter().fold(statement, |statement, resource| {
        statement.on((*resource).to_owned())
    });
    match scope.and_then(|scope| scope.condition) {
        Some((operator, key, values)) => {
            let values = values.iter().copied().map(str::to_owned).collect();
            statement.when(operator, key.to_owned(), values)
        }
        None => statement,
    }
}

/// `Ec2` of `ec2:CreateVpc`: names of statements are letters and digits.
fn service(action: &str) -> String {
    let prefix = action.split(':').next().unwrap_or_default();
    let mut letters = prefix.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
