"""What tests move the stage with: clock, calls, faults, gate, inventory, enforcement."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.exceptions import ConnectionError as BotoConnectionError

from .base import ACCOUNT, ROOT, Case, client, control, document

NO_ANSWER = (ConnectionClosedError, BotoConnectionError)


def vpc_count(case):
    return len(case.ec2.describe_vpcs()["Vpcs"])


class Clock(Case):
    def test_it_moves_only_forward(self):
        self.assertEqual(control("GET", "clock"), {"now": 0.0})
        self.assertEqual(control("POST", "clock", {"advance": 5}), {"now": 5.0})
        self.assertEqual(control("POST", "clock", {"to": 3}), {"now": 5.0})
        self.assertEqual(control("POST", "clock", {"to": 30}), {"now": 30.0})
        self.assertEqual(control("GET", "durations")["kafka:cluster:create"], 1500)

    def test_events_follow_in_order_within_one_step(self):
        """A gateway that is deleted during a long step would be gone by its end; events count from events."""
        self.network()
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.ec2.delete_nat_gateway(NatGatewayId=nat)
        control("POST", "clock", {"to": 10_000})
        self.assertEqual(self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"], "deleted")

    def test_reset_forgets_everything(self):
        empty = control("GET", "inventory")
        self.network()
        self.key()
        self.assertNotEqual(control("GET", "inventory"), empty)
        control("POST", "reset", {})
        self.assertEqual(control("GET", "clock"), {"now": 0.0})
        kinds = lambda found: [(thing["service"], thing["kind"]) for thing in found["present"]]
        self.assertEqual(kinds(control("GET", "inventory")), kinds(empty))
        self.assertEqual(control("GET", "calls"), [])


class Calls(Case):
    def test_each_call_is_recorded(self):
        self.ec2.describe_vpcs()
        control("POST", "clock", {"advance": 7})
        self.kms.create_key()
        with self.assertRaises(ClientError):
            self.s3.head_bucket(Bucket="no-such-bucket")
        with self.assertRaises(ClientError):
            self.eks.describe_cluster(name="none")
        self.sts.get_caller_identity()
        found = [(one["n"], one["service"], one["operation"], one["write"], one["status"], one["error"], one["at"]) for one in control("GET", "calls")]
        self.assertEqual(found, [
            (1, "ec2", "DescribeVpcs", False, 200, None, 0.0),
            (2, "kms", "CreateKey", True, 200, None, 7.0),
            (3, "s3", "HeadBucket", False, 404, found[2][5], 7.0),
            (4, "eks", "DescribeCluster", False, 404, "ResourceNotFoundException", 7.0),
            (5, "sts", "GetCallerIdentity", False, 200, None, 7.0),
        ])
        control("DELETE", "calls")
        self.assertEqual(control("GET", "calls"), [])

    def test_operations_of_s3_are_told_apart(self):
        name = {"Bucket": "bucket-1"}
        self.s3.create_bucket(**name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        self.s3.put_object(**name, Key="a", Body=b"x")
        self.s3.copy_object(**name, Key="b", CopySource="bucket-1/a")
        self.s3.list_objects_v2(**name)
        self.s3.list_buckets()
        upload = self.s3.create_multipart_upload(**name, Key="c")["UploadId"]
        part = self.s3.upload_part(**name, Key="c", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        self.s3.complete_multipart_upload(**name, Key="c", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
        self.s3.delete_objects(**name, Delete={"Objects": [{"Key": "a"}]})
        self.s3.get_bucket_encryption(**name)
        self.assertEqual([one["operation"] for one in control("GET", "calls")], [
            "CreateBucket", "PutObject", "CopyObject", "ListObjectsV2", "ListBuckets", "CreateMultipartUpload", "UploadPart",
            "CompleteMultipartUpload", "DeleteObjects", "GetBucketEncryption",
        ])


class BrokenModel(Case):
    may_break_model = True

    def test_requests_against_the_model_are_refused_and_remembered(self):
        nodes = {"ClientSubnets": [], "InstanceType": "x"}
        brokers = {"BrokerNodeGroupInfo": nodes, "NumberOfBrokerNodes": 99}
        self.refused("BadRequestException", self.kafka.create_cluster_v2, "KafkaVersion: is required", "99 is more", ClusterName="m", Provisioned=brokers)
        self.refused("InvalidParameterException", self.eks.create_cluster, "does not match", name="-bad-", roleArn="r", resourcesVpcConfig={})
        found = [(one["service"], one["operation"], one["side"]) for one in control("GET", "invalid")]
        self.assertEqual(found, [("kafka", "CreateClusterV2", "request"), ("eks", "CreateCluster", "request")])

    def test_what_is_not_emulated_says_so(self):
        self.refused("NotEmulated", self.eks.list_insights, "ListInsights", clusterName="e1")
        self.assertEqual([one["operation"] for one in control("GET", "invalid")], ["ListInsights"])


class Faults(Case):
    def test_each_service_throttles_in_its_own_words(self):
        control("POST", "faults", {"kind": "throttle"})
        self.refused("RequestLimitExceeded", self.ec2.describe_vpcs)
        self.refused("SlowDown", self.s3.list_buckets)
        self.refused("TooManyRequestsException", self.kafka.list_clusters_v2)
        self.refused("ThrottlingException", self.eks.list_clusters)
        self.refused("Throttling", self.iam.list_roles)
        self.refused("ThrottlingException", self.kms.list_keys)
        self.refused("ThrottlingException", self.secrets.list_secrets)
        self.refused("Throttling", self.elb.describe_load_balancers)
        self.refused("ThrottledException", client("resourcegroupstaggingapi").get_resources)
        control("DELETE", "faults")
        self.ec2.describe_vpcs()

    def test_each_kind_is_told_apart(self):
        for kind, code in {"internal": "InternalError", "deny": "UnauthorizedOperation", "expired": "RequestExpired", "quota": "VpcLimitExceeded"}.items():
            control("POST", "faults", {"service": "ec2", "operation": "CreateVpc", "kind": kind, "times": 1})
            self.refused(code, self.ec2.create_vpc, CidrBlock="10.0.0.0/16")
        self.assertEqual(vpc_count(self), 1)
        self.ec2.create_vpc(CidrBlock="10.0.0.0/16")

    def test_rules_choose_their_calls(self):
        control("POST", "faults", {"writes_only": True, "nth": 2, "kind": "internal"})
        self.ec2.describe_vpcs()
        self.ec2.create_vpc(CidrBlock="10.0.0.0/16")
        self.refused("InternalError", self.ec2.create_vpc, CidrBlock="10.1.0.0/16")
        self.ec2.create_vpc(CidrBlock="10.2.0.0/16")
        [rule] = control("GET", "faults")
        self.assertEqual((rule["seen"], rule["fired"]), (3, 1))

    def test_chance_has_a_seed(self):
        def pattern():
            control("DELETE", "faults")
            control("POST", "faults", {"probability": 0.3, "seed": 7, "kind": "throttle"})
            found = []
            for _ in range(40):
                try:
                    self.ec2.describe_vpcs()
                    found.append(True)
                except ClientError:
                    found.append(False)
            return found

        first = pattern()
        self.assertEqual(first, pattern())
        self.assertTrue(4 <= first.count(False) <= 20, first)

    def test_an_unknown_rule_is_an_error(self):
        with self.assertRaisesRegex(AssertionError, "unknown keys"):
            control("POST", "faults", {"kind": "throttle", "oops": 1})

    def test_a_reset_does_nothing_and_a_lost_answer_did_it(self):
        control("POST", "faults", {"operation": "CreateVpc", "kind": "reset", "times": 1})
        with self.assertRaises(NO_ANSWER):
            self.ec2.create_vpc(CidrBlock="10.0.0.0/16")
        self.assertEqual(vpc_count(self), 1)
        control("DELETE", "faults")
        control("POST", "faults", {"operation": "CreateVpc", "kind": "lost", "times": 1})
        with self.assertRaises(NO_ANSWER):
            self.ec2.create_vpc(CidrBlock="10.0.0.0/16")
        self.assertEqual(vpc_count(self), 2)
        self.assertEqual([one["error"] for one in control("GET", "calls") if one["write"]], ["dropped", "lost"])


class Gate(Case):
    def held_write(self, when):
        """One VPC, then the gate for the next write; returns whether the second was made, and how it ended."""
        control("POST", "gate", {"n": 2, "when": when})
        self.ec2.create_vpc(CidrBlock="10.0.0.0/16")
        ended = []

        def write():
            try:
                ended.append(self.ec2.create_vpc(CidrBlock="10.1.0.0/16"))
            except NO_ANSWER as error:
                ended.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        held = control("GET", "gate")["held"]
        self.assertEqual(held, {"service": "ec2", "operation": "CreateVpc", "when": when})
        # Others go on meanwhile, writes too.
        count = len(client("ec2", "other").describe_vpcs()["Vpcs"])
        client("kms", "other").create_key()
        self.assertEqual(ended, [])
        control("DELETE", "gate")
        thread.join(10)
        self.assertIsInstance(ended[0], NO_ANSWER)
        return count - 2

    def test_a_write_is_held_before_it_is_done(self):
        self.assertEqual(self.held_write("before"), 0)

    def test_a_write_is_held_after_it_is_done(self):
        self.assertEqual(self.held_write("after"), 1)

    def test_nothing_held_is_said_in_the_end(self):
        self.assertEqual(control("GET", "gate?seconds=0.1"), {"held": None})


class Enforcement(Case):
    def principal(self, *actions, name="limited", **more):
        keys = control("POST", "principals", {"name": name, "policy": document(*actions, **more)})
        control("POST", "auth", {"enforce": True})
        return keys

    def of(self, service, keys):
        return client(service, keys["access_key_id"], keys["secret_access_key"], keys.get("session_token"))

    def test_only_what_the_policy_says(self):
        keys = self.principal("ec2:DescribeVpcs", "kafka:List*", "s3:CreateBucket")
        self.of("ec2", keys).describe_vpcs()
        self.of("kafka", keys).list_clusters_v2()
        self.refused("UnauthorizedOperation", self.of("ec2", keys).create_vpc, "ec2:CreateVpc", CidrBlock="10.0.0.0/16")
        self.refused("AccessDeniedException", self.of("eks", keys).list_clusters, "eks:ListClusters")
        self.refused("AccessDenied", self.of("s3", keys).list_buckets, "s3:ListAllMyBuckets")
        self.of("s3", keys).create_bucket(Bucket="bucket-1", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        found = [(one["action"], one["resource"]) for one in control("GET", "denied")]
        self.assertEqual(found, [
            ("ec2:CreateVpc", "arn:aws:ec2:us-west-2:123456789012:vpc/*"), ("eks:ListClusters", "*"), ("s3:ListAllMyBuckets", "*"),
        ])

    def test_what_is_asked_for_and_allowed_is_told(self):
        keys = self.principal("kms:CreateKey", "kms:TagResource", "ec2:DescribeVpcs")
        for _ in range(2):
            self.of("kms", keys).create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])
        self.refused("AccessDeniedException", self.of("kms", keys).list_keys)
        wanted = [{"action": action, "operation": "CreateKey"} for action in ("kms:CreateKey", "kms:TagResource")]
        self.assertEqual(control("GET", "used"), wanted)
        control("POST", "auth", {"enforce": False})
        self.kms.list_keys()
        self.assertEqual(control("GET", "used"), wanted)

    def test_buckets_are_tagged_only_by_who_may(self):
        keys = self.principal("s3:CreateBucket")
        region = {"LocationConstraint": "us-west-2"}
        tagged = region | {"Tags": [{"Key": "a", "Value": "b"}]}
        self.of("s3", keys).create_bucket(Bucket="bucket-1", CreateBucketConfiguration=region)
        self.refused("AccessDenied", self.of("s3", keys).create_bucket, "s3:TagResource", Bucket="bucket-2", CreateBucketConfiguration=tagged)

    def test_what_is_not_there_is_looked_for_as_ever(self):
        self.network()
        keys = self.principal("*")
        missing = "subnet-0123456789abcdef0"
        for subnets in ([missing], [self.subnets[0], missing], [missing, self.subnets[0]]):
            self.refused("InvalidSubnetID.NotFound", self.of("ec2", keys).describe_subnets, f"'{missing}'", SubnetIds=subnets)
        self.refused("NotFoundException", self.of("kms", keys).describe_key, KeyId="alias/none")
        self.refused("NotFoundException", self.of("kms", keys).delete_alias, AliasName="alias/none")

    def test_strangers_are_nobody(self):
        control("POST", "auth", {"enforce": True})
        self.refused("AuthFailure", self.ec2.describe_vpcs)
        self.refused("UnrecognizedClientException", self.eks.list_clusters)

    def test_resources_and_conditions(self):
        keys = self.principal("iam:CreateRole", resource="arn:aws:iam::123456789012:role/mine-*")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
        iam = self.of("iam", keys)
        iam.create_role(RoleName="mine-1", AssumeRolePolicyDocument=trust)
        self.refused("AccessDenied", iam.create_role, RoleName="other", AssumeRolePolicyDocument=trust)
        self.refused("AccessDenied", iam.create_role, "iam:TagRole", RoleName="mine-2", AssumeRolePolicyDocument=trust, Tags=[{"Key": "a", "Value": "b"}])
        condition = {"StringEquals": {"aws:RequestTag/owner": "me"}}
        keys = self.principal("kms:CreateKey", "kms:TagResource", name="tagger", Condition=condition)
        self.of("kms", keys).create_key(Tags=[{"TagKey": "owner", "TagValue": "me"}])
        self.refused("AccessDeniedException", self.of("kms", keys).create_key, Tags=[{"TagKey": "owner", "TagValue": "you"}])

    def test_roles_are_passed_only_by_who_may(self):
        self.network()
        role = self.role("cluster", "eks.amazonaws.com")
        keys = self.principal("eks:CreateCluster")
        wanted = {"name": "e1", "roleArn": role, "resourcesVpcConfig": {"subnetIds": self.subnets}}
        self.refused("AccessDeniedException", self.of("eks", keys).create_cluster, "iam:PassRole", **wanted)
        condition = {"StringEqualsIfExists": {"iam:PassedToService": "eks.amazonaws.com"}}
        keys = self.principal("eks:CreateCluster", "iam:PassRole", name="passer", Condition=condition)
        self.refused("AccessDeniedException", self.of("eks", keys).create_cluster, "iam:CreateServiceLinkedRole", **wanted)
        keys = self.principal("*", name="linker")
        self.of("iam", keys).create_service_linked_role(AWSServiceName="eks.amazonaws.com")
        keys = self.principal("eks:CreateCluster", "iam:PassRole", name="passer", Condition=condition)
        self.of("eks", keys).create_cluster(**wanted)

    def test_services_use_keys_in_the_callers_name(self):
        key = self.key()
        keys = self.principal("secretsmanager:*", "kms:GenerateDataKey", "kms:Decrypt")
        secrets = self.of("secretsmanager", keys)
        arn = secrets.create_secret(Name="AmazonMSK_s", SecretString="x", KmsKeyId=key)["ARN"]
        for more in ({}, {"KmsKeyId": key}):
            self.refused("AccessDeniedException", secrets.update_secret, "kms:Encrypt", SecretId=arn, **more)
        keys = self.principal("kafka:*", "kms:CreateGrant")
        cluster = f"arn:aws:kafka:us-west-2:{ACCOUNT}:cluster/m1/7c4c05c1-0000-4000-8000-000000000000-1"
        for call in (self.of("kafka", keys).batch_associate_scram_secret, self.of("kafka", keys).batch_disassociate_scram_secret):
            self.refused("AccessDeniedException", call, "kms:RetireGrant", key, ClusterArn=cluster, SecretArnList=[arn])

    def test_versions_of_objects_and_instance_profiles_are_apart(self):
        self.s3.create_bucket(Bucket="bucket-1", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        keys = self.principal("s3:DeleteObject", "iam:CreateInstanceProfile", resource=["arn:aws:s3:::*", f"arn:aws:iam::{ACCOUNT}:instance-profile/*"])
        s3, iam = self.of("s3", keys), self.of("iam", keys)
        s3.delete_objects(Bucket="bucket-1", Delete={"Objects": [{"Key": "k"}]})
        version = {"Objects": [{"Key": "k", "VersionId": "null"}]}
        self.refused("AccessDenied", s3.delete_objects, "s3:DeleteObjectVersion", "bucket-1/k", Bucket="bucket-1", Delete=version)
        iam.create_instance_profile(InstanceProfileName="p")
        self.refused("AccessDenied", iam.remove_role_from_instance_profile, "instance-profile/p", InstanceProfileName="p", RoleName="r")

    def test_a_denial_outranks(self):
        keys = control("POST", "principals", {"kind": "role", "name": "r", "policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:List*", "Resource": "*"},
        ]}})
        control("POST", "auth", {"enforce": True})
        self.refused("AccessDenied", self.of("s3", keys).list_buckets)
        self.of("ec2", keys).describe_vpcs()
        self.assertIn(":assumed-role/r/", self.of("sts", keys).get_caller_identity()["Arn"])

    def test_the_tests_own_principals_are_no_part_of_the_account(self):
        before = control("GET", "inventory")
        self.principal("s3:*")
        control("POST", "principals", {"kind": "role"})
        self.assertEqual(control("GET", "inventory"), before)


class Inventory(Case):
    def test_what_leaves_is_apart(self):
        before = control("GET", "inventory")
        key = self.key()
        self.secrets.create_secret(Name="s", SecretString="hidden", KmsKeyId=key, Tags=[{"Key": "a", "Value": "b"}])
        text = json.dumps(control("GET", "inventory"))
        self.assertNotIn("hidden", text)
        self.assertIn('"tags": {"a": "b"}', text)
        self.secrets.delete_secret(SecretId="s")
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        after = control("GET", "inventory")
        self.assertEqual(after["present"], before["present"])
        self.assertEqual([(one["service"], one["kind"]) for one in after["leaving"]], [("kms", "key"), ("secretsmanager", "secret")])

    def test_a_look_changes_nothing(self):
        self.network()
        self.ec2.describe_security_groups()
        self.kms.list_aliases()
        self.assertEqual(control("GET", "inventory"), control("GET", "inventory"))


def ends(pid, seconds=10):
    """Whether the process is gone, or only waits to be collected, by then."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z" or time.monotonic() > deadline:
            return state == "Z"
        time.sleep(0.05)


