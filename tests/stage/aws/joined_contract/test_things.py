"""What is made elsewhere: logins at the broker, load balancers for services, volumes for claims."""

import json
import subprocess
import tempfile

from .base import NAMESPACE, RUN, Joined, apply, client, control, kubectl, role_for, until


class Logins(Joined):
    def logs_in(self, name, password):
        command = json.loads((RUN / "aws/kafka-users.json").read_text())
        settings = (RUN / "data-plane/kafka/admin.properties").read_text()
        head, _, _ = settings.partition("username=")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(f'{head}username="{name}" password="{password}";\n')
            file.flush()
            command[command.index("--command-config") + 1] = file.name
            words = ["--describe", "--entity-type", "brokers", "--entity-name", "1"]
            done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.assertTrue(done.returncode == 0 or "SaslAuthenticationException" in said, said[-2000:])
        return done.returncode == 0

    def test_an_associated_secret_is_a_login_at_the_real_broker(self):
        kms, secrets, kafka = client("kms"), client("secretsmanager"), client("kafka")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        control("POST", "clock", {"advance": 600})
        value = json.dumps({"username": "joined", "password": "password-of-the-test"})
        secret = secrets.create_secret(Name="AmazonMSK_joined", KmsKeyId=key, SecretString=value)["ARN"]
        cluster = kafka.create_cluster_v2(ClusterName="joined", Provisioned={
            "KafkaVersion": "3.6.0", "NumberOfBrokerNodes": 2,
            "BrokerNodeGroupInfo": {"InstanceType": "kafka.m5.large", "ClientSubnets": self.shared["subnets"]},
            "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}},
        })["ClusterArn"]
        control("POST", "clock", {"advance": 7200})
        brokers = kafka.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerStringSaslScram"]
        self.assertEqual(brokers, "192.168.77.1:9096")
        self.assertFalse(self.logs_in("joined", "password-of-the-test"))
        answer = kafka.batch_associate_scram_secret(ClusterArn=cluster, SecretArnList=[secret])
        self.assertEqual(answer["UnprocessedScramSecrets"], [])
        control("POST", "clock", {"advance": 600})
        self.assertTrue(self.logs_in("joined", "password-of-the-test"))
        self.assertFalse(self.logs_in("joined", "another"))
        kafka.batch_disassociate_scram_secret(ClusterArn=cluster, SecretArnList=[secret])
        self.assertFalse(self.logs_in("joined", "password-of-the-test"))
        self.assertEqual(control("GET", "invalid"), [])


class Volumes(Joined):
    def test_a_claim_of_ebs_is_bound_once_a_pod_wants_it(self):
        name = {"name": "ebs-check"}
        apply(
            {
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": name, "provisioner": "ebs.csi.aws.com",
                "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
                "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": True,
            },
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {**name, "namespace": NAMESPACE},
                "spec": {"storageClassName": "ebs-check", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            },
            {
                "apiVersion": "v1", "kind": "Pod", "metadata": {**name, "namespace": NAMESPACE},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [{
                        "name": "c", "image": "docker.io/library/busybox:latest", "imagePullPolicy": "Never",
                        "command": ["sh", "-c", "echo x > /data/x && sleep 3600"], "volumeMounts": [{"name": "v", "mountPath": "/data"}],
                    }],
                    "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "ebs-check"}}],
                },
            },
        )
        self.addCleanup(kubectl, "delete", "storageclass", "ebs-check", check=False)
        until("the volume", lambda: kubectl("get", "pvc", "ebs-check", "-n", NAMESPACE, "-o", "jsonpath={.status.phase}") == "Bound")
        until("its pod", lambda: kubectl("get", "pod", "ebs-check", "-n", NAMESPACE, "-o", "jsonpath={.status.phase}") == "Running")


