"""Tokens: users' at the API server, pods' at STS and S3."""

import base64
import datetime
import json
import subprocess
import urllib.parse

from .base import CLUSTER, NAMESPACE, RUN, Joined, apply, client, control, kubectl, role_for, token, until

BUCKET = "joined-bucket"


class Users(Joined):
    """`k8s-aws-v1.` tokens at the real API server."""

    def ask(self, text):
        ca = RUN / "pki/ca.crt"
        command = ["kubectl", "--kubeconfig=/dev/null", f"--server={self.shared['cluster']['endpoint']}", f"--certificate-authority={ca}"]
        done = subprocess.run([*command, f"--token={text}", "auth", "whoami", "-o", "json"], capture_output=True, text=True, check=False)
        return json.loads(done.stdout)["status"]["userInfo"] if done.returncode == 0 else None

    def test_the_endpoint_is_the_stages_own_and_its_ca_too(self):
        given = base64.b64decode(self.shared["cluster"]["certificateAuthority"]["data"])
        self.assertEqual(given, (RUN / "pki/ca.crt").read_bytes())

    def test_the_creator_is_an_administrator(self):
        found = self.ask(token({"access_key_id": "test", "secret_access_key": "test"}))
        self.assertIn("system:masters", found["groups"])

    def test_others_need_an_entry(self):
        keys = control("POST", "principals", {"kind": "user", "name": "other"})
        self.assertIsNone(self.ask(token(keys)))
        client("eks").create_access_entry(clusterName=CLUSTER, principalArn=keys["arn"], kubernetesGroups=["viewers"])
        # The API server remembers what it was told, of this very token.
        found = self.ask(token(keys, host="sts.amazonaws.com"))
        self.assertEqual((found["username"], "viewers" in found["groups"], "system:masters" in found["groups"]), (keys["arn"], True, False))

    def test_a_token_is_for_one_cluster_one_caller_and_a_quarter_of_an_hour(self):
        keys = control("POST", "principals", {"kind": "user", "name": "owner"})
        client("eks").create_access_entry(clusterName=CLUSTER, principalArn=keys["arn"])
        self.assertIsNotNone(self.ask(token(keys)))
        self.assertIsNone(self.ask(token(keys, cluster="another")), "another cluster's")
        self.assertIsNone(self.ask(token(keys, signed_id=False)), "no cluster's")
        self.assertIsNone(self.ask(token(keys, host="sts.example.com")), "another host's")
        self.assertIsNone(self.ask(token(keys | {"secret_access_key": "wrong"})), "wrong key")
        self.assertIsNone(self.ask("k8s-aws-v1.nonsense"), "nonsense")
        test = {"access_key_id": "test", "secret_access_key": "test"}
        url = base64.urlsafe_b64decode(token(test).removeprefix("k8s-aws-v1.") + "===").decode()
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=16)
        query["X-Amz-Date"] = old.strftime("%Y%m%dT%H%M%SZ")
        url = parts._replace(query=urllib.parse.urlencode(query)).geturl()
        self.assertIsNone(self.ask("k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")), "old")


class Pods(Joined):
    """Web identities of the API server's own making."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        client("s3").put_object(Bucket=BUCKET, Key="files/one", Body=b"content of one")
        client("s3").put_object(Bucket=BUCKET, Key="private/two", Body=b"content of two")
        rights = [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{BUCKET}/files/*"}]
        cls.role = role_for(cls.shared, "reader", f"system:serviceaccount:{NAMESPACE}:reader", rights)
        notes = {"eks.amazonaws.com/role-arn": cls.role}
        apply(*(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE, "annotations": notes}}
            for name in ("reader", "stranger")
        ))

    def assume(self, account, audience="sts.amazonaws.com"):
        text = kubectl("create", "token", account, "-n", NAMESPACE, f"--audience={audience}")
        try:
            client("sts").assume_role_with_web_identity(RoleArn=self.role, RoleSessionName="joined", WebIdentityToken=text)
        except client("sts").exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return "fine"

    def test_only_the_trusted_account_with_the_right_audience_gets_the_role(self):
        self.assertEqual(self.assume("reader"), "fine")
        self.assertEqual(self.assume("stranger"), "AccessDenied")
        self.assertEqual(self.assume("reader", "another"), "InvalidIdentityToken")

    def test_a_pod_reaches_its_bucket_by_name_with_the_roles_rights_alone(self):
        control("POST", "auth", {"enforce": True})
        self.addCleanup(control, "POST", "auth", {"enforce": False})
        pod = {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader", "namespace": NAMESPACE},
            "spec": {"serviceAccountName": "reader", "restartPolicy": "Never", "containers": [{
                "name": "reader", "image": "docker.io/stage/probe:1", "imagePullPolicy": "Never",
                "args": [BUCKET, "files/one", "private/two"],
            }]},
        }
        apply(pod)
        until("the pod's end", lambda: kubectl("get", "pod", "reader", "-n", NAMESPACE, "-o", "jsonpath={.status.phase}") in ("Succeeded", "Failed"))
        said = kubectl("logs", "reader", "-n", NAMESPACE)
        self.assertMatches(said, "files/one: 200 content of one")
        self.assertMatches(said, "private/two: 403 .*AccessDenied")
        self.assertMatches(said, "nobody: 403")
