//! AWS and Kubernetes in one graph: everything starts the moment that its inputs are there.

use std::sync::Arc;

use milvus_aws_core::{
    Installation,
    aws::{self, AwsHandles, EksCluster, LoadBalancer, Mark},
    engine::{Graph, GraphBuilder, Handle, Late, Need, Needs, Used},
    installation::{
        HostPort, LoginSecret, Secrets,
        aws::{AttuExposure, Aws, Network, Scheme as WantedScheme},
    },
};
use milvus_manifests::{
    Attu, EbsStorageClass, Exposure, Kind, Manifests, NetworkLoadBalancer, Object, Scheme,
    apply::{Install, Installed, add_load_balancer_controller, add_storage_class},
    attu_image,
    labels::Owner,
    load_balancer_controller::{LoadBalancerController, controller_image},
    render,
};
use milvus_probe::Login;
use secrecy::SecretString;

use super::{
    account::AwsAccount,
    bucket_contents::BucketContents,
    ebs_driver::EbsDriver,
    kubernetes_access::{KubernetesAccess, Only},
};
use crate::{
    error::Error,
    place::{add_in_order, add_root_password},
    upgrade::Order,
};

/// Pods of the controller: one of them leads.
const CONTROLLERS: u16 = 2;

/// Everything of an installation, from the account to Milvus.
pub(crate) struct AwsGraph {
    /// Every resource.
    pub graph: Graph,
    /// The Kubernetes cluster.
    pub cluster: Handle<EksCluster>,
    /// A client of it.
    pub client: Handle<kube::Client>,
    /// Host name of the load balancer, once its targets are healthy.
    pub address: Handle<String>,
    /// The login of Milvus's first user, where clients must log in and somebody waits for that.
    pub login: Option<Handle<Login>>,
}

/// Puts it together. `wait` says whether pods are waited for, an order that components come one at a time.
pub(crate) fn of(
    account: &AwsAccount,
    installation: &Installation,
    wait: bool,
    order: Option<&Order>,
) -> Result<AwsGraph, Error> {
    let cloud = &account.cloud;
    let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
    let mut builder = Graph::builder();
    let aws = aws::add(&mut builder, cloud, installation)?;
    let access = builder.add(KubernetesAccess {
        login: account.login.clone(),
        cluster: aws.eks.cluster.clone(),
        name: cloud.full_name(),
        existing: account.cluster.is_some(),
        only: order.is_none().then(|| Only {
            name: installation.name.clone(),
            namespace: installation.namespace.clone(),
            version: installation.version.clone(),
        }),
    })?;
    let client = Late::From(access.clone());
    let owner = Owner::of(installation);
    let mut before_etcd = before_etcd(&mut builder, account, installation, &aws, &access)?;
    let contents = BucketContents {
        cloud: cloud.clone(),
        installation: installation.clone(),
        name: cloud.bucket_of(settings)?,
        needs: (access.clone(), aws.bucket.clone()),
    };
    before_etcd.push(builder.add(Used(contents))?.need());
    let controller = match &aws.eks.controller_role {
        Some(role) => Some(add_load_balancer_controller(
            &mut builder,
            client.clone(),
            &controller(account, settings, &owner),
            Late::computed(aws.network.clone(), |network| network.vpc.to_string()),
            &[aws.eks.nodes.need(), role.need()],
        )?),
        None => None,
    };
    let milvus = Milvus {
        account,
        installation,
        settings,
    };
    // Which objects there will be does not depend on the brokers.
    let known = milvus.manifests(Vec::new(), nobody(), None)?;
    let install = Install::new(client.clone(), installation, &known)
        .wait(wait)
        .rendered_by(milvus.rendered(&aws))
        .load_balancers_rendered_by(milvus.rendered_in(&aws.network))
        .after(Kind::StatefulSet, before_etcd)
        .after(Kind::Deployment, before_pods(&aws))
        .load_balancers_after(controller.iter().map(|controller| controller.ready.need()));
    let installed = add_in_order(&mut builder, install, order, &client, installation)?;
    let address = add_load_balancer(&mut builder, account, &installed)?;
    let login = add_root_password(&mut builder, client, installation, &installed, wait)?;
    Ok(AwsGraph {
        graph: builder.build(),
        cluster: aws.eks.cluster,
        client: access,
        address,
        login,
    })
}

/// Who logs in to brokers that are not known yet.
fn nobody() -> LoginSecret {
    LoginSecret::Given {
        username: aws::MSK_USER.to_owned(),
        password: SecretString::default(),
    }
}

