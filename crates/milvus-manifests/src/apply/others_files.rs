//! Files on claims of a Helm release that the pods in its place could not write: they belong to another user, and the
//! kubelet does not hand files on that kind of volume over.

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{
        CSIPersistentVolumeSource, Container, PersistentVolume, PersistentVolumeClaim,
        PersistentVolumeSpec, PodSpec,
    },
    storage::v1::CSIDriver,
};
use kube::{Api, Client, ResourceExt};
use milvus_aws_core::{
    Installation, Topology,
    installation::{MilvusVersion, PodSettings},
    topology::{Component, line_of},
};

use super::{
    failure::resource_error,
    released::{released, tag_of},
};
use crate::{
    Error, Kind,
    labels::{COMPONENT, Owner},
    workload::USER,
};

/// A claim with files of another user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OthersFiles {
    /// The claim's name.
    pub claim: String,
    /// The user that Helm's pods ran as.
    pub owner: i64,
    /// The user that the pods would run as.
    pub user: i64,
    /// Why they stay that user's.
    pub volume: StayingFiles,
}

/// Why files of a volume stay their owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StayingFiles {
    /// The kubelet does not apply `fsGroup` to volumes of this kind.
    Of(String),
    /// The volume may not be looked at, so that they may stay or not.
    Unknown,
}

/// The claims of a Helm release whose files would stay another user's, where the user of the pods follows from our
/// default. Fails where the API server cannot be asked; what may not be seen is [`StayingFiles::Unknown`].
pub async fn others_files(
    client: &Client,
    installation: &Installation,
) -> Result<Vec<OthersFiles>, Error> {
    let topology = Topology::of(installation);
    let deployments = released(client, Kind::Deployment, &Owner::of(installation)).await;
    let mut found: Vec<OthersFiles> = Vec::new();
    for live in deployments.map_err(Error::Request)? {
        let live = serde_json::from_value::<Deployment>(live).unwrap_or_default();
        let component = component_of(&live, &topology);
        let Some((pod, component)) = pod_of(&live).zip(component) else {
            continue;
        };
        let owner = user_of(pod, component, installation);
        if owner == USER || says_user(&component.pod) {
            continue;
        }
        for claim in claims_of(pod) {
            if found.iter().any(|known| known.claim == claim) {
                continue;
            }
            let Some(volume) = staying_files(client, installation, claim).await? else {
                continue;
            };
            found.push(OthersFiles {
                claim: claim.to_owned(),
                owner,
                user: USER,
                volume,
            });
        }
    }
    Ok(found)
}

fn component_of<'a>(live: &Deployment, topology: &'a Topology) -> Option<&'a Component> {
    let name = live.labels().get(COMPONENT)?;
    topology.components.iter().find(|it| it.name == name)
}

fn pod_of(live: &Deployment) -> Option<&PodSpec> {
    live.spec.as_ref()?.template.spec.as_ref()
}

/// Whether the user of the pods is none of ours.
fn says_user(said: &PodSettings) -> bool {
    let of_pod = said.security_context.as_deref();
    let of_container = said.container_security_context.as_deref();
    of_pod.is_some_and(|it| it.set.run_as_user.is_some() || it.takes_out("runAsUser"))
        || of_container.is_some_and(|it| it.set.run_as_user.is_some() || it.takes_out("runAsUser"))
}

/// Who the server ran as: as its pod says, else the image's user.
fn user_of(pod: &PodSpec, component: &Component, installation: &Installation) -> i64 {
    let own = pod.containers.iter().find(|it| it.name == component.name);
    let own = own.or(pod.containers.first());
    let of_container = own.and_then(|it| it.security_context.as_ref()?.run_as_user);
    let of_pod = pod.security_context.as_ref().and_then(|it| it.run_as_user);
    let of_image = || {
        let version = own.and_then(version_of);
        line_of(version.as_ref().unwrap_or(&installation.version)).image_user
    };
    of_container.or(of_pod).unwrap_or_else(of_image)
}

