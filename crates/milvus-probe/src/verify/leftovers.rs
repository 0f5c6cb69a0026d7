//! Collections of verifications that were killed before they could drop them.

use std::time::Duration;

use super::{CLEANUP_LIMIT, COLLECTION_PREFIX, Leftover, chain};
use crate::{Client, Error};

/// How long looking for them and dropping them may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a verification may outlive its own deadline.
const GRACE: Duration = Duration::from_secs(30);
/// How long one lives that does not say so: no release has let a user wait as long.
const UNSAID: Duration = Duration::from_hours(24);
/// The number of seconds stands between these two.
const DESCRIPTION: (&str, &str) = ("made by kubectl-milvus verify, which ends within ", " s");

/// What the collection of a verification with that deadline says of itself.
pub(super) fn description(limit: Duration) -> String {
    let (before, after) = DESCRIPTION;
    let seconds = (limit + CLEANUP_LIMIT + GRACE).as_secs();
    format!("{before}{seconds}{after}")
}

/// How old a collection gets at most while its verification runs.
fn lifetime(description: &str) -> Duration {
    let (before, after) = DESCRIPTION;
    let seconds = description.strip_prefix(before);
    let seconds = seconds.and_then(|rest| rest.strip_suffix(after));
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    seconds.map_or(UNSAID, Duration::from_secs)
}

/// Whether a verification gave that name.
fn is_of_a_verification(name: &str) -> bool {
    let number = name.strip_prefix(COLLECTION_PREFIX);
    let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(digit))
}

/// Drops those that are older than their verification can be. `own` was just made, and so tells the server's time. What
/// fails, or takes too long, is left for the next verification.
pub(super) async fn drop_old(client: &Client, own: &str) -> Vec<Leftover> {
    let mut dropped = Vec::new();
    let client = client.with_deadline(LIMIT);
    let _in_time = tokio::time::timeout(LIMIT, drop_each(&client, own, &mut dropped)).await;
    dropped
}

async fn drop_each(client: &Client, own: &str, dropped: &mut Vec<Leftover>) -> Result<(), Error> {
    let mut names = client.collections().await?;
    names.retain(|name| name != own && is_of_a_verification(name));
    if names.is_empty() {
        return Ok(());
    }
    // Milvus Lite keeps no times.
    let Some(now) = client.origin(own).await?.made else {
        return Ok(());
    };
    for name in names {
        // Its verification may have dropped it meanwhile.
        let Ok(origin) = client.origin(&name).await else {
            continue;
        };
        let age = origin.made.map(|made| now.saturating_sub(made));
        let Some(age) = age.filter(|&age| age > lifetime(&origin.description)) else {
            continue;
        };
        let failed = client.drop_collection(&name).await.err();
        dropped.push(Leftover {
            collection: name,
            age,
            kept_because: failed.map(|error| chain(&error)),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_fault_13_only_names_of_verifications_are_looked_at() {
        assert!(is_of_a_verification(
            "kubectl_milvus_verify_0123456789abcdef"
        ));
        for other in [
            "kubectl_milvus_verify_",
            "kubectl_milvus_verify_0123456789abcde",
            "kubectl_milvus_verify_0123456789abcdef0",
            "kubectl_milvus_verify_0123456789ABCDEF",
            "kubectl_milvus_verify_my_own_collectio",
            "my_kubectl_milvus_verify_0123456789abcdef",
            "kubectl_milvus_canary",
        ] {
            assert!(!is_of_a_verification(other), "{other}");
        }
    }

    #[test]
    fn stage_fault_13_a_collection_says_how_long_its_verification_can_take() {
        let patient = description(Duration::from_mins(90));
        assert_eq!(lifetime(&patient), Duration::from_secs(90 * 60 + 8 + 30));
        for unsaid in ["", "made by kubectl-milvus verify", "my own"] {
            assert_eq!(lifetime(unsaid), UNSAID, "{unsaid}");
        }
    }
}
