//! Services that other installations may use: a new installation says which part of them is its own, and one that exists
//! keeps the part that it has.

use kube::Client;
use milvus_aws_core::{Installation, installation::SharedService, topology::ServiceNames};
use milvus_manifests::apply::{LiveServiceNames, live_service_names};

use crate::{ExitCode, error::Error, wanted::Wanted};

/// Why an installation cannot use the services that it names.
#[derive(Debug, thiserror::Error)]
pub enum ServiceNamesError {
    /// It is new, and nothing says which part is its own.
    #[error("{name} is new, and its file does not say which part of {} is its own: by default every Milvus uses `{}`, and two that share it destroy each other's data", services.join(" and "), ServiceNames::USUAL)]
    Undecided {
        /// Which installation.
        name: String,
        /// The services with the settings that name the part: `etcd (etcd.rootPath)`.
        services: Vec<String>,
    },
    /// It exists, and would begin anew in another part.
    #[error(
        "the data of {name} is under {setting} `{live}`, and `{wanted}` is wanted: Milvus would not find it, and delete the objects in the bucket that it does not know"
    )]
    Switched {
        /// Which installation.
        name: String,
        /// The setting's key.
        setting: &'static str,
        /// What runs.
        live: String,
        /// What the file says.
        wanted: String,
    },
}

impl ServiceNamesError {
    /// The exit code that scripts see.
    pub(crate) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Undecided { .. } | Self::Switched { .. } => ExitCode::Refused,
        }
    }

    /// What to do now.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Undecided { .. } => "write `names: {inSharedServices: own}` in the file, or `usual` where its data is there already under `by-dev`; values of the chart say it by `etcd.rootPath` and `msgChannel.chanNamePrefix.cluster` in `extraConfigFiles.user.yaml`".to_owned(),
            Self::Switched { setting, live, .. } => match live.as_str() {
                ServiceNames::USUAL => format!("leave `names.inSharedServices` and `{setting}` out of the file, or write `names: {{inSharedServices: usual}}`"),
                live => format!("set `{setting}` to `{live}` in the file's `config`"),
            },
        }
    }
}

/// Compares what is wanted with the live settings.
pub(crate) async fn check(client: &Client, wanted: &Wanted) -> Result<(), Error> {
    let installation = &wanted.installation;
    match live_service_names(client, installation, wanted.adopt.adopt).await? {
        // A release that is taken over has data, wherever its settings are.
        LiveServiceNames::New if wanted.adopt.adopt => {}
        LiveServiceNames::New => decided(installation)?,
        LiveServiceNames::Known(live) => unswitched(installation, &live)?,
        // What is in the way is refused where the objects are looked at.
        LiveServiceNames::Foreign => {}
    }
    Ok(())
}

fn decided(installation: &Installation) -> Result<(), ServiceNamesError> {
    let undecided = installation.undecided_parts();
    // On Kafka or Pulsar alone a note says so: an installation with an etcd of its own cannot take over metadata.
    if undecided.is_empty() || !installation.uses_existing_etcd() {
        return Ok(());
    }
    let service = |it: &SharedService| format!("{} ({})", it.name, it.setting.key());
    Err(ServiceNamesError::Undecided {
        name: installation.name.to_string(),
        services: undecided.iter().map(service).collect(),
    })
}

fn unswitched(installation: &Installation, live: &ServiceNames) -> Result<(), ServiceNamesError> {
    let wanted = installation.service_names();
    match live.differences(&wanted).into_iter().next() {
        None => Ok(()),
        Some(setting) => Err(ServiceNamesError::Switched {
            name: installation.name.to_string(),
            setting: setting.key(),
            live: live.value(setting).to_owned(),
            wanted: wanted.value(setting).to_owned(),
        }),
    }
}
