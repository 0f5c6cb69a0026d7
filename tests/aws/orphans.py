"""What controllers of the cluster `other-milvus` made, for the installation `demo` and for others: `python orphans.py`.

Prints nothing: names tell what is whose. The endpoint comes from the environment.
"""

import boto3

CLUSTER, MARK = "elbv2.k8s.aws/cluster", "kubectl-milvus/installation"

client = lambda service: boto3.client(service, region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
ec2, elb = client("ec2"), client("elbv2")
pairs = lambda tags: [{"Key": key, "Value": value} for key, value in tags.items()]
subnet = ec2.describe_subnets()["Subnets"][0]


def balanced(name, tags):
    elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet["SubnetId"]], Tags=pairs(tags))
    elb.create_target_group(Name=name, Protocol="TCP", Port=1, VpcId=subnet["VpcId"], Tags=pairs(tags))


def volume(name, namespace, claim, owners=("other-milvus",)):
    tags = {"Name": name, "ebs.csi.aws.com/cluster": "true"}
    tags |= {"kubernetes.io/created-for/pvc/namespace": namespace, "kubernetes.io/created-for/pvc/name": claim}
    tags |= {f"kubernetes.io/cluster/{owner}": "owned" for owner in owners}
    made = [{"ResourceType": "volume", "Tags": pairs(tags)}]
    ec2.create_volume(AvailabilityZone=subnet["AvailabilityZone"], Size=1, TagSpecifications=made)


balanced("demos", {CLUSTER: "other-milvus", MARK: "demo"})
balanced("somebodys", {CLUSTER: "other-milvus"})
balanced("elsewhere", {CLUSTER: "another", MARK: "demo"})
volume("demos-first", "milvus", "data-demo-etcd-0")
volume("demos-second", "milvus", "data-demo-etcd-1", owners=())
volume("somebodys", "milvus", "data-demo-etcd-backup")
volume("of-another-cluster", "milvus", "data-demo-etcd-0", owners=("another",))
volume("of-another-namespace", "shop", "data-demo-etcd-0")