/// What etcd's pods would fail without: machines, and volumes of a class that is made unless the file names another.
fn before_etcd(
    builder: &mut GraphBuilder,
    account: &AwsAccount,
    installation: &Installation,
    aws: &AwsHandles,
    access: &Handle<kube::Client>,
) -> Result<Vec<Need>, Error> {
    let mut needs = vec![aws.eks.nodes.need(), aws.eks.ebs_csi.need()];
    if let Some(cluster) = &account.cluster {
        let etcd = installation.on_aws().map(|on_aws| &on_aws.etcd);
        if etcd.is_some_and(|etcd| etcd.storage.class.is_some()) {
            return Ok(needs);
        }
        let driver = EbsDriver {
            cluster: cluster.clone(),
            client: access.clone(),
        };
        needs.push(builder.add(Used(driver))?.need());
    }
    let class = EbsStorageClass {
        name: installation.storage_class().to_string(),
        // The default of a cluster that exists is its owner's.
        default: account.cluster.is_none(),
    };
    let client = Late::From(access.clone());
    let owner = Owner::of(installation);
    let class = add_storage_class(builder, client, &owner, &class, &[])?;
    needs.push(class.need());
    Ok(needs)
}

/// What Milvus's pods would fail without.
fn before_pods(aws: &AwsHandles) -> Vec<Need> {
    let mut needs = vec![
        aws.eks.nodes.need(),
        aws.eks.milvus_role.need(),
        aws.bucket.need(),
    ];
    needs.extend(aws.eks.addons.iter().map(|(_, addon)| addon.need()));
    needs.extend(aws.login_works.iter().cloned());
    needs
}

/// Its targets are pods: healthy once those are.
fn add_load_balancer(
    builder: &mut GraphBuilder,
    account: &AwsAccount,
    installed: &Installed,
) -> Result<Handle<String>, Error> {
    let mut after = vec![installed.complete.need()];
    after.extend(installed.service.iter().map(Handle::need));
    Ok(builder.add(LoadBalancer::new(account.cloud.clone(), after))?)
}

fn controller(account: &AwsAccount, settings: &Aws, owner: &Owner) -> LoadBalancerController {
    let cloud = &account.cloud;
    LoadBalancerController {
        owner: owner.clone(),
        cluster_name: cloud.cluster_name_of(settings),
        region: cloud.account.region.to_string(),
        vpc_id: String::new(),
        role_arn: cloud.controller_role().to_string(),
        image: controller_image(),
        replicas: CONTROLLERS,
        tags: tags(account),
    }
}

/// The mark, for what controllers make for us.
fn tags(account: &AwsAccount) -> std::collections::BTreeMap<String, String> {
    let mark = (
        Mark::key().to_owned(),
        account.cloud.mark.value().to_owned(),
    );
    [mark].into_iter().collect()
}

/// Subnets for a load balancer, by name; none where they are known by their tags, or the network is not known yet. AWS
/// takes one of each zone and no more.
fn subnets(
    settings: &Aws,
    cluster_exists: bool,
    network: Option<&aws::Network>,
    public: bool,
) -> Vec<String> {
    if !cluster_exists && matches!(settings.network, Network::New(_)) {
        return Vec::new();
    }
    let named = network.map(|network| network.one_subnet_a_zone(public));
    named.unwrap_or_default()
}

/// Milvus itself, on services of AWS.
struct Milvus<'a> {
    account: &'a AwsAccount,
    installation: &'a Installation,
    settings: &'a Aws,
}

