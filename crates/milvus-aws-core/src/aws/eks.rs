//! The Kubernetes cluster with everything around it, new or existing, in the order in which its parts need each other.

use super::{
    access_entries::AccessEntries,
    addon::{Addon, AddonName},
    cloud::Cloud,
    cluster_network::ClusterNetwork,
    eks_cluster::{ControlPlane, EksCluster},
    existing_addons::ExistingAddons,
    existing_cluster::ExistingCluster,
    ids::{KeyArn, RoleArn},
    network::{Network, NetworkHandles},
    node_group::NodeGroup,
    oidc_provider::{OidcProvider, TrustedIssuer},
    policy::ServiceAccount,
    role::{Role, RolePurpose},
    volumes::Volumes,
};
use crate::{
    engine::{After, GraphBuilder, Handle, InvalidGraph, Late, Need, Used},
    installation::{BucketName, EksClusterName, RootPath, aws::Eks},
};

/// Who uses the cluster's roles, and for what.
#[derive(Debug, Clone)]
pub struct Workloads {
    /// The load balancer controller's service account; none where the cluster has a controller of its own.
    pub controller: Option<ServiceAccount>,
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
    /// The load balancer controller's role, where the controller is ours.
    pub controller_role: Option<Handle<RoleArn>>,
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
    // Also for nobody: who was named before loses the access.
    let admins = settings.admins.clone();
    builder.add(AccessEntries::new(cloud.clone(), admins, cluster.clone()))?;
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
    let issuer = builder.add(OidcProvider::new(cloud.clone(), cluster.clone()))?;
    let roles = add_roles(builder, cloud, &issuer, workloads)?;
    let driver_role = add_role(builder, cloud, &issuer, RolePurpose::EbsCsi, None)?;
    let ebs_csi = builder.add(Addon::new(
        cloud.clone(),
        AddonName::EbsCsi,
        cluster.clone(),
        Some(driver_role),
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

/// Adds a cluster that exists, with its network, and the roles of what will run in it.
pub(super) fn add_existing_eks(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    name: &EksClusterName,
    workloads: &Workloads,
) -> Result<(Handle<Network>, EksHandles), InvalidGraph> {
    let cluster = ExistingCluster::new(cloud.clone(), name.clone());
    let cluster = builder.add(Used(cluster))?;
    let network = ClusterNetwork::new(cloud.clone(), cluster.clone());
    let network = builder.add(Used(network))?;
    let addons = ExistingAddons::new(cloud.clone(), cluster.clone());
    let addons = builder.add(Used(addons))?;
    let issuer = OidcProvider::of_existing(cloud.clone(), cluster.clone());
    let issuer = builder.add(issuer)?;
    let roles = add_roles(builder, cloud, &issuer, workloads)?;
    let handles = EksHandles {
        cluster,
        nodes: addons.clone(),
        addons: Vec::new(),
        ebs_csi: addons,
        controller_role: roles.controller,
        milvus_role: roles.milvus,
    };
    Ok((network, handles))
}

/// Roles of service accounts.
struct Roles {
    controller: Option<Handle<RoleArn>>,
    milvus: Handle<RoleArn>,
}

fn add_roles(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    issuer: &Handle<TrustedIssuer>,
    workloads: &Workloads,
) -> Result<Roles, InvalidGraph> {
    let Workloads {
        controller,
        milvus,
        bucket,
        root,
        bucket_key,
    } = workloads;
    let balancers = controller.clone().map(RolePurpose::LoadBalancers);
    let controller = balancers
        .map(|purpose| add_role(builder, cloud, issuer, purpose, None))
        .transpose()?;
    let objects = RolePurpose::ObjectStorage {
        account: milvus.clone(),
        bucket: bucket.clone(),
        root: root.clone(),
    };
    let milvus = add_role(builder, cloud, issuer, objects, bucket_key.clone())?;
    Ok(Roles { controller, milvus })
}

fn add_role(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    issuer: &Handle<TrustedIssuer>,
    purpose: RolePurpose,
    key: Option<Late<KeyArn>>,
) -> Result<Handle<RoleArn>, InvalidGraph> {
    builder.add(Role::of_service_account(
        cloud.clone(),
        purpose,
        issuer.clone(),
        key,
    ))
}
