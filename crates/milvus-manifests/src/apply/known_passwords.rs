//! Passwords that a server knows already, and that are not ours.

use kube::Client;
use milvus_aws_core::{Installation, engine::ResourceError, topology::demands_login};
use serde_json::Value;

use super::{
    api::Objects,
    both_settings::parsed,
    owner::{Ownership, owner_of},
    released::released,
};
use crate::{
    Error, Kind,
    config_map::{DEFAULT_FILE, USER_FILE},
    labels::{HOME, INSTALLATION, Owner},
    root_login::root_secret_name,
};

/// The same setting where settings go in as environment.
const VARIABLE: &str = "COMMON_SECURITY_AUTHORIZATIONENABLED";

/// Whether clients log in already, and `root` has a password that is not ours: live settings, of the installation or of a Helm
/// release of its name, demand a login, and no Secret of ours holds one. Ours is made before such settings are.
pub async fn has_known_passwords(
    client: &Client,
    installation: &Installation,
) -> Result<bool, Error> {
    let look = look(client, installation).await;
    look.map_err(Error::Request)
}

async fn look(client: &Client, installation: &Installation) -> Result<bool, ResourceError> {
    let owner = Owner::of(installation);
    let secrets = Objects::new(client, Kind::Secret, owner.namespace.as_str());
    let secret = secrets.get(&root_secret_name(&installation.name)).await?;
    if secret.is_some_and(|secret| owner_of(&secret, &owner) == Ownership::Ours) {
        return Ok(false);
    }
    let settings = Objects::new(client, Kind::ConfigMap, owner.namespace.as_str());
    let ours = format!("{INSTALLATION}={}", owner.installation);
    let mut settings = settings.list(&ours).await?;
    // What lives here for an installation elsewhere says so.
    settings.retain(|live| live["metadata"]["labels"].get(HOME).is_none());
    settings.extend(released(client, Kind::ConfigMap, &owner).await?);
    Ok(settings.iter().any(demand_login))
}

/// What a ConfigMap says: the user's file is read last.
fn demand_login(live: &Value) -> bool {
    let entry = |name: &str| live["data"][name].as_str();
    if let Some(variable) = entry(VARIABLE) {
        return variable.eq_ignore_ascii_case("true");
    }
    let files = [USER_FILE, DEFAULT_FILE].into_iter().filter_map(entry);
    let mut said = files
        .filter_map(parsed)
        .filter_map(|settings| demands_login(&settings));
    said.next().unwrap_or(false)
}
