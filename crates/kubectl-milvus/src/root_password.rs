//! The password of `root`: Milvus's own until it is replaced by the one in our Secret.

use std::{error::Error, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use milvus_aws_core::{
    Installation,
    engine::{
        After, Change, Context, Handle, Late, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::{InstallationName, Namespace},
};
use milvus_manifests::{ROOT, password_in, root_secret_name};
use milvus_probe::{Client, ClientBuilder, Error as ProbeError, Login};
use secrecy::SecretString;

use crate::{
    installed::{Installed, InstalledError},
    milvus_port::MilvusPort,
    port_forward::PortForwardError,
};

/// What every Milvus begins with (source: Milvus, "Authenticate User Access").
const FIRST: &str = "Milvus";
/// A proxy that just became ready may not have heard of its coordinators yet.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whose password `root` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The one in our Secret.
    Ours,
    /// The one that everybody knows.
    First,
    /// Another one.
    Other,
}

/// Replaces the password that everybody knows; its output is the login.
pub(crate) struct RootPassword {
    pub(crate) name: InstallationName,
    pub(crate) namespace: Namespace,
    /// Milvus, the cluster, and the password in our Secret.
    pub(crate) needs: (After, Late<kube::Client>, Handle<SecretString>),
}

type Inputs = ((), kube::Client, SecretString);

/// The login of an installation's first user, where the installation has a Secret with it.
pub(crate) async fn root_login(
    client: &kube::Client,
    installed: &Installed,
) -> Result<Option<Login>, InstalledError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), installed.namespace.as_str());
    let name = root_secret_name(&installed.name);
    let secret = match secrets.get_opt(&name).await {
        // Who may not read it gives a login, or does without.
        Err(kube::Error::Api(status)) if status.code == 403 => None,
        secret => secret.map_err(|source| InstalledError::Login {
            secret: name,
            source: Box::new(source),
        })?,
    };
    Ok(secret.as_ref().and_then(password_in).map(login))
}

/// How to log in, for people.
pub(crate) fn login_text(secret: Option<&str>) -> String {
    match secret {
        Some(secret) => format!("log in:    as {ROOT}, with the password in secret/{secret}\n"),
        None => String::new(),
    }
}

/// Why nobody verifies, and how to, where clients log in with passwords that are not ours.
pub(crate) fn no_login_text(installation: &Installation) -> String {
    let Installation {
        name, namespace, ..
    } = installation;
    format!(
        "not verified, as clients must log in, and no password of {ROOT} is in secret/{}; prove it with \
         `kubectl milvus verify {name} -n {namespace} --username {ROOT} --password-file FILE`",
        root_secret_name(name)
    )
}

fn login(password: SecretString) -> Login {
    Login::Password {
        user: ROOT.to_owned(),
        password,
    }
}

impl RootPassword {
    /// Somebody who serves clients; none while nobody is ready.
    async fn reach(&self, client: &kube::Client) -> Result<Option<Reached>, ResourceError> {
        let installed = match Installed::find(client, &self.namespace, Some(&self.name)).await {
            Err(InstalledError::None { .. }) => return Ok(None),
            installed => installed.map_err(unreachable)?,
        };
        let port = match MilvusPort::open(client, &installed, 0).await {
            Err(PortForwardError::NoReadyPod { .. }) => return Ok(None),
            port => port.map_err(unreachable)?,
        };
        let milvus = port.client(None).await.map_err(unreachable)?;
        Ok(Some(Reached { port, milvus }))
    }

    async fn replace(&self, ((), client, ours): &Inputs) -> Result<(), ResourceError> {
        let unready = || ResourceError::transient("no pod that serves clients is ready");
        let reached = self.reach(client).await?.ok_or_else(unready)?;
        let first = SecretString::from(FIRST);
        let replaced = match reached.connect(first.clone()).await {
            Ok(client) => client.update_password(ROOT, &first, ours).await,
            Err(error) => Err(error),
        };
        reached.port.close().await;
        replaced.map_err(refused)
    }

    fn unknown_password(&self) -> ResourceError {
        ResourceError::fatal(format!(
            "`{ROOT}` has neither Milvus's first password nor the one in secret/{}: write the right one there",
            root_secret_name(&self.name)
        ))
    }
}

/// A pod that serves clients, and how one speaks there.
struct Reached {
    port: MilvusPort,
    milvus: ClientBuilder,
}

impl Reached {
    async fn connect(&self, password: SecretString) -> Result<Client, ProbeError> {
        let client = self.milvus.clone().login(Some(login(password)));
        client.connect().await
    }

    /// Whose password `root` has.
    async fn held(self, ours: &SecretString) -> Result<Held, ResourceError> {
        let held = self.held_of(ours).await;
        self.port.close().await;
        held.map_err(refused)
    }

    async fn held_of(&self, ours: &SecretString) -> Result<Held, ProbeError> {
        for (held, password) in [(Held::Ours, ours.clone()), (Held::First, FIRST.into())] {
            let listed = match self.connect(password).await {
                Ok(client) => client.users().await.map(drop),
                Err(error) => Err(error),
            };
            match listed {
                Ok(()) => return Ok(held),
                Err(ProbeError::Unauthenticated { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Held::Other)
    }
}

fn unreachable(error: impl Error + Send + Sync + 'static) -> ResourceError {
    ResourceError::transient("reach Milvus").caused_by(error)
}

/// Whoever reads it has to know what that leaves open.
fn refused(error: ProbeError) -> ResourceError {
    let doing = "log in to Milvus as `root`, which may have the password that every Milvus begins with until that works";
    ResourceError::transient(doing).caused_by(error)
}

impl Resource for RootPassword {
    type Needs = (After, Late<kube::Client>, Handle<SecretString>);
    type Output = Login;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("password of {ROOT}"))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs>,
        _: &Context,
    ) -> Result<Observed<Login>, ResourceError> {
        let Some(inputs) = inputs else {
            return Ok(Observed::Unknown);
        };
        // Who cannot be reached may be what this run mends.
        let Ok(Some(reached)) = self.reach(&inputs.1).await else {
            return Ok(Observed::Current { output: None });
        };
        Ok(match reached.held(&inputs.2).await? {
            Held::Ours => Observed::Current {
                output: Some(login(inputs.2.clone())),
            },
            Held::First => Observed::Differs {
                changes: vec![Change {
                    field: "password".to_owned(),
                    from: Some("the one that every Milvus begins with".to_owned()),
                    to: Some(format!(
                        "the one in secret/{}",
                        root_secret_name(&self.name)
                    )),
                    ..Change::default()
                }],
                output: None,
            },
            Held::Other => return Err(self.unknown_password()),
        })
    }

    async fn apply(
        &self,
        inputs: &Inputs,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Login>, ResourceError> {
        self.replace(inputs).await?;
        Ok(Readiness::Ready(login(inputs.2.clone())))
    }

    async fn readiness(
        &self,
        inputs: &Inputs,
        _: &Context,
    ) -> Result<Readiness<Login>, ResourceError> {
        let Some(reached) = self.reach(&inputs.1).await? else {
            return Ok(Readiness::Waiting {
                reason: "no pod that serves clients is ready".to_owned(),
            });
        };
        match reached.held(&inputs.2).await? {
            Held::Ours => Ok(Readiness::Ready(login(inputs.2.clone()))),
            // Looked at anew, it differs.
            Held::First => Err(ResourceError::transient("it is the first one still")),
            Held::Other => Err(self.unknown_password()),
        }
    }

    /// It goes with the users that it is of.
    async fn delete(&self, _: Option<&Inputs>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
