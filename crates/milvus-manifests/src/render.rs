//! From an installation to its objects.

use milvus_aws_core::{
    Installation, Topology,
    installation::{Deployment, Secrets},
};

use crate::{
    Attu, Error, Manifests, Object, autoscaler, certificate, config_map, disruption_budget, etcd,
    ingress, pvc, secret, secret_settings::SecretSettings, service, service_account,
    service_monitor, workload,
};

/// The objects of an installation, in the order in which they are applied. The same input gives the same objects.
pub fn render(installation: &Installation, secrets: &Secrets) -> Result<Manifests, Error> {
    let topology = Topology::of(installation);
    let logins = secret::logins(installation, secrets)?;
    let config_map = config_map::config_map(installation, &topology)?;
    let settings = SecretSettings::of(installation, secrets)?;
    let pods = workload::Pods::new(
        installation,
        &topology,
        &config_map,
        &logins,
        settings.as_ref(),
    );

    // More than most installations have: objects are large, and would move each time that the list grows.
    let mut objects: Vec<Object> = Vec::with_capacity(64);
    objects.extend(service_account::service_account(installation).map(Object::from));
    let certificates = certificate::secrets(installation, secrets)?;
    objects.extend(certificates.into_iter().map(Object::from));
    let secrets = logins.iter().filter_map(|login| login.object(installation));
    objects.extend(secrets.map(Object::from));
    objects.extend(
        settings
            .iter()
            .map(|one| Object::from(one.object(installation))),
    );
    let services = service::services(installation, &topology);
    objects.extend(services.into_iter().map(Object::from));
    let budgets = disruption_budget::of_components(installation, &topology);
    objects.extend(budgets.into_iter().map(Object::from));
    objects.extend(pvc::logs(installation).map(Object::from));
    if let Deployment::Standalone(standalone) = &installation.deployment {
        objects.extend(pvc::standalone(installation, standalone).map(Object::from));
    }
    if let Some(etcd) = installation.deployment.own_etcd() {
        objects.extend(etcd::objects(installation, etcd, topology.etcd_image));
    }
    let components = topology.components.iter();
    objects.extend(components.map(|component| pods.deployment(component).into()));
    let scaled = topology.components.iter();
    let scaled = scaled.filter_map(|component| autoscaler::of_component(installation, component));
    objects.extend(scaled.map(Object::from));
    objects.extend(ingress::for_clients(installation, &topology).map(Object::from));
    objects.extend(service_monitor::service_monitor(installation).map(Object::from));
    let attu = Attu::beside(installation);
    objects.extend(attu.iter().flat_map(|attu| attu.objects_of(installation)));
    objects.push(config_map.into());
    Manifests::new(objects)
}