class Balancers(Joined):
    """The stand-in of the load balancer controller, as the plugin deploys the real one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rights = [{"Effect": "Allow", "Action": ["elasticloadbalancing:*", "ec2:Describe*"], "Resource": "*"}]
        account = {"name": "aws-load-balancer-controller", "namespace": NAMESPACE}
        role = role_for(cls.shared, "controller", f"system:serviceaccount:{NAMESPACE}:{account['name']}", rights)
        labels = {"app": "controller"}
        arguments = ["--cluster-name=joined", "--ingress-class=alb", "--aws-region=us-west-2", f"--aws-vpc-id={cls.shared['vpc']}"]
        certificate()
        apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**account, "annotations": {"eks.amazonaws.com/role-arn": role}}},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "joined-controller"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "ServiceAccount", **account}],
            },
            {
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": account,
                "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                    "serviceAccountName": account["name"],
                    "volumes": [{"name": "cert", "secret": {"secretName": "controller-tls"}}],
                    "securityContext": {"fsGroup": 65534},
                    "containers": [{
                        "name": "c", "image": "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0", "imagePullPolicy": "IfNotPresent",
                        "args": arguments, "securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True},
                        "volumeMounts": [{"name": "cert", "mountPath": "/tmp/k8s-webhook-server/serving-certs", "readOnly": True}],
                        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 61779}, "periodSeconds": 1},
                    }],
                }}},
            },
        )
        cls.addClassCleanup(kubectl, "delete", "clusterrolebinding", "joined-controller", check=False)
        kubectl("rollout", "status", "-n", NAMESPACE, f"deployment/{account['name']}", "--timeout=60s")

    def test_a_service_gets_a_load_balancer_and_takes_it_along(self):
        control("POST", "auth", {"enforce": True})
        self.addCleanup(control, "POST", "auth", {"enforce": False})
        prefix = "service.beta.kubernetes.io/aws-load-balancer-"
        apply({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {
                "name": "web", "namespace": NAMESPACE,
                "annotations": {f"{prefix}name": "joined-web", f"{prefix}scheme": "internal", f"{prefix}additional-resource-tags": "team=a"},
            },
            "spec": {
                "type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "allocateLoadBalancerNodePorts": False,
                "selector": {"app": "controller"}, "ports": [{"name": "milvus", "port": 19530, "targetPort": 61779}],
            },
        })
        where = "jsonpath={.status.loadBalancer.ingress[0].hostname}"
        host = until("a hostname", lambda: kubectl("get", "service", "web", "-n", NAMESPACE, "-o", where))
        control("POST", "auth", {"enforce": False})
        elb = client("elbv2")
        made = elb.describe_load_balancers(Names=["joined-web"])["LoadBalancers"][0]
        self.assertEqual((made["DNSName"], made["Type"], made["Scheme"]), (host, "network", "internal"))
        tags = elb.describe_tags(ResourceArns=[made["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"]
        tags = {tag["Key"]: tag["Value"] for tag in tags}
        self.assertEqual(tags, {"elbv2.k8s.aws/cluster": "joined", "service.k8s.aws/stack": f"{NAMESPACE}/web", "team": "a"})
        listener = elb.describe_listeners(LoadBalancerArn=made["LoadBalancerArn"])["Listeners"][0]
        group = listener["DefaultActions"][0]["TargetGroupArn"]
        pod = kubectl("get", "pods", "-n", NAMESPACE, "-l", "app=controller", "-o", "jsonpath={.items[0].status.podIP}")
        targets = [one["Target"] for one in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]]
        self.assertEqual([(one["Id"], one["Port"]) for one in targets], [(pod, 61779)])
        kubectl("delete", "service", "web", "-n", NAMESPACE, "--timeout=60s")
        self.assertEqual(elb.describe_load_balancers()["LoadBalancers"], [])
        self.assertEqual(elb.describe_target_groups()["TargetGroups"], [])


def certificate():
    """A certificate in the Secret that the controller's webhooks show."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=webhook", "-keyout", "tls.key", "-out", "tls.crt"],
            cwd=folder, check=True, capture_output=True,
        )
        kubectl("create", "secret", "tls", "controller-tls", "-n", NAMESPACE, f"--cert={folder}/tls.crt", f"--key={folder}/tls.key", check=False)
