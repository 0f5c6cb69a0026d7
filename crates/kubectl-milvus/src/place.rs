//! Where an installation goes, once that place was reached.

use std::time::Duration;

use milvus_aws_core::{
    Installation,
    aws::EksCluster,
    engine::{After, Graph, GraphBuilder, Handle, InvalidGraph, Late, Report},
    installation::{Namespace, Platform, Target},
};
use milvus_manifests::apply::{
    Install, Installed, RunningMilvus, has_known_passwords, platform, running,
};
use milvus_probe::Login;

use crate::{
    adoption::{self, AdoptionError},
    aws::{self, account::AwsAccount},
    cluster::{Cluster, ClusterFlags},
    error::Error,
    host::Host,
    printer::Printer,
    render::manifests,
    root_password::RootPassword,
    service_names,
    upgrade::Order,
    wanted::Wanted,
};

/// A place that answers.
pub(crate) enum Place {
    /// A Kubernetes cluster.
    Kubernetes(Cluster),
    /// An AWS account.
    Aws(Box<AwsAccount>),
}

/// What shall be there.
pub(crate) struct Placed {
    /// Every resource.
    pub graph: Graph,
    /// The cluster of EKS that it is in, made with it or not.
    pub cluster: Option<Handle<EksCluster>>,
    /// The cluster's API.
    pub client: Late<kube::Client>,
    /// Host name of the load balancer that is made with it, if one is.
    pub address: Option<Handle<String>>,
    /// The login of Milvus's first user, where clients must log in and somebody waits for that.
    pub login: Option<Handle<Login>>,
}

impl Place {
    /// Goes where the installation's target is.
    pub(crate) async fn reach(
        wanted: &mut Wanted,
        flags: &ClusterFlags,
        host: &Host,
        printer: Printer,
    ) -> Result<Self, Error> {
        match wanted.installation.target() {
            Target::Kubernetes => {
                let cluster = flags.connect().await?;
                wanted.settle_namespace(cluster.context_namespace.as_ref());
                adoption::check(&cluster.client, wanted).await?;
                settle_platform(&cluster.client, &mut wanted.installation, printer).await?;
                adoption::check_files(&cluster.client, wanted, printer).await?;
                service_names::check(&cluster.client, wanted).await?;
                wanted.tell_remarks(printer);
                keep_passwords(&cluster.client, &mut wanted.installation, printer).await?;
                Ok(Self::Kubernetes(cluster))
            }
            Target::Aws | Target::Eks if wanted.adopt.adopt => Err(AdoptionError::NotHere.into()),
            Target::Aws | Target::Eks => {
                let calls = host.calls.clone();
                let installation = &mut wanted.installation;
                let account = aws::account::connect(installation, flags, calls, printer).await?;
                aws::cluster::check_context(&account, installation, flags).await?;
                aws::existing_cluster::use_its_controller(&account, installation, printer).await;
                wanted.tell_remarks(printer);
                Ok(Self::Aws(Box::new(account)))
            }
        }
    }

    /// A client of the cluster that is there already; none where it has to be made first.
    pub(crate) async fn kubernetes(
        &self,
        installation: &Installation,
    ) -> Result<Option<kube::Client>, Error> {
        match self {
            Self::Kubernetes(cluster) => Ok(Some(cluster.client.clone())),
            Self::Aws(account) => {
                let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
                match account.cloud.cluster_of(settings).await? {
                    Some(cluster) => Ok(Some(aws::cluster::client(&cluster, account).await?)),
                    None => Ok(None),
                }
            }
        }
    }

    /// What of the installation runs there; nothing where there is no cluster, or none that lets us in yet.
    pub(crate) async fn running(
        &self,
        installation: &Installation,
    ) -> Result<RunningMilvus, Error> {
        let Some(client) = self.kubernetes(installation).await? else {
            return Ok(RunningMilvus::default());
        };
        Ok(running(&client, &installation.name, &installation.namespace).await?)
    }

    /// What shall be there; `wait` says whether pods are waited for.
    pub(crate) fn graph(&self, wanted: &Wanted, wait: bool) -> Result<Placed, Error> {
        self.graph_in_order(wanted, wait, None)
    }