class Process(Case):
    def start(self, *arguments, parent=None):
        command = [sys.executable, "-m", "stage_aws", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(parent(command) if parent else command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def end(self, process):
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()

    def test_it_listens_on_loopback_only(self):
        process = self.start("--host", "0.0.0.0")
        _, errors = process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("loopback", errors)

    def test_it_ends_with_its_parent(self):
        script = "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True); print(p.pid, p.stdout.readline(), flush=True); time.sleep(600)"
        process = self.start(parent=lambda command: [sys.executable, "-c", script, *command])
        child = int(process.stdout.readline().split()[0])
        try:
            process.kill()
            process.wait()
            self.assertTrue(ends(child), "it outlived its parent")
        finally:
            self.end(process)
            if not ends(child, seconds=0):
                os.kill(child, signal.SIGKILL)

    def test_it_ends_with_the_pipe_on_its_stdin(self):
        process = self.start()
        try:
            self.assertIn("listening", process.stdout.readline())
            process.stdin.close()
            self.assertEqual(process.wait(timeout=10), 0)
        finally:
            self.end(process)

    def test_options_reach_the_answers(self):
        process = self.start("--kafka-bootstrap", "127.0.0.1:9096", "--kubernetes-endpoint", "https://127.0.0.1:6443")
        try:
            port = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/stage/clock") as answer:
                self.assertEqual(json.loads(answer.read()), {"now": 0.0})
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/stage/nothing")
            self.assertEqual(caught.exception.code, 404)
            caught.exception.close()
        finally:
            self.end(process)