fn version_of(container: &Container) -> Option<MilvusVersion> {
    tag_of(container.image.as_deref()?).parse().ok()
}

fn claims_of(pod: &PodSpec) -> impl Iterator<Item = &str> {
    let volumes = pod.volumes.iter().flatten();
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|claim| claim.claim_name.as_str())
}

/// Why the files of a claim's volume stay their owner's; none where the kubelet hands them over, or there are none.
async fn staying_files(
    client: &Client,
    installation: &Installation,
    claim: &str,
) -> Result<Option<StayingFiles>, Error> {
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(client.clone(), installation.namespace.as_str());
    let name = match seen(claims.get(claim).await, claim)? {
        Seen::Is(claim) => claim.spec.and_then(|spec| spec.volume_name),
        Seen::Absent => None,
        Seen::Forbidden => return Ok(Some(StayingFiles::Unknown)),
    };
    let Some(name) = name else {
        return Ok(None);
    };
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    let volume = match seen(volumes.get(&name).await, &name)? {
        Seen::Is(volume) => volume.spec.unwrap_or_default(),
        Seen::Absent => return Ok(None),
        Seen::Forbidden => return Ok(Some(StayingFiles::Unknown)),
    };
    if let Some((kind, _)) = WITHOUT_GROUP.iter().find(|(_, is)| is(&volume)) {
        return Ok(Some(StayingFiles::Of((*kind).to_owned())));
    }
    let Some(source) = &volume.csi else {
        return Ok(None);
    };
    let drivers: Api<CSIDriver> = Api::all(client.clone());
    let policy = match seen(drivers.get(&source.driver).await, &source.driver)? {
        Seen::Is(driver) => driver.spec.fs_group_policy,
        Seen::Absent => None,
        Seen::Forbidden => return Ok(Some(StayingFiles::Unknown)),
    };
    let applied = applies_group(policy.as_deref(), source, &volume);
    Ok((!applied).then(|| StayingFiles::Of(source.driver.clone())))
}

/// Whether a volume is of one kind.
type IsKind = fn(&PersistentVolumeSpec) -> bool;

/// Kinds of volumes that the kubelet does not apply `fsGroup` to (source: pkg/volume of Kubernetes 1.34).
const WITHOUT_GROUP: [(&str, IsKind); 5] = [
    ("hostPath", |volume| volume.host_path.is_some()),
    ("nfs", |volume| volume.nfs.is_some()),
    ("azureFile", |volume| volume.azure_file.is_some()),
    ("cephfs", |volume| volume.cephfs.is_some()),
    ("glusterfs", |volume| volume.glusterfs.is_some()),
];

/// Whether the kubelet applies `fsGroup` to a volume of a CSI driver (source: `supportsFSGroup` in its csi_mounter.go).
fn applies_group(
    policy: Option<&str>,
    source: &CSIPersistentVolumeSource,
    volume: &PersistentVolumeSpec,
) -> bool {
    match policy {
        Some("File") => true,
        Some("None") => false,
        _ => {
            let has_type = source.fs_type.as_deref().is_some_and(|it| !it.is_empty());
            let mut modes = volume.access_modes.iter().flatten();
            has_type
                && modes.any(|mode| matches!(mode.as_str(), "ReadWriteOnce" | "ReadWriteOncePod"))
        }
    }
}

/// What a look at one object found.
enum Seen<T> {
    Is(T),
    Absent,
    Forbidden,
}

fn seen<T: kube::Resource<DynamicType = ()>>(
    answer: kube::Result<T>,
    name: &str,
) -> Result<Seen<T>, Error> {
    match answer {
        Ok(object) => Ok(Seen::Is(object)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Seen::Absent),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(Seen::Forbidden),
        Err(error) => {
            let attempt = format!("read {} {name}", T::kind(&()));
            Err(Error::Request(resource_error(
                attempt,
                Kind::PersistentVolumeClaim,
                error,
            )))
        }
    }
}
