//! From an installation to its objects.

use milvus_aws_core::{
    Installation, Topology,
    installation::{Deployment, Etcd, Secrets},
};

use crate::{
    Error, Manifests, Object, config_map, disruption_budget, etcd, pvc, secret, service,
    service_account, workload,
};

/// The objects of an installation, in the order in which they are applied. The same input gives the same objects.
pub fn render(installation: &Installation, secrets: &Secrets) -> Result<Manifests, Error> {
    let topology = Topology::of(installation);
    let logins = secret::logins(installation, secrets)?;
    let config_map = config_map::config_map(installation, &topology)?;
    let pods = workload::Pods::new(installation, &topology, &config_map, &logins);

    let mut objects: Vec<Object> = Vec::new();
    objects.extend(service_account::service_account(installation).map(Object::from));
    let secrets = logins.iter().filter_map(|login| login.object(installation));
    objects.extend(secrets.map(Object::from));
    let services = service::services(installation, &topology);
    objects.extend(services.into_iter().map(Object::from));
    let budgets = disruption_budget::of_components(installation, &topology);
    objects.extend(budgets.into_iter().map(Object::from));
    match &installation.deployment {
        Deployment::Standalone(standalone) => {
            objects.push(pvc::standalone(installation, standalone).into());
        }
        Deployment::Cluster(cluster) => {
            if let Etcd::InCluster(etcd) = &cluster.etcd {
                objects.extend(etcd::objects(installation, etcd, topology.etcd_image));
            }
        }
        // Before its services exist: what there will be, with settings that are not known yet.
        Deployment::Aws(on_aws) => {
            let etcd = etcd::objects(installation, &on_aws.etcd, topology.etcd_image);
            objects.extend(etcd);
        }
    }
    let components = topology.components.iter();
    objects.extend(components.map(|component| pods.deployment(component).into()));
    objects.push(config_map.into());
    Manifests::new(objects)
}
