"""One server for the whole run; every test begins with an empty account at virtual time zero."""

import atexit
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).parent.parent
DURATIONS = json.loads((ROOT / "durations.json").read_text())
REGION = "us-west-2"
ACCOUNT = "123456789012"
_server = {}


def endpoint():
    if not _server:
        command = [sys.executable, "-m", "stage_aws"]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(process.wait)
        atexit.register(process.kill)
        words = process.stdout.readline().split()
        assert words[:2] == ["listening", "on"], words
        _server["url"] = f"http://127.0.0.1:{words[2]}"
    return _server["url"]


def control(method, route, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint()}/moto-api/stage/{route}", method=method, data=data)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {route}: {error.read().decode()}") from None


_clients = {}


def client(service, key="test", secret="test", token=None):
    wanted = (service, key)
    if wanted not in _clients:
        _clients[wanted] = boto3.client(
            service, region_name=REGION, endpoint_url=endpoint(), aws_access_key_id=key, aws_secret_access_key=secret,
            aws_session_token=token, config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
    return _clients[wanted]


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def document(*actions, resource="*", **more):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


class Case(unittest.TestCase):
    maxDiff = None
    # Tests that break the model on purpose say so.
    may_break_model = False

    def setUp(self):
        control("POST", "reset", {})
        self.ec2, self.iam, self.kms, self.s3 = client("ec2"), client("iam"), client("kms"), client("s3")
        self.kafka, self.eks, self.sts, self.elb = client("kafka"), client("eks"), client("sts"), client("elbv2")
        self.secrets = client("secretsmanager")

    def tearDown(self):
        broken = control("GET", "invalid")
        if not self.may_break_model:
            self.assertEqual(broken, [])

    def refused(self, code, call, *words, **arguments):
        """The call must fail with that code, and all those words in the message."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        for word in words:
            self.assertIn(word, error["Message"])
        return caught.exception.response

    def advance(self, *durations):
        seconds = sum(DURATIONS[one] if isinstance(one, str) else one for one in durations)
        return control("POST", "clock", {"advance": seconds})

    # --- what most tests need ---

    def network(self):
        """A VPC with an internet gateway and two subnets in two zones."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.vpc, self.gateway, self.subnets = vpc, gateway, subnets

    def group(self, name="brokers"):
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]

    def key(self):
        arn = self.kms.create_key()["KeyMetadata"]["Arn"]
        self.advance("kms:key:usable")
        return arn

    def role(self, name, service, *policies, wait=True):
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        if wait:
            self.advance("iam:propagation")
        return arn
