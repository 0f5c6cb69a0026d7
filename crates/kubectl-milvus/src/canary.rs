//! Proofs between the steps of an upgrade: rows go in and are found, with all that went in before.

mod memory;

use std::{sync::Arc, time::Duration};

use memory::Memory;
use milvus_aws_core::{
    engine::{
        After, Change, Context, GraphBuilder, InvalidGraph, Late, Need, Observed, Readiness,
        Resource, ResourceError, ResourceId, Step,
    },
    installation::{InstallationName, Namespace},
};
use milvus_manifests::apply::Proofs;
use milvus_probe::{CANARY_COLLECTION, Canary, Client};
use tokio::sync::Mutex;

use crate::{
    error::{Error, in_full},
    installed::Installed,
    milvus_port::MilvusPort,
    root_password::root_login,
};

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);
/// One attempt hangs no longer: connections to pods that went may never answer.
const ATTEMPT: Duration = Duration::from_secs(40);
/// How long the collection's removal is tried again.
const PATIENCE: Duration = Duration::from_mins(2);

/// How the probe says that rows are gone, or all of them.
const LOST: &str = "rows that were stored";
const NO_COLLECTION: &str = "no such collection";

type Needs = (After, Late<kube::Client>);

/// Whose Milvus is proved.
#[derive(Clone)]
pub(crate) struct Canaries {
    pub(crate) name: InstallationName,
    pub(crate) namespace: Namespace,
    pub(crate) client: Late<kube::Client>,
    /// How long a proof is tried again before it has failed.
    pub(crate) patience: Duration,
    /// What went in so far, once it is known what a run before this one stored.
    canary: Arc<Mutex<Option<Canary>>>,
}

/// One proof.
struct Proof {
    canaries: Canaries,
    at: String,
    needs: Needs,
}

/// The end of all of them: nothing of theirs stays.
struct Leaving {
    canaries: Canaries,
    needs: Needs,
}

impl Canaries {
    pub(crate) fn new(
        name: &InstallationName,
        namespace: &Namespace,
        client: Late<kube::Client>,
        patience: Duration,
    ) -> Self {
        Self {
            name: name.clone(),
            namespace: namespace.clone(),
            client,
            patience,
            canary: Arc::default(),
        }
    }

    /// Adds the removal of their collection, after everything.
    pub(crate) fn add_leaving(
        &self,
        builder: &mut GraphBuilder,
        after: Vec<Need>,
    ) -> Result<Need, InvalidGraph> {
        let leaving = Leaving {
            needs: (After(after), self.client.clone()),
            canaries: self.clone(),
        };
        Ok(builder.add(leaving)?.need())
    }

    /// Talks to Milvus through a pod that is ready now.
    async fn with_milvus<T>(
        &self,
        client: &kube::Client,
        talk: impl AsyncFnOnce(&Client) -> Result<T, String>,
    ) -> Result<T, String> {
        let reached = async {
            let installed = Installed::find(client, &self.namespace, Some(&self.name)).await?;
            let port = MilvusPort::open(client, &installed, 0).await?;
            let login = root_login(client, &installed).await?;
            Ok::<_, Error>((port, login))
        };
        let (port, login) = reached.await.map_err(|error| in_full(&error))?;
        let talking = async {
            let milvus = port.client(None).await.map_err(|error| in_full(&error))?;
            let connecting = milvus.login(login).connect();
            talk(&connecting.await.map_err(|error| in_full(&error))?).await
        };
        let told = tokio::time::timeout(ATTEMPT.min(self.patience), talking).await;
        port.close().await;
        told.unwrap_or_else(|_| Err("Milvus does not answer".to_owned()))
    }

    async fn prove(&self, client: &kube::Client) -> Result<u64, String> {
        let mut slot = self.canary.lock().await;
        let memory = self.memory(client);
        let canary = match &mut *slot {
            Some(canary) => canary,
            none => none.insert(Canary::remembering(memory.read().await?)),
        };
        let before = canary.stored().clone();
        let sung = self.with_milvus(client, async |milvus| {
            canary
                .sing(milvus)
                .await
                .map_err(|failure| failure.to_string())
        });
        let sung = sung.await;
        // Also after a failure: what was acknowledged is missed from now on.
        if *canary.stored() != before {
            memory.write(canary.stored()).await?;
        }
        sung
    }

