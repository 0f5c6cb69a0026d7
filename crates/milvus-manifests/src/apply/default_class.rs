//! One default storage class, and no other.

use std::time::Duration;

use k8s_openapi::api::storage::v1::StorageClass;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use milvus_aws_core::engine::{
    After, Change, Context, Foreign, ForeignKind, Inputs, Late, Observed, Readiness, Resource,
    ResourceError, ResourceId, Step,
};
use serde_json::json;

use super::{FIELD_MANAGER, failure::resource_error, object::PATIENCE};
use crate::{IS_DEFAULT_CLASS, Kind};

/// The class that EKS makes in every cluster, and that older ones have as their default. It is EKS's: only this one
/// annotation of it is ever changed.
const OF_EKS: &str = "gp2";

/// Takes the default from EKS's own class, so that claims without a class get one answer.
pub(super) struct DefaultClass {
    /// The class that is the default.
    pub(super) name: String,
    /// That class, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

/// What other classes say.
enum Others {
    /// None of them is a default.
    Quiet,
    /// EKS's is.
    OfEks(Box<StorageClass>),
    /// Somebody else's is.
    Foreign(Foreign),
}

impl DefaultClass {
    async fn others(&self, client: &Client) -> Result<Others, ResourceError> {
        let classes: Api<StorageClass> = Api::all(client.clone());
        let list = classes.list(&ListParams::default()).await;
        let list = list.map_err(|error| {
            resource_error("list storage classes".to_owned(), Kind::StorageClass, error)
        })?;
        let is_default = |class: &StorageClass| {
            class
                .annotations()
                .get(IS_DEFAULT_CLASS)
                .is_some_and(|v| v == "true")
        };
        let mut others = Others::Quiet;
        for class in list.items {
            match class.name_any() {
                name if name == self.name || !is_default(&class) => {}
                name if name == OF_EKS => others = Others::OfEks(Box::new(class)),
                name => {
                    let because = format!(
                        "storageclass/{name} is the default already: take the annotation {IS_DEFAULT_CLASS} off it"
                    );
                    let foreign = Foreign::new(ForeignKind::Explained, because);
                    return Ok(Others::Foreign(foreign));
                }
            }
        }
        Ok(others)
    }
}

impl Resource for DefaultClass {
    type Needs = (After, Late<Client>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("default storage class")
    }

    fn needs(&self) -> &Self::Needs {
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
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some(((), client)) = inputs else {
            return Ok(Observed::Unknown);
        };
        Ok(match self.others(client).await? {
            Others::Quiet => Observed::Current { output: Some(()) },
            Others::Foreign(owner) => Observed::Foreign { owner },
            Others::OfEks(_) => Observed::Differs {
                changes: vec![Change {
                    field: format!("storageclass/{OF_EKS} {IS_DEFAULT_CLASS}"),
                    from: Some("true".to_owned()),
                    to: Some("false".to_owned()),
                    ..Change::default()
                }],
                output: None,
            },
        })
    }

    async fn apply(
        &self,
        ((), client): &Inputs<Self>,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        match self.others(client).await? {
            Others::Quiet => {}
            Others::Foreign(owner) => return Err(ResourceError::foreign(owner)),
            Others::OfEks(class) => {
                let patch = json!({"metadata": {
                    "annotations": {IS_DEFAULT_CLASS: "false"},
                    // Only the very object that was looked at.
                    "uid": class.metadata.uid,
                    "resourceVersion": class.metadata.resource_version,
                }});
                let parameters = PatchParams {
                    field_manager: Some(FIELD_MANAGER.to_owned()),
                    ..PatchParams::default()
                };
                let classes: Api<StorageClass> = Api::all(client.clone());
                let answer = classes
                    .patch(OF_EKS, &parameters, &Patch::Merge(patch))
                    .await;
                answer.map_err(|error| {
                    let attempt = format!("take the default from storageclass/{OF_EKS}");
                    resource_error(attempt, Kind::StorageClass, error)
                })?;
            }
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    /// Nothing of ours is left in that class but the annotation, which says no more than that it is not the default.
    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