    /// The same, where an order is given one component at a time.
    pub(crate) fn graph_in_order(
        &self,
        wanted: &Wanted,
        wait: bool,
        order: Option<&Order>,
    ) -> Result<Placed, Error> {
        match self {
            Self::Kubernetes(cluster) => {
                let manifests = manifests(wanted)?;
                let installation = &wanted.installation;
                let mut builder = Graph::builder();
                let client = Late::Known(cluster.client.clone());
                let install = Install::new(client.clone(), installation, &manifests)
                    .adopt(wanted.adopt.adopt)
                    .remove_helm_record(wanted.adopt.remove_helm_record)
                    .wait(wait);
                let installed = add_in_order(&mut builder, install, order, &client, installation)?;
                let login = add_root_password(
                    &mut builder,
                    client.clone(),
                    installation,
                    &installed,
                    wait,
                )?;
                Ok(Placed {
                    graph: builder.build(),
                    cluster: None,
                    client,
                    address: None,
                    login,
                })
            }
            Self::Aws(account) => {
                let aws = aws::graph::of(account, &wanted.installation, wait, order)?;
                Ok(Placed {
                    graph: aws.graph,
                    cluster: Some(aws.cluster),
                    client: Late::From(aws.client),
                    address: Some(aws.address),
                    login: aws.login,
                })
            }
        }
    }

    /// Makes a cluster that is there now kubectl's current one, also after a run that failed later on.
    pub(crate) fn use_cluster(
        &self,
        placed: &Placed,
        report: &Report,
        namespace: &Namespace,
        printer: Printer,
    ) -> Result<(), Error> {
        let (Self::Aws(account), Some(handle)) = (self, &placed.cluster) else {
            return Ok(());
        };
        let Some(cluster) = report.output(handle) else {
            return Ok(());
        };
        let files = &account.kubeconfig;
        // Who has a cluster has a way to log in to it, which stays.
        if account.cluster.is_some() && aws::kubeconfig::knows(files, &cluster) {
            return Ok(());
        }
        aws::kubeconfig::use_cluster(files, &cluster, &account.login, namespace, printer)
    }

    /// How long an installation there may take, unless the user says otherwise.
    pub(crate) const fn patience(&self) -> Duration {
        match self {
            Self::Kubernetes(_) => Duration::from_mins(15),
            Self::Aws(_) => Duration::from_mins(90),
        }
    }

    /// Its name, for the line that says what is begun.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Kubernetes(cluster) => cluster.server.clone(),
            Self::Aws(account) => {
                let cluster = match &account.cluster {
                    Some(name) => format!("the cluster {name}"),
                    None => "a cluster of its own".to_owned(),
                };
                let account = &account.cloud.account;
                format!("{cluster} in {} of account {}", account.region, account.id)
            }
        }
    }
}

/// What the file does not say of the cluster's kind, the cluster says.
async fn settle_platform(
    client: &kube::Client,
    installation: &mut Installation,
    printer: Printer,
) -> Result<(), Error> {
    if installation.platform.is_some() {
        return Ok(());
    }
    let found = platform(client).await?;
    if found == Platform::OpenShift {
        printer.tell(
            "the cluster is OpenShift, which assigns users and groups to pods; write `platform: openshift` for `render`",
        );
    }
    installation.platform = Some(found);
    Ok(())
}

/// A server that has users already keeps them: `root`'s password is theirs, and so is everybody else's.
async fn keep_passwords(
    client: &kube::Client,
    installation: &mut Installation,
    printer: Printer,
) -> Result<(), Error> {
    if installation.authorization && has_known_passwords(client, installation).await? {
        installation.keep_passwords();
        printer.tell("clients log in already, and go on with the passwords that they have: none is made for `root`");
    }
    Ok(())
}

/// Adds the objects; where an order is given, with what comes between them.
pub(crate) fn add_in_order(
    builder: &mut GraphBuilder,
    install: Install<'_>,
    order: Option<&Order>,
    client: &Late<kube::Client>,
    installation: &Installation,
) -> Result<Installed, Error> {
    let Some(order) = order else {
        return Ok(install.add_to(builder, &[])?);
    };
    let canaries = order.canaries(installation, client.clone());
    let install = install.one_by_one(Some(order.one_by_one(&canaries)));
    let installed = install.add_to(builder, &[])?;
    order.add_end(builder, &canaries, &installed)?;
    Ok(installed)
}

/// Nobody logs in with the password that everybody knows. Without waiting for pods, that stays for the next run to do.
pub(crate) fn add_root_password(
    builder: &mut GraphBuilder,
    client: Late<kube::Client>,
    installation: &Installation,
    installed: &Installed,
    wait: bool,
) -> Result<Option<Handle<Login>>, InvalidGraph> {
    let Some(secret) = installed.root.clone().filter(|_| wait) else {
        return Ok(None);
    };
    let resource = RootPassword {
        name: installation.name.clone(),
        namespace: installation.namespace.clone(),
        needs: (After(vec![installed.complete.need()]), client, secret),
    };
    builder.add(resource).map(Some)
}
