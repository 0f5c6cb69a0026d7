"""An account on the joined stage: network, EKS cluster on the real API server, MSK cluster on the real broker."""

import base64
import json
import os
import pathlib
import re
import subprocess
import time
import unittest
import urllib.request

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
RUN = pathlib.Path(os.environ["MILVUS_STAGE_RUN"])
REGION = "us-west-2"
CLUSTER = "joined"
NAMESPACE = "joined"
ACCOUNT = "123456789012"


def control(method, route, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{ENDPOINT}/moto-api/stage/{route}", method=method, data=data)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def client(service):
    return boto3.client(service, region_name=REGION, endpoint_url=ENDPOINT, aws_access_key_id="test", aws_secret_access_key="test")


def trust(principal, action="sts:AssumeRole", **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def kubectl(*words, stdin=None, check=True):
    done = subprocess.run(["kubectl", *words], input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"kubectl {words}: {done.stderr}")
    return done.stdout.strip()


def apply(*objects):
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def until(what, look, seconds=60):
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not there after {seconds} s"
        time.sleep(0.2)


def token(keys, cluster=CLUSTER, host="sts.us-west-2.amazonaws.com", signed_id=True, when=None):
    """What `aws eks get-token` makes."""
    headers = {"x-k8s-aws-id": cluster} if signed_id else {}
    url = f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers=headers)
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token"))
    SigV4QueryAuth(credentials, "sts", REGION, expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def account():
    """Everything that tests share, from an empty account."""
    control("POST", "reset", {})
    ec2, iam, eks = client("ec2"), client("iam"), client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = []
    for number, zone in enumerate("ab"):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        subnets.append(made["Subnet"]["SubnetId"])
    ec2.create_tags(Resources=subnets, Tags=[{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}])
    role = iam.create_role(RoleName="eks", AssumeRolePolicyDocument=trust({"Service": "eks.amazonaws.com"}))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="eks", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    control("POST", "clock", {"advance": 600})
    eks.create_cluster(
        name=CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": subnets},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
    )
    control("POST", "clock", {"advance": 3600})
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
    assert cluster["status"] == "ACTIVE", cluster
    issuer = cluster["identity"]["oidc"]["issuer"]
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    control("POST", "clock", {"advance": 600})
    return {"vpc": vpc, "subnets": subnets, "cluster": cluster, "issuer": issuer, "provider": provider}


def role_for(shared, name, subject, statements):
    """A role that one service account may assume."""
    iam = client("iam")
    issuer = shared["issuer"].removeprefix("https://")
    condition = {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": "sts.amazonaws.com"}}
    document = trust({"Federated": shared["provider"]}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
    control("POST", "clock", {"advance": 600})
    return arn


class Joined(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = account()
        kubectl("create", "namespace", NAMESPACE, check=False)
        cls.addClassCleanup(lambda: kubectl("delete", "namespace", NAMESPACE, "--timeout=60s", check=False))
        cls.addClassCleanup(lambda: control("POST", "auth", {"enforce": False}))

    def assertMatches(self, text, pattern):
        self.assertTrue(re.search(pattern, text), text)