impl Milvus<'_> {
    /// Its objects with those brokers, that login, and that network as far as it is known.
    fn manifests(
        &self,
        brokers: Vec<HostPort>,
        login: LoginSecret,
        network: Option<&aws::Network>,
    ) -> Result<Manifests, Error> {
        let cloud = &self.account.cloud;
        let bucket = cloud.bucket_of(self.settings)?;
        let installation = self
            .installation
            .on_services(&cloud.services(brokers, &bucket));
        let secrets = Secrets {
            kafka: Some(login),
            ..Secrets::default()
        };
        let manifests = render(&installation, &secrets)?;
        Ok(manifests
            .with(self.load_balancer(&installation, network))
            .with(self.attu(&installation, network)))
    }

    /// The same once brokers, login and network are there. It cannot fail where the known ones could be rendered: if it ever
    /// did, an object that is missing from it stops the run.
    fn rendered(&self, aws: &AwsHandles) -> Late<Arc<Manifests>> {
        let needs = (aws.brokers.clone(), aws.login.clone(), aws.network.clone());
        self.computed(needs, |milvus, (brokers, login, network)| {
            // A removal reads no login, and renders nothing.
            let Some(login) = login.login else {
                return Ok(Manifests::default());
            };
            milvus.manifests(brokers.bootstrap, login, Some(&network))
        })
    }

    /// The same once the network is there: load balancers need not wait for brokers.
    fn rendered_in(&self, network: &Handle<aws::Network>) -> Late<Arc<Manifests>> {
        self.computed(network.clone(), |milvus, network| {
            milvus.manifests(Vec::new(), nobody(), Some(&network))
        })
    }

    fn computed<N: Needs + 'static>(
        &self,
        needs: N,
        render: impl Fn(&Milvus<'_>, N::Values) -> Result<Manifests, Error> + Send + Sync + 'static,
    ) -> Late<Arc<Manifests>> {
        let account = self.account.clone();
        let (installation, settings) = (self.installation.clone(), self.settings.clone());
        Late::computed(needs, move |values| {
            let milvus = Milvus {
                account: &account,
                installation: &installation,
                settings: &settings,
            };
            Arc::new(render(&milvus, values).unwrap_or_default())
        })
    }

    fn load_balancer(
        &self,
        installation: &Installation,
        network: Option<&aws::Network>,
    ) -> Vec<Object> {
        let scheme = match self.settings.load_balancer.scheme {
            WantedScheme::Internal => Scheme::Internal,
            WantedScheme::InternetFacing => Scheme::InternetFacing,
        };
        let balancer = NetworkLoadBalancer {
            scheme,
            name: Some(LoadBalancer::name_in(&self.account.cloud)),
            subnets: self.subnets(scheme == Scheme::InternetFacing, network),
            tags: tags(self.account),
        };
        balancer.services(installation)
    }

    /// Subnets that exist are named, whatever tags they have; those of our own carry the tags.
    fn subnets(&self, public: bool, network: Option<&aws::Network>) -> Vec<String> {
        let cluster_exists = self.account.cluster.is_some();
        subnets(self.settings, cluster_exists, network, public)
    }

    fn attu(&self, installation: &Installation, network: Option<&aws::Network>) -> Vec<Object> {
        let exposure = match self.settings.attu.exposure {
            AttuExposure::Off => return Vec::new(),
            AttuExposure::Cluster => Exposure::ClusterIp,
            AttuExposure::Internal => Exposure::Internal,
            AttuExposure::InternetFacing => Exposure::InternetFacing,
        };
        let attu = Attu {
            release: installation.name.clone(),
            namespace: installation.namespace.clone(),
            image: attu_image(&installation.version),
            milvus_address: format!(
                "http://{}:{}",
                installation.full_name(),
                installation.service.port
            ),
            exposure,
            subnets: self.subnets(exposure == Exposure::InternetFacing, network),
            tags: tags(self.account),
            certificate: self
                .settings
                .attu
                .certificate
                .as_ref()
                .map(ToString::to_string),
            names: installation.names.clone(),
            platform: installation.platform.unwrap_or_default(),
            settings: milvus_aws_core::installation::Attu::default(),
        };
        attu.objects()
    }
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::aws::{Subnet, SubnetId, VpcId};

    use super::*;

    const EXISTING: &str = "{existing: {privateSubnets: [subnet-0aaaaaaa, subnet-0bbbbbbb, subnet-0ccccccc], publicSubnets: [subnet-0ddddddd]}}";

    /// What a file says of AWS, whose network is that one.
    fn settings(network: &str) -> Aws {
        let file =
            format!("apiVersion: kubectl-milvus/v1\ntarget: aws\naws: {{network: {network}}}\n");
        let installation = Installation::from_yaml("test", &file).unwrap();
        installation.on_aws().unwrap().aws.clone()
    }

    /// Two private subnets in one zone, one in another, and a public one.
    fn network() -> aws::Network {
        let subnet = |id: &str, zone: &str| Subnet {
            id: SubnetId::new(id),
            zone: zone.to_owned(),
        };
        aws::Network {
            vpc: VpcId::new("vpc-1"),
            private_subnets: vec![
                subnet("subnet-0aaaaaaa", "us-west-2a"),
                subnet("subnet-0bbbbbbb", "us-west-2a"),
                subnet("subnet-0ccccccc", "us-west-2b"),
            ],
            public_subnets: vec![subnet("subnet-0ddddddd", "us-west-2a")],
        }
    }

    /// Row 36: the controller refuses several subnets of one zone, and the load balancer never comes.
    #[test]
    fn row_36_of_subnets_that_exist_one_a_zone_is_named() {
        let private = ["subnet-0aaaaaaa", "subnet-0ccccccc"];
        let of_file = settings(EXISTING);
        for (settings, cluster_exists) in [(&of_file, false), (&Aws::default(), true)] {
            let named = |public| subnets(settings, cluster_exists, Some(&network()), public);
            assert_eq!(named(false), private);
            assert_eq!(named(true), ["subnet-0ddddddd"]);
        }
    }

    #[test]
    fn row_36_subnets_of_our_own_are_found_by_their_tags() {
        let named = subnets(&Aws::default(), false, Some(&network()), false);
        assert_eq!(named, Vec::<String>::new());
    }
}
