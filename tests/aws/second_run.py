"""What a run of the same installation, at the same time as another, leaves when it ends early: `python second_run.py NAME`.

The endpoint comes from the environment.
"""

import sys

import boto3

(NAME,) = sys.argv[1:]
FULL = f"{NAME}-milvus"
TAGS = [{"Key": "Name", "Value": FULL}, {"Key": "kubectl-milvus/installation", "Value": NAME}]

ec2 = boto3.client("ec2", region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
tagged = lambda kind: [{"ResourceType": kind, "Tags": TAGS}]
ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))
ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))
ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))
