"""What people, and controllers of the cluster, do to an installation that is there: `python meddle.py NAME ACCOUNT`.

The endpoint comes from the environment.
"""

import json
import sys

import boto3

REGION = "us-west-2"
NAME, ACCOUNT = sys.argv[1:]
FULL = f"{NAME}-milvus"
BUCKET = f"{FULL}-{ACCOUNT}-{REGION}"
ARN = f"arn:aws:iam::{ACCOUNT}"

client = lambda service: boto3.client(service, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
ec2, eks, elb, iam = client("ec2"), client("eks"), client("elbv2"), client("iam")
kms, s3, secrets = client("kms"), client("s3"), client("secretsmanager")
MARKED = [{"Name": "tag:kubectl-milvus/installation", "Values": [NAME]}]


def settings():
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_encryption(Bucket=BUCKET)
    s3.delete_bucket_ownership_controls(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="files/a", Body=b"x")
    secret = f"AmazonMSK_{FULL}"
    secrets.put_secret_value(SecretId=secret, SecretString="no login")
    secrets.delete_secret(SecretId=secret)
    key = kms.describe_key(KeyId=f"alias/{FULL}")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def roles():
    trust = {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.update_assume_role_policy(RoleName=f"{NAME}-{REGION}-elb", PolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=f"{NAME}-{REGION}-nodes")
    [provider] = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"], ClientID="sts.amazonaws.com")


def routes():
    """The tables lead elsewhere, the first subnet follows another one, and the endpoint knows none."""
    tables = ec2.describe_route_tables(Filters=MARKED)["RouteTables"]
    leads = lambda table: next(route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0")
    [private] = [table for table in tables if "NatGatewayId" in leads(table)]
    [public] = [table for table in tables if table != private]
    moved = private["Associations"][0]["RouteTableAssociationId"]
    ec2.replace_route_table_association(AssociationId=moved, RouteTableId=public["RouteTableId"])
    gateway = leads(public)["GatewayId"]
    ec2.replace_route(RouteTableId=private["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    [endpoint] = ec2.describe_vpc_endpoints(Filters=MARKED)["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=endpoint["RouteTableIds"])


def cluster():
    eks.update_addon(clusterName=FULL, addonName="aws-ebs-csi-driver", serviceAccountRoleArn=f"{ARN}:role/first")


def controllers():
    """What a volume claim, a service and pods leave behind."""
    subnets = ec2.describe_subnets(Filters=MARKED)["Subnets"]
    subnet, vpc, zone = subnets[0]["SubnetId"], subnets[0]["VpcId"], subnets[0]["AvailabilityZone"]
    tags = lambda kind, key, value: [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value}]}]
    owned = tags("volume", f"kubernetes.io/cluster/{FULL}", "owned")
    ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=owned)
    of_pods = tags("network-interface", "cluster.k8s.amazonaws.com/name", FULL)
    ec2.create_network_interface(SubnetId=subnet, TagSpecifications=of_pods)
    made = [{"Key": "elbv2.k8s.aws/cluster", "Value": FULL}]
    balancer = elb.create_load_balancer(Name="k8s", Type="network", Subnets=[subnet], Tags=made)["LoadBalancers"][0]
    group = elb.create_target_group(Name="k8s", Protocol="TCP", Port=1, VpcId=vpc, Tags=made)["TargetGroups"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="TCP", Port=1, DefaultActions=forward)


for change in (settings, roles, routes, cluster, controllers):
    change()
