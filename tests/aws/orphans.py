"""What controllers of the cluster `gone` made, for the installation `demo` and for others; or a cluster of that name is
begun anew: `python orphans.py leave|begin`.

Prints nothing: names tell what is whose. The endpoint comes from the environment.
"""

import sys

import boto3

CLUSTER, MARK = "elbv2.k8s.aws/cluster", "kubectl-milvus/installation"

client = lambda service: boto3.client(service, region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
ec2, eks, elb = client("ec2"), client("eks"), client("elbv2")
pairs = lambda tags: [{"Key": key, "Value": value} for key, value in tags.items()]
subnet = ec2.describe_subnets()["Subnets"][0]


def balanced(name, tags):
    elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet["SubnetId"]], Tags=pairs(tags))
    elb.create_target_group(Name=name, Protocol="TCP", Port=1, VpcId=subnet["VpcId"], Tags=pairs(tags))
    made = [{"ResourceType": "security-group", "Tags": pairs(tags | {"Name": f"{name}-group"})}]
    ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"], TagSpecifications=made)


def volume(name, namespace, claim, owners=("gone",)):
    tags = {"Name": name, "ebs.csi.aws.com/cluster": "true"}
    tags |= {"kubernetes.io/created-for/pvc/namespace": namespace, "kubernetes.io/created-for/pvc/name": claim}
    tags |= {f"kubernetes.io/cluster/{owner}": "owned" for owner in owners}
    made = [{"ResourceType": "volume", "Tags": pairs(tags)}]
    ec2.create_volume(AvailabilityZone=subnet["AvailabilityZone"], Size=1, TagSpecifications=made)


def leave():
    balanced("demos", {CLUSTER: "gone", MARK: "demo"})
    balanced("somebodys", {CLUSTER: "gone"})
    balanced("elsewhere", {CLUSTER: "another", MARK: "demo"})
    volume("demos-first", "milvus", "data-demo-etcd-0")
    volume("demos-second", "milvus", "data-demo-etcd-1", owners=())
    volume("somebodys", "milvus", "data-demo-etcd-backup")
    volume("of-another-cluster", "milvus", "data-demo-etcd-0", owners=("another",))
    volume("of-another-namespace", "shop", "data-demo-etcd-0")


def begin():
    other = eks.describe_cluster(name="other-milvus")["cluster"]
    subnets = {"subnetIds": other["resourcesVpcConfig"]["subnetIds"]}
    eks.create_cluster(name="gone", roleArn=other["roleArn"], resourcesVpcConfig=subnets)


{"leave": leave, "begin": begin}[sys.argv[1]]()
