//! Which version of Kafka new brokers have.

use aws_sdk_kafka::types::{KafkaVersion as Offered, KafkaVersionStatus};

use super::{
    cloud::Cloud,
    failure::{Attempt, is_denied},
};
use crate::{engine::ResourceError, installation::aws::KafkaVersion};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["kafka:ListKafkaVersions"];

/// What new brokers have where the file names no version: the first one that the region offers. Without KRaft, no topic
/// can be made while one of three brokers is away, so that Milvus makes no collection while MSK patches them.
const DEFAULTS: [&str; 2] = ["3.9.x.kraft", "3.9.x"];

/// The end of the names of versions without ZooKeeper.
const KRAFT: &str = ".kraft";

/// Whether brokers of that version are what the file asks for: MSK moves brokers from ZooKeeper to KRaft, and never back.
pub(super) fn satisfies(is: &str, wanted: &KafkaVersion) -> bool {
    is.strip_suffix(KRAFT).unwrap_or(is) == wanted.as_str() || is == wanted.as_str()
}

impl Cloud {
    /// The version that new brokers get: the file's, or the region's first of the defaults.
    pub(super) async fn kafka_version(
        &self,
        named: Option<&KafkaVersion>,
    ) -> Result<String, ResourceError> {
        let offered = match self.offered_kafka().await? {
            Some(offered) => offered,
            // MSK says itself whether it has what the file names.
            None if named.is_some() => named.map(ToString::to_string).into_iter().collect(),
            None => {
                return Err(ResourceError::fatal(
                    "cannot list the versions of Kafka: the right kafka:ListKafkaVersions is missing; docs/iam-policy.json has all that are needed, and with `aws.msk.version` in the file it is not asked for",
                ));
            }
        };
        let wanted: Vec<&str> = match named {
            Some(named) => vec![named.as_str()],
            None => DEFAULTS.to_vec(),
        };
        let is_offered = |version: &&&str| offered.iter().any(|it| it == *version);
        if let Some(version) = wanted.iter().find(is_offered) {
            return Ok((*version).to_owned());
        }
        let usable = |version: &&String| version.parse::<KafkaVersion>().is_ok();
        let usable: Vec<_> = offered.iter().filter(usable).map(String::as_str).collect();
        Err(ResourceError::fatal(format!(
            "MSK has no Kafka {} in {}; write one of these at `aws.msk.version`: {}",
            wanted.join(" and no "),
            self.account.region,
            usable.join(", ")
        )))
    }

    /// What new brokers may have in the region; none where that may not be asked.
    async fn offered_kafka(&self) -> Result<Option<Vec<String>>, ResourceError> {
        let mut offered = Vec::new();
        let mut pages = self.kafka.list_kafka_versions().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if is_denied(&error) => return Ok(None),
                page => page.attempting(|| "cannot list the versions of Kafka".to_owned())?,
            };
            let active = |version: &&Offered| version.status() == Some(&KafkaVersionStatus::Active);
            let versions = page.kafka_versions().iter().filter(active);
            offered.extend(versions.filter_map(|it| it.version().map(str::to_owned)));
        }
        Ok(Some(offered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_24_brokers_that_were_moved_to_kraft_stay_there() {
        let wanted = |text: &str| text.parse::<KafkaVersion>().unwrap();
        for (is, file, satisfied) in [
            ("3.9.x", "3.9.x", true),
            ("3.9.x.kraft", "3.9.x", true),
            ("3.9.x.kraft", "3.9.x.kraft", true),
            ("3.9.x", "3.9.x.kraft", false),
            ("3.8.x.kraft", "3.9.x", false),
        ] {
            assert_eq!(satisfies(is, &wanted(file)), satisfied, "{is} for {file}");
        }
    }
}
