//! The brokers' configuration: MSK's own lacks what Milvus cannot do without.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use aws_sdk_kafka::{primitives::Blob, types::Configuration};

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    mark::Mark,
    network::Network,
};
use crate::{
    engine::{
        Change, Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
    },
    installation::aws::{Msk, PropertyName},
    topology::broker_properties::server_properties,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kafka:CreateConfiguration",
    "kafka:DeleteConfiguration",
    "kafka:DescribeConfigurationRevision",
    "kafka:ListConfigurations",
    "kafka:UpdateConfiguration",
];

/// A configuration of ours. MSK gives configurations no tags: the description holds the mark.
#[derive(Debug)]
pub struct MskConfiguration {
    cloud: Cloud,
    name: String,
    properties: BTreeMap<PropertyName, String>,
    brokers_per_zone: NonZeroU16,
    network: Handle<Network>,
}

/// One revision of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationRevision {
    /// ARN of the configuration.
    pub arn: String,
    /// Which revision, from 1 on.
    pub revision: i64,
}

impl MskConfiguration {
    /// The configuration of the installation's brokers.
    pub fn new(cloud: Cloud, settings: &Msk, network: Handle<Network>) -> Self {
        Self {
            name: cloud.full_name(),
            properties: settings.configuration.clone(),
            brokers_per_zone: settings.brokers_per_zone,
            network,
            cloud,
        }
    }

    fn description(&self) -> String {
        format!("{}={}", Mark::key(), self.cloud.mark.value())
    }

    async fn find(&self) -> Result<Option<Configuration>, ResourceError> {
        let mut pages = self
            .cloud
            .kafka
            .list_configurations()
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.attempting(|| "cannot list the configurations of MSK".to_owned())?;
            let ours =
                |configuration: &Configuration| configuration.name() == Some(self.name.as_str());
            if let Some(found) = page
                .configurations
                .unwrap_or_default()
                .into_iter()
                .find(ours)
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn wanted(&self, network: &Network) -> String {
        let zones = network.one_private_subnet_a_zone().len() as u64;
        server_properties(
            &self.properties,
            zones * u64::from(self.brokers_per_zone.get()),
        )
    }

    async fn create(&self, properties: String) -> Result<ConfigurationRevision, ResourceError> {
        let call = self.cloud.kafka.create_configuration().name(&self.name);
        let call = call.description(self.description());
        match call.server_properties(Blob::new(properties)).send().await {
            Ok(made) => revision(
                made.arn,
                made.latest_revision.and_then(|latest| latest.revision),
            ),
            Err(error) if has_code(&error, &["ConflictException"]) => {
                Err(ResourceError::transient(format!(
                    "the configuration {} was made meanwhile",
                    self.name
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot create the configuration {}", self.name),
            )),
        }
    }
}

impl Cloud {
    /// The properties of a configuration, `name=value` a line.
    pub(super) async fn msk_properties(
        &self,
        revision: &ConfigurationRevision,
    ) -> Result<String, ResourceError> {
        let ConfigurationRevision { arn, revision } = revision;
        let call = self.kafka.describe_configuration_revision().arn(arn);
        let found = call.revision(*revision).send().await;
        let found = found.attempting(|| format!("cannot read the configuration {arn}"))?;
        let bytes = found
            .server_properties
            .map(Blob::into_inner)
            .unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn latest(found: &Configuration) -> Result<ConfigurationRevision, ResourceError> {
    let latest = found
        .latest_revision
        .as_ref()
        .and_then(|latest| latest.revision);
    revision(found.arn.clone(), latest)
}

fn revision(
    arn: Option<String>,
    revision: Option<i64>,
) -> Result<ConfigurationRevision, ResourceError> {
    let (Some(arn), Some(revision)) = (arn, revision) else {
        return Err(ResourceError::transient(
            "MSK did not say which revision of the configuration is the latest",
        ));
    };
    Ok(ConfigurationRevision { arn, revision })
}

/// The properties that differ, in a configuration's own order of lines.
fn differences(is: &str, wanted: &str) -> Vec<Change> {
    let (is, wanted) = (parsed(is), parsed(wanted));
    let names: std::collections::BTreeSet<_> = is.keys().chain(wanted.keys()).copied().collect();
    names
        .into_iter()
        .filter(|name| is.get(name) != wanted.get(name))
        .map(|name| Change {
            field: name.to_owned(),
            from: is.get(name).map(|value| (*value).to_owned()),
            to: wanted.get(name).map(|value| (*value).to_owned()),
            ..Change::default()
        })
        .collect()
}

fn parsed(properties: &str) -> BTreeMap<&str, &str> {
    let lines = properties.lines().filter_map(|line| line.split_once('='));
    lines
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}

impl Resource for MskConfiguration {
    type Needs = Handle<Network>;
    type Output = ConfigurationRevision;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("msk-configuration/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.network
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        network: Option<&Network>,
        _: &Context,
    ) -> Result<Observed<ConfigurationRevision>, ResourceError> {
        let Some(found) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        if found.description() != Some(self.description().as_str()) {
            let owner = format!("its description is not `{}`", self.description());
            return Ok(Observed::Foreign {
                owner: owner.into(),
            });
        }
        let revision = latest(&found)?;
        let Some(network) = network else {
            return Ok(Observed::Current {
                output: Some(revision),
            });
        };
        let changes = differences(
            &self.cloud.msk_properties(&revision).await?,
            &self.wanted(network),
        );
        Ok(if changes.is_empty() {
            Observed::Current {
                output: Some(revision),
            }
        } else {
            Observed::Differs {
                changes,
                output: None,
            }
        })
    }

    async fn apply(
        &self,
        network: &Network,
        step: &Step,
        _: &Context,
    ) -> Result<Readiness<ConfigurationRevision>, ResourceError> {
        let properties = self.wanted(network);
        if *step == Step::Create {
            return self.create(properties).await.map(Readiness::Ready);
        }
        let Some(found) = self.find().await? else {
            return Err(ResourceError::transient("it was taken away meanwhile"));
        };
        let arn = found.arn.unwrap_or_default();
        let call = self
            .cloud
            .kafka
            .update_configuration()
            .arn(&arn)
            .description(self.description());
        let updated = call.server_properties(Blob::new(properties)).send().await;
        let updated =
            updated.attempting(|| format!("cannot change the configuration {}", self.name))?;
        revision(
            updated.arn,
            updated.latest_revision.and_then(|latest| latest.revision),
        )
        .map(Readiness::Ready)
    }

    async fn readiness(
        &self,
        _: &Network,
        _: &Context,
    ) -> Result<Readiness<ConfigurationRevision>, ResourceError> {
        let found = self.find().await?;
        let found = found.ok_or_else(|| ResourceError::transient("it was taken away meanwhile"))?;
        latest(&found).map(Readiness::Ready)
    }

    async fn delete(&self, _: Option<&Network>, _: &Context) -> Result<(), ResourceError> {
        let Some(arn) = self.find().await?.and_then(|found| found.arn) else {
            return Ok(());
        };
        match self
            .cloud
            .kafka
            .delete_configuration()
            .arn(arn)
            .send()
            .await
        {
            Err(error) if has_code(&error, &["NotFoundException"]) => Ok(()),
            // In use by a cluster that is going away.
            Err(error) if has_code(&error, &["BadRequestException"]) => {
                Err(ResourceError::transient(format!(
                    "the configuration {} is still in use",
                    self.name
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot delete the configuration {}", self.name),
            )),
            Ok(_) => Ok(()),
        }
    }
}
