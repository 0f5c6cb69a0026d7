//! The AWS half beside the real parts of the stage: tokens, roles, logins, load balancers, volumes.

use milvus_stage::aws;
use milvus_stage::cache::Cache;

#[test]
fn aws_and_the_real_parts_hold_together() {
    let cache = Cache::open().expect("the cache");
    let joined = aws::joined_by_eks(&cache).expect("the AWS half beside Kubernetes and Kafka");
    aws::check(&cache, &joined).expect("the check");
}
