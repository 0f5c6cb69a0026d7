//! Names that AWS gives: one type each, so that none is taken for another.

use std::fmt;

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// As AWS writes it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

id_type!(
    /// `vpc-…`.
    VpcId,
    /// `subnet-…`.
    SubnetId,
    /// `sg-…`.
    SecurityGroupId,
    /// `igw-…`.
    InternetGatewayId,
    /// `nat-…`.
    NatGatewayId,
    /// `rtb-…`.
    RouteTableId,
    /// ARN of a role.
    RoleArn,
    /// ARN of an OIDC provider.
    OidcProviderArn,
    /// ARN of a customer-managed key.
    KeyArn,
    /// ARN of a secret, with the six characters that Secrets Manager appends.
    SecretArn,
    /// ARN of a cluster of brokers.
    MskClusterArn,
);
