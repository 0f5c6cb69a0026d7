//! What must hold where something that exists is used.

use super::{
    Target,
    aws::{Aws, Eks, Msk, Network},
    diagnostic::Path,
    rules::Broken,
};

/// Every broken rule of the section `aws`, which may be absent.
pub(super) fn check(target: Target, aws: Option<&Aws>, broken: &mut Vec<Broken>) {
    let cluster = aws.and_then(|aws| aws.existing.eks_cluster.as_ref());
    if target == Target::Eks && cluster.is_none() {
        let message = "needs the name of the cluster, write `aws: {existing: {eksCluster: NAME}}`";
        broken.push((Path::of(&["target"]), message.to_owned()));
    }
    let Some(aws) = aws else { return };
    let path = Path::of(&["aws"]);
    let existing = path.key("existing");
    let own_network = matches!(aws.network, Network::New(_));
    let on_eks = target == Target::Eks;
    let rules = [
        (
            !on_eks && cluster.is_some(),
            existing.key("eksCluster"),
            "needs `target: eks`; write that, or leave it out",
        ),
        (
            !on_eks && aws.existing.load_balancer_controller,
            existing.key("loadBalancerController"),
            "needs `target: eks`; write that, or leave it out",
        ),
        (
            on_eks && aws.network != Network::default(),
            path.key("network"),
            "is the cluster's own with `target: eks`; leave it out",
        ),
        (
            on_eks && aws.eks != Eks::default(),
            path.key("eks"),
            "says how a cluster is made, and `target: eks` makes none; leave it out",
        ),
        (
            aws.existing.msk_cluster.is_some() && aws.msk != Msk::default(),
            path.key("msk"),
            "says how brokers are made, and `existing.mskCluster` names some; leave one of both out",
        ),
        (
            aws.existing.bucket.is_some() && aws.bucket.is_some(),
            path.key("bucket"),
            "is the name of a bucket that is made, and `existing.bucket` names one; leave one of both out",
        ),
        // MSK writes a policy on every secret that it is told of, and a secret that exists must stay as it is.
        (
            aws.existing.secret.is_some() && aws.existing.msk_cluster.is_none(),
            existing.key("secret"),
            "needs brokers that know it, write `existing: {mskCluster: NAME}`, or leave it out: new brokers get a login of their own",
        ),
        (
            !on_eks && own_network && aws.existing.msk_cluster.is_some(),
            existing.key("mskCluster"),
            "cannot be reached from a network of its own, write `network: {existing: {privateSubnets: [SUBNET, SUBNET]}}` or `target: eks`",
        ),
    ];
    let broken_ones = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
    broken.extend(broken_ones.map(|(_, path, message)| (path, message.to_owned())));
}
