"""Others put something into an installation's cluster that keeps it, and take it away: `python keepers.py NAME come|go`.

The endpoint comes from the environment.
"""

import json
import os
import sys
import urllib.request

import boto3

NAME, WAY = sys.argv[1:]
FULL = f"{NAME}-milvus"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
MARK = {"kubectl-milvus/installation": NAME}

eks = boto3.client("eks", region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
addon = eks.describe_addon(clusterName=FULL, addonName="coredns")["addon"]["addonArn"]


def come():
    ours = eks.describe_nodegroup(clusterName=FULL, nodegroupName=f"{FULL}-nodes")["nodegroup"]
    eks.create_nodegroup(clusterName=FULL, nodegroupName="theirs", subnets=ours["subnets"], nodeRole=ours["nodeRole"])
    eks.create_fargate_profile(clusterName=FULL, fargateProfileName="theirs", podExecutionRoleArn=ours["nodeRole"])
    eks.untag_resource(resourceArn=addon, tagKeys=list(MARK))
    eks.update_cluster_config(name=FULL, deletionProtection=True)


def go():
    eks.delete_nodegroup(clusterName=FULL, nodegroupName="theirs")
    eks.delete_fargate_profile(clusterName=FULL, fargateProfileName="theirs")
    eks.tag_resource(resourceArn=addon, tags=MARK)
    eks.update_cluster_config(name=FULL, deletionProtection=False)


{"come": come, "go": go}[WAY]()
body = json.dumps({"advance": 1800}).encode()
headers = {"Content-Type": "application/json"}
urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/stage/clock", body, headers)).close()
