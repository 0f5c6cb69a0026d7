//! What a cluster that exists has already, as far as the graph must know before it is put together.

use milvus_aws_core::{Installation, installation::Deployment};
use milvus_manifests::{apply::has_other_controller, labels::Owner};

use super::{account::AwsAccount, kubernetes_access};
use crate::printer::Printer;

/// Has the installation use the cluster's load balancer controller, where there is one that is not ours. What cannot be
/// seen here is seen, and told, when the graph is looked at.
pub(crate) async fn use_its_controller(
    account: &AwsAccount,
    installation: &mut Installation,
    printer: Printer,
) {
    let owner = Owner::of(installation);
    let Deployment::Aws(on_aws) = &mut installation.deployment else {
        return;
    };
    let existing = &mut on_aws.aws.existing;
    if existing.eks_cluster.is_none() || existing.load_balancer_controller {
        return;
    }
    let Ok(Some(cluster)) = account.cloud.cluster_of(&on_aws.aws).await else {
        return;
    };
    let Ok((client, _)) = kubernetes_access::client(&cluster, &account.login) else {
        return;
    };
    if matches!(has_other_controller(&client, &owner).await, Ok(true)) {
        printer.tell(&format!(
            "the load balancer controller of {} is used as it is",
            cluster.name
        ));
        on_aws.aws.existing.load_balancer_controller = true;
    }
}
