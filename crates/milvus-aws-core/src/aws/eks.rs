//! The Kubernetes cluster with everything around it, in the order in which its parts need each other.

use super::{
    access_entries::AccessEntries,
    addon::{Addon, AddonName},
    cloud::Cloud,
    eks_cluster::{ControlPlane, EksCluster},
    ids::{KeyArn, RoleArn},
    network::NetworkHandles,
    node_group::NodeGroup,
    oidc_provider::OidcProvider,
    policy::ServiceAccount,
    role::{Role, RolePurpose},
    volumes::Volumes,
};
use crate::{
    engine::{After, GraphBuilder, Handle, InvalidGraph, Late, Need},
    installation::{BucketName, RootPath, aws::Eks},
};

/// Who uses the cluster's roles, and for what.
#[derive(Debug, Clone)]
pub struct Workloads {
    /// The load balancer controller's service account.
    pub controller: ServiceAccount,
    /// Milvus's service account.
    pub milvus: ServiceAccount,
    /// Where Milvus's objects are.
    pub bucket: BucketName,
    /// What their keys begin with.
    pub root: RootPath,
    /// The key of the bucket, if it has one.
    pub bucket_key: Option<Late<KeyArn>>,
}

/// What of a graph's Kubernetes cluster others need.
#[derive(Debug, Clone)]
pub struct EksHandles {
    /// The API server answers.
    pub cluster: Handle<EksCluster>,
    /// Pods find machines.
    pub nodes: Handle<()>,
    /// Every add-on, with its handle.
    pub addons: Vec<(AddonName, Handle<()>)>,
    /// Claims find volumes.
    pub ebs_csi: Handle<()>,
    /// The load balancer controller's role.
    pub controller_role: Handle<RoleArn>,
    /// Milvus's role.
    pub milvus_role: Handle<RoleArn>,
}

/// Adds the cluster, its nodes, its add-ons and the roles of what runs in it.
pub fn add_eks(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    settings: &Eks,
    network: &NetworkHandles,
    workloads: &Workloads,
) -> Result<EksHandles, InvalidGraph> {
    let volumes = builder.add(Volumes::new(cloud.clone()))?;
    let cluster_role = builder.add(Role::of_service(cloud.clone(), RolePurpose::Cluster))?;
    let node_role = builder.add(Role::of_service(cloud.clone(), RolePurpose::Nodes))?;
    let cluster = builder.add(ControlPlane::new(
        cloud.clone(),
        settings.clone(),
        network.network.clone(),
        cluster_role,
        // Not needed to make it: a deletion clears both once the cluster is gone.
        After(vec![network.leftovers.need(), volumes.need()]),
    ))?;
    if !settings.admins.is_empty() {
        let admins = settings.admins.clone();
        builder.add(AccessEntries::new(cloud.clone(), admins, cluster.clone()))?;
    }
    let early = [AddonName::VpcCni, AddonName::KubeProxy];
    let early = add_addons(builder, cloud, &cluster, early, &[])?;
    let mut before_nodes = network.internet.clone();
    before_nodes.extend(early.iter().map(|(_, addon)| addon.need()));
    let nodes = builder.add(NodeGroup::new(
        cloud.clone(),
        settings.nodes.clone(),
        cluster.clone(),
        node_role,
        network.network.clone(),
        After(before_nodes),
    ))?;
    let late = add_addons(
        builder,
        cloud,
        &cluster,
        [AddonName::CoreDns],
        &[nodes.need()],
    )?;
    let roles = add_roles(builder, cloud, &cluster, workloads)?;
    let ebs_csi = builder.add(Addon::new(
        cloud.clone(),
        AddonName::EbsCsi,
        cluster.clone(),
        Some(roles.ebs_csi),
        After(vec![nodes.need()]),
    ))?;
    let mut addons: Vec<_> = early.into_iter().chain(late).collect();
    addons.push((AddonName::EbsCsi, ebs_csi.clone()));
    Ok(EksHandles {
        cluster,
        nodes,
        addons,
        ebs_csi,
        controller_role: roles.controller,
        milvus_role: roles.milvus,
    })
}

fn add_addons<const N: usize>(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    cluster: &Handle<EksCluster>,
    names: [AddonName; N],
    after: &[Need],
) -> Result<Vec<(AddonName, Handle<()>)>, InvalidGraph> {
    let mut handles = Vec::new();
    for name in names {
        let after = After(after.to_vec());
        let addon = Addon::new(cloud.clone(), name, cluster.clone(), None, after);
        handles.push((name, builder.add(addon)?));
    }
    Ok(handles)
}

/// Roles of service accounts.
struct Roles {
    ebs_csi: Handle<RoleArn>,
    controller: Handle<RoleArn>,
    milvus: Handle<RoleArn>,
}

fn add_roles(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    cluster: &Handle<EksCluster>,
    workloads: &Workloads,
) -> Result<Roles, InvalidGraph> {
    let issuer = builder.add(OidcProvider::new(cloud.clone(), cluster.clone()))?;
    let mut role = |purpose, key| {
        let issuer = issuer.clone();
        builder.add(Role::of_service_account(
            cloud.clone(),
            purpose,
            issuer,
            key,
        ))
    };
    let Workloads {
        controller,
        milvus,
        bucket,
        root,
        bucket_key,
    } = workloads;
    let objects = RolePurpose::ObjectStorage {
        account: milvus.clone(),
        bucket: bucket.clone(),
        root: root.clone(),
    };
    Ok(Roles {
        ebs_csi: role(RolePurpose::EbsCsi, None)?,
        controller: role(RolePurpose::LoadBalancers(controller.clone()), None)?,
        milvus: role(objects, bucket_key.clone())?,
    })
}
