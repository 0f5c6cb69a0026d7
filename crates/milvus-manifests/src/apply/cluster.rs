//! What an installation has outside of its namespace: a storage class, and the load balancer controller.

use std::{collections::BTreeMap, sync::Arc};

use kube::Client;
use milvus_aws_core::engine::{After, GraphBuilder, Handle, Late, Need};

use super::{
    adapt::VolumePolicy,
    certified::Certified,
    default_class::DefaultClass,
    object::{KubernetesObject, SettingsOf},
    placed::Placed,
    readiness::{is_watched, usual_duration},
    scaled_by::OthersAutoscalers,
    webhook_answers::WebhookAnswers,
};
use crate::{
    EbsStorageClass, Error, Kind, Manifests, Object, ObjectRef,
    labels::Owner,
    load_balancer_controller::{CONTROLLER_NAMESPACE, LoadBalancerController},
};

/// The resources of the load balancer controller.
#[derive(Debug)]
pub struct ControllerHandles {
    /// Ready once services with load balancers are accepted: what needs one comes after this.
    pub ready: Handle<()>,
    /// Every object.
    pub objects: BTreeMap<ObjectRef, Handle<Placed>>,
}

/// Adds a storage class to a graph, and, where it is the default, what takes the default from EKS's own class. Gives
/// the class back.
pub fn add_storage_class(
    builder: &mut GraphBuilder,
    client: impl Into<Late<Client>>,
    owner: &Owner,
    class: &EbsStorageClass,
    first: &[Need],
) -> Result<Handle<Placed>, Error> {
    let client = client.into();
    let object = Object::from(class.object(owner));
    let manifests = Arc::new(Manifests::new(vec![object.clone()])?);
    let place = Place {
        client: &client,
        owner,
        first,
    };
    let handle = builder.add(place.resource(&object, Late::Known(manifests), &[]))?;
    if class.default {
        builder.add(DefaultClass {
            name: class.name.clone(),
            needs: (After(vec![handle.need()]), client),
        })?;
    }
    Ok(handle)
}

/// Adds the load balancer controller to a graph, for the VPC of that id, whatever `controller` says. Its webhooks are announced only once its pods run, so that no other
/// service has to wait for them.
pub fn add_load_balancer_controller(
    builder: &mut GraphBuilder,
    client: impl Into<Late<Client>>,
    controller: &LoadBalancerController,
    vpc_id: impl Into<Late<String>>,
    first: &[Need],
) -> Result<ControllerHandles, Error> {
    let client = client.into();
    let place = Place {
        client: &client,
        owner: &controller.owner,
        first,
    };
    let certified = builder.add(Certified {
        controller: Arc::new(controller.clone()),
        needs: (After(first.to_vec()), client.clone()),
    })?;
    let mut objects = BTreeMap::new();
    // What pods cannot start without.
    let mut for_pods = vec![certified.need()];
    let lasting = Arc::new(Manifests::new(controller.lasting_objects())?);
    let in_vpc = in_vpc(controller.clone(), Arc::clone(&lasting), vpc_id.into());
    for object in lasting.objects() {
        let needs: &[Need] = match object.kind() {
            // Parameters are of a kind that must be known first.
            Kind::Deployment | Kind::IngressClassParams => &for_pods,
            _ => &[],
        };
        let manifests = match object.kind() {
            Kind::Deployment => in_vpc.clone(),
            _ => Late::Known(Arc::clone(&lasting)),
        };
        let resource = place.resource(object, manifests, needs);
        let handle = builder.add(resource)?;
        if object.kind() < Kind::Deployment {
            for_pods.push(handle.need());
        }
        objects.insert(object.reference(), handle);
    }
    let running: Vec<Need> = objects.values().map(Handle::need).collect();
    for object in controller.announcements() {
        let resource = place.resource(&object, Late::From(certified.clone()), &running);
        objects.insert(object.reference(), builder.add(resource)?);
    }
    let all = objects.values().map(Handle::need).collect();
    let ready = builder.add(WebhookAnswers {
        needs: (After(all), client.clone()),
    })?;
    Ok(ControllerHandles { ready, objects })
}

/// The objects with the id of the VPC, once that is known.
fn in_vpc(
    controller: LoadBalancerController,
    lasting: Arc<Manifests>,
    vpc_id: Late<String>,
) -> Late<Arc<Manifests>> {
    Late::computed(vpc_id, move |vpc_id| {
        let controller = LoadBalancerController {
            vpc_id,
            ..controller.clone()
        };
        let objects = Manifests::clone(&lasting).with(controller.lasting_objects());
        Arc::new(objects)
    })
}

/// Where objects are made, for whom, and after what.
struct Place<'a> {
    client: &'a Late<Client>,
    owner: &'a Owner,
    first: &'a [Need],
}

impl Place<'_> {
    fn resource(
        &self,
        object: &Object,
        manifests: Late<Arc<Manifests>>,
        needs: &[Need],
    ) -> KubernetesObject {
        let needs = self.first.iter().chain(needs).cloned().collect();
        KubernetesObject {
            reference: object.reference(),
            namespace: CONTROLLER_NAMESPACE.to_owned(),
            owner: self.owner.clone(),
            needs: (After(needs), self.client.clone(), manifests, Vec::new()),
            adopts: false,
            waits: is_watched(object.kind()),
            usual: usual_duration(object, true),
            limit: None,
            settings: SettingsOf::Wanted,
            volume_policy: VolumePolicy::Ours,
            autoscalers: OthersAutoscalers::default(),
        }
    }
}