    fn memory(&self, client: &kube::Client) -> Memory {
        Memory::new(client, &self.name, &self.namespace)
    }

    /// What is known to help (source: milvus#47806, #42838, #44486).
    fn recipe(&self, reason: &str) -> String {
        if reason.contains("RW channel") {
            "; restart the pods of mixcoord, and those of streamingnode once it is ready".to_owned()
        } else if reason.contains(LOST) || reason.contains(NO_COLLECTION) {
            format!(
                "; what Milvus had acknowledged is gone: look into that before anything else. To go on without those rows: \
                 `kubectl delete configmap {} -n {}`",
                memory::name_of(&self.name),
                self.namespace
            )
        } else {
            String::new()
        }
    }
}

impl Proofs for Canaries {
    fn add(
        &self,
        builder: &mut GraphBuilder,
        at: &str,
        after: Vec<Need>,
    ) -> Result<Need, InvalidGraph> {
        let proof = Proof {
            needs: (After(after), self.client.clone()),
            canaries: self.clone(),
            at: at.to_owned(),
        };
        Ok(builder.add(proof)?.need())
    }
}

impl Resource for Proof {
    type Needs = Needs;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("canary {}", self.at))
    }

    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// A proof of before proves nothing now.
    async fn observe(
        &self,
        _: Option<&((), kube::Client)>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        Ok(Observed::Absent)
    }

    async fn apply(
        &self,
        _: &((), kube::Client),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Waiting {
            reason: "rows go in and are found".to_owned(),
        })
    }

    async fn readiness(
        &self,
        ((), client): &((), kube::Client),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(match self.canaries.prove(client).await {
            Ok(_) => Readiness::Ready(()),
            Err(reason) => Readiness::Waiting { reason },
        })
    }

    async fn wait_ready(
        &self,
        ((), client): &((), kube::Client),
        context: &Context,
    ) -> Result<(), ResourceError> {
        let began = context.elapsed();
        loop {
            let Err(reason) = self.canaries.prove(client).await else {
                return Ok(());
            };
            let patience = self.canaries.patience;
            if context.elapsed().saturating_sub(began) >= patience {
                return Err(ResourceError::fatal(format!(
                    "Milvus does not store and find rows, for {} s: {reason}{}",
                    patience.as_secs(),
                    self.canaries.recipe(&reason)
                )));
            }
            context.progress(reason);
            context.sleep(PAUSE).await;
        }
    }

    async fn delete(
        &self,
        _: Option<&((), kube::Client)>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        Ok(())
    }
}

impl Resource for Leaving {
    type Needs = Needs;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("canary's collection")
    }

    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        inputs: Option<&((), kube::Client)>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some(((), client)) = inputs else {
            return Ok(Observed::Unknown);
        };
        let there = self.canaries.with_milvus(client, async |milvus| {
            let there = milvus.has_collection(CANARY_COLLECTION).await;
            there.map_err(|error| error.to_string())
        });
        Ok(match there.await {
            Ok(false) => Observed::Current { output: Some(()) },
            // Who cannot be asked now is asked again when it is this one's turn.
            Ok(true) | Err(_) => Observed::Differs {
                changes: vec![Change {
                    field: CANARY_COLLECTION.to_owned(),
                    from: Some("rows of the canary".to_owned()),
                    to: None,
                    ..Change::default()
                }],
                output: Some(()),
            },
        })
    }

    async fn apply(
        &self,
        ((), client): &((), kube::Client),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        // First: who finds rows written down that are gone takes them for lost.
        let forgotten = self.canaries.memory(client).forget().await;
        forgotten.map_err(ResourceError::transient)?;
        let left = self.canaries.with_milvus(client, async |milvus| {
            Canary::leave(milvus)
                .await
                .map_err(|error| error.to_string())
        });
        match left.await {
            Ok(()) => Ok(Readiness::Ready(())),
            Err(reason) => Err(ResourceError::transient(format!(
                "drop collection {CANARY_COLLECTION}: {reason}"
            ))),
        }
    }

    async fn readiness(
        &self,
        _: &((), kube::Client),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(
        &self,
        _: Option<&((), kube::Client)>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        Ok(())
    }
}
