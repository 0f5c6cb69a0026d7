"""What somebody else has under a name that an installation would take: `python strangers.py KIND NAME ACCOUNT`.

The endpoint comes from the environment.
"""

import json
import os
import sys
import urllib.request

import boto3

REGION = "us-west-2"
KIND, NAME, ACCOUNT = sys.argv[1:]
FULL = f"{NAME}-milvus"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]

client = lambda service: boto3.client(service, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


def time_passes():
    body = json.dumps({"advance": 60}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/stage/clock", body, headers)).close()


def role(name):
    trust = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return made["Role"]["Arn"]


def key():
    return client("kms").create_key()["KeyMetadata"]["KeyId"]


def subnets():
    found = client("ec2").describe_subnets()["Subnets"]
    return sorted(subnet["SubnetId"] for subnet in found)[:3]


def brokers():
    broker = {"InstanceType": "kafka.m7g.large", "ClientSubnets": subnets()}
    provisioned = {"BrokerNodeGroupInfo": broker, "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 3}
    client("kafka").create_cluster_v2(ClusterName=FULL, Provisioned=provisioned)


def cluster():
    arn = role("somebody")
    time_passes()
    client("eks").create_cluster(name=FULL, roleArn=arn, resourcesVpcConfig={"subnetIds": subnets()})


def unmark():
    """A group of ours loses its mark."""
    ec2 = client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{FULL}-msk"]}])["SecurityGroups"]
    ec2.delete_tags(Resources=[found[0]["GroupId"]], Tags=[{"Key": "kubectl-milvus/installation"}])


MAKE = {
    "bucket": lambda: client("s3").create_bucket(
        Bucket=f"{FULL}-{ACCOUNT}-{REGION}", CreateBucketConfiguration={"LocationConstraint": REGION}
    ),
    "role": lambda: role(f"{NAME}-{REGION}-nodes"),
    "key": lambda: client("kms").create_alias(AliasName=f"alias/{FULL}", TargetKeyId=key()),
    "secret": lambda: client("secretsmanager").create_secret(Name=f"AmazonMSK_{FULL}", SecretString="{}"),
    "msk-configuration": lambda: client("kafka").create_configuration(Name=FULL, ServerProperties=b"num.partitions=1"),
    "msk-cluster": brokers,
    "eks-cluster": cluster,
    "security-group": unmark,
}
MAKE[KIND]()
