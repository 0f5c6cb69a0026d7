"""EKS, and the web identities of its service accounts."""

import base64
import json
import urllib.error
import urllib.request

from .base import ACCOUNT, Case, client, control

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")


class Eks(Case):
    def setUp(self):
        super().setUp()
        self.network()

    def create(self, name="e1", role=None, **more):
        role = role or self.role(f"{name}-role", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
        wanted = {"version": "1.33", "accessConfig": {"authenticationMode": "API"}, "resourcesVpcConfig": {"subnetIds": self.subnets}}
        return self.eks.create_cluster(name=name, roleArn=role, **(wanted | more))["cluster"]

    def active(self, name="e1", **more):
        self.create(name, **more)
        self.advance("eks:cluster:create")
        return self.eks.describe_cluster(name=name)["cluster"]

    def nodes(self, name="n1", policies=NODE_POLICIES, **more):
        role = self.role(f"{name}-role", "ec2.amazonaws.com", *policies)
        scaling = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
        return self.eks.create_nodegroup(clusterName="e1", nodegroupName=name, subnets=self.subnets, nodeRole=role, scalingConfig=scaling, **more)

    def group_state(self, name="n1"):
        return self.eks.describe_nodegroup(clusterName="e1", nodegroupName=name)["nodegroup"]

    def addon_state(self, name):
        return self.eks.describe_addon(clusterName="e1", addonName=name)["addon"]["status"]

    def test_what_a_cluster_cannot_be(self):
        role = self.role("r", "eks.amazonaws.com")
        other = self.role("o", "ec2.amazonaws.com")
        young = self.role("y", "eks.amazonaws.com", wait=False)
        network = {"subnetIds": self.subnets}

        def bad(word, **changes):
            wanted = {"name": "e1", "roleArn": role, "resourcesVpcConfig": network, "version": "1.33"} | changes
            self.refused("InvalidParameterException", self.eks.create_cluster, word, **wanted)

        bad("could not be assumed", roleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
        bad("could not be assumed", roleArn=other)
        bad("could not be assumed", roleArn=young)
        bad("two different AZs", resourcesVpcConfig={"subnetIds": self.subnets[:1]})
        bad("does not exist", resourcesVpcConfig={"subnetIds": ["subnet-0123456789abcdef0", self.subnets[0]]})
        bad("version", version="9.99")
        self.advance("iam:propagation")
        self.create(role=young)

    def test_a_cluster_takes_its_time_and_then_tells_everything(self):
        early = self.create(tags={"a": "b"}, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
        self.assertEqual(early["status"], "CREATING")
        self.assertNotIn("endpoint", early)
        self.assertNotIn("clusterSecurityGroupId", self.eks.describe_cluster(name="e1")["cluster"]["resourcesVpcConfig"])
        self.refused("InvalidRequestException", self.nodes, "not in ACTIVE")
        # The node role above took its own time to be seen.
        self.advance(540 - 10)
        found = self.eks.describe_cluster(name="e1")["cluster"]
        self.assertEqual(found["status"], "ACTIVE")
        self.assertIn(b"BEGIN CERTIFICATE", base64.b64decode(found["certificateAuthority"]["data"]))
        self.assertRegex(found["identity"]["oidc"]["issuer"], r"^https://oidc\.eks\.us-west-2\.amazonaws\.com/id/[0-9A-F]{32}$")
        self.assertEqual(found["resourcesVpcConfig"]["vpcId"], self.vpc)
        group = self.ec2.describe_security_groups(GroupIds=[found["resourcesVpcConfig"]["clusterSecurityGroupId"]])["SecurityGroups"][0]
        self.assertRegex(group["GroupName"], r"^eks-cluster-sg-e1-\d+$")
        self.assertIn({"Key": "aws:eks:cluster-name", "Value": "e1"}, group["Tags"])
        self.assertEqual(found["logging"]["clusterLogging"][0], {"types": ["api"], "enabled": True})
        self.assertEqual((found["platformVersion"], found["health"], found["tags"]), ("eks.16", {"issues": []}, {"a": "b"}))
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])

    def test_deletion_takes_the_network_interfaces_and_the_group_with_it(self):
        self.active()
        before = control("GET", "inventory")
        self.eks.delete_cluster(name="e1")
        self.assertEqual(self.eks.describe_cluster(name="e1")["cluster"]["status"], "DELETING")
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])
        self.advance("eks:cluster:delete")
        self.refused("ResourceNotFoundException", self.eks.describe_cluster, name="e1")
        # The cluster, its creator's access entry, two interfaces, the group.
        gone = {thing["id"] for thing in before["present"]} - {thing["id"] for thing in control("GET", "inventory")["present"]}
        self.assertEqual(sorted(one.split(":")[2] if ":" in one else one.split("-")[0] for one in gone), ["eks", "eks", "eni", "eni", "sg"])

    def test_a_token_makes_a_second_call_the_same(self):
        role = self.role("r", "eks.amazonaws.com")
        first = self.create(role=role, clientRequestToken="t1")
        self.assertEqual(self.create(role=role, clientRequestToken="t1")["arn"], first["arn"])
        self.refused("ResourceInUseException", self.create, "already exists", role=role, clientRequestToken="t2")

    def test_updates(self):
        self.active()
        config = {"endpointPrivateAccess": True}
        update = self.eks.update_cluster_config(name="e1", resourcesVpcConfig=config)["update"]
        self.assertEqual((update["status"], update["type"]), ("InProgress", "EndpointAccessUpdate"))
        self.refused("ResourceInUseException", self.eks.update_cluster_version, name="e1", version="1.34")
        self.advance("eks:cluster:update")
        self.assertEqual(self.eks.describe_update(name="e1", updateId=update["id"])["update"]["status"], "Successful")
        self.assertTrue(self.eks.describe_cluster(name="e1")["cluster"]["resourcesVpcConfig"]["endpointPrivateAccess"])
        self.refused("InvalidParameterException", self.eks.update_cluster_config, "No changes", name="e1", resourcesVpcConfig=config)
        self.refused("InvalidParameterException", self.eks.update_cluster_version, "1.33", name="e1", version="1.31")
        self.eks.update_cluster_version(name="e1", version="1.34")
        self.advance("eks:cluster:update-version")
        self.assertEqual(self.eks.describe_cluster(name="e1")["cluster"]["version"], "1.34")
        self.assertEqual(len(self.eks.list_updates(name="e1")["updateIds"]), 2)
        versions = self.eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"]
        self.assertEqual([one["clusterVersion"] for one in versions], ["1.34"])

    def test_nodes(self):
        self.active()
        made = self.nodes(instanceTypes=["m6i.2xlarge"])["nodegroup"]
        self.assertEqual((made["status"], made["version"]), ("CREATING", "1.33"))
        self.refused("ResourceInUseException", self.eks.delete_cluster, "nodegroups", name="e1")
        self.advance("eks:nodegroup:create")
        self.assertEqual((self.group_state()["status"], self.group_state()["health"]), ("ACTIVE", {"issues": []}))
        machines = lambda: sum(one["Description"].startswith("aws-K8S-n1") for one in self.ec2.describe_network_interfaces()["NetworkInterfaces"])
        self.assertEqual(machines(), 2)
        update = self.eks.update_nodegroup_config(clusterName="e1", nodegroupName="n1", scalingConfig={"desiredSize": 3})["update"]
        self.advance("eks:nodegroup:update")
        found = self.eks.describe_update(name="e1", updateId=update["id"], nodegroupName="n1")["update"]
        self.assertEqual(found["status"], "Successful")
        self.assertEqual(machines(), 3)
        self.eks.update_cluster_version(name="e1", version="1.34")
        self.advance("eks:cluster:update-version")
        self.eks.update_nodegroup_version(clusterName="e1", nodegroupName="n1")
        self.advance("eks:nodegroup:update-version")
        self.assertEqual(self.group_state()["version"], "1.34")
        self.eks.delete_nodegroup(clusterName="e1", nodegroupName="n1")
        self.assertEqual(self.group_state()["status"], "DELETING")
        self.advance("eks:nodegroup:delete")
        self.refused("ResourceNotFoundException", self.group_state)
        self.assertEqual(machines(), 0)
        self.eks.delete_cluster(name="e1")

    def test_a_cluster_can_fail(self):
        control("POST", "faults", {"operation": "CreateCluster", "kind": "fail", "code": "Ec2SubnetNotFound", "reason": "no subnet"})
        found = self.active()
        self.assertEqual((found["status"], found["health"]["issues"][0]["message"]), ("FAILED", "no subnet"))
        self.assertNotIn("endpoint", found)
        self.eks.delete_cluster(name="e1")

    def test_nodes_that_lack_rights_do_not_join(self):
        self.active()
        self.nodes(policies=NODE_POLICIES[:2])
        self.advance("eks:nodegroup:create")
        found = self.group_state()
        self.assertEqual((found["status"], found["health"]["issues"][0]["code"]), ("CREATE_FAILED", "NodeCreationFailure"))
        self.assertIn("AmazonEC2ContainerRegistry", found["health"]["issues"][0]["message"])

    def test_nodes_can_fail_for_lack_of_capacity(self):
        self.active()
        control("POST", "faults", {"operation": "CreateNodegroup", "kind": "fail", "code": "AsgInstanceLaunchFailures", "reason": "no capacity", "times": 1})
        self.nodes()
        self.advance("eks:nodegroup:create")
        self.assertEqual(self.group_state()["health"]["issues"], [{"code": "AsgInstanceLaunchFailures", "message": "no capacity", "resourceIds": []}])

    def test_addons_with_and_without_nodes(self):
        self.active()
        for name in ("vpc-cni", "coredns"):
            self.eks.create_addon(clusterName="e1", addonName=name)
        self.assertEqual(self.addon_state("vpc-cni"), "CREATING")
        self.advance("eks:addon:vpc-cni:create")
        self.assertEqual((self.addon_state("vpc-cni"), self.addon_state("coredns")), ("ACTIVE", "CREATING"))
        self.advance("eks:addon:coredns:create")
        self.assertEqual(self.addon_state("coredns"), "DEGRADED")
        self.nodes()
        self.advance("eks:nodegroup:create")
        self.assertEqual(self.addon_state("coredns"), "ACTIVE")
        self.refused("InvalidParameterException", self.eks.create_addon, "cannot be seen", clusterName="e1", addonName="aws-ebs-csi-driver", serviceAccountRoleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
        self.refused("ResourceInUseException", self.eks.create_addon, clusterName="e1", addonName="coredns")
        self.refused("InvalidParameterException", self.eks.create_addon, clusterName="e1", addonName="nothing")
        role = self.role("csi", "ec2.amazonaws.com")
        update = self.eks.update_addon(clusterName="e1", addonName="vpc-cni", serviceAccountRoleArn=role)["update"]
        self.advance("eks:addon:update")
        self.assertEqual(self.eks.describe_update(name="e1", updateId=update["id"], addonName="vpc-cni")["update"]["status"], "Successful")
        self.eks.delete_addon(clusterName="e1", addonName="coredns")
        self.advance("eks:addon:delete")
        self.assertEqual(self.eks.list_addons(clusterName="e1")["addons"], ["vpc-cni"])
        offered = self.eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.33")["addons"][0]
        self.assertTrue(offered["addonVersions"][0]["compatibilities"][0]["defaultVersion"])

    def test_access_entries(self):
        keys = control("POST", "principals", {"name": "maker", "policy": None})
        role = self.role("r", "eks.amazonaws.com")
        client("eks", keys["access_key_id"], keys["secret_access_key"]).create_cluster(
            name="e1", roleArn=role, resourcesVpcConfig={"subnetIds": self.subnets}, accessConfig={"authenticationMode": "API"}
        )
        self.advance("eks:cluster:create")
        self.assertEqual(self.eks.list_access_entries(clusterName="e1")["accessEntries"], [keys["arn"]])
        self.refused("InvalidParameterException", self.eks.create_access_entry, "invalid principal", clusterName="e1", principalArn=f"arn:aws:iam::{ACCOUNT}:role/none")
        self.eks.create_access_entry(clusterName="e1", principalArn=role)
        policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
        self.eks.associate_access_policy(clusterName="e1", principalArn=role, policyArn=policy, accessScope={"type": "cluster"})
        found = self.eks.list_associated_access_policies(clusterName="e1", principalArn=role)["associatedAccessPolicies"]
        self.assertEqual([one["policyArn"] for one in found], [policy])
        self.assertEqual(self.eks.list_access_entries(clusterName="e1", associatedPolicyArn=policy)["accessEntries"], [role])
        self.eks.disassociate_access_policy(clusterName="e1", principalArn=role, policyArn=policy)
        entry = self.eks.update_access_entry(clusterName="e1", principalArn=role, kubernetesGroups=["g"])["accessEntry"]
        self.assertEqual(entry["kubernetesGroups"], ["g"])
        self.assertIn(policy, [one["arn"] for one in self.eks.list_access_policies()["accessPolicies"]])
        self.eks.delete_access_entry(clusterName="e1", principalArn=role)
        self.refused("ResourceNotFoundException", self.eks.describe_access_entry, clusterName="e1", principalArn=role)

    def test_access_entries_need_their_mode(self):
        self.active(accessConfig={"authenticationMode": "CONFIG_MAP"})
        self.refused("InvalidRequestException", self.eks.list_access_entries, "authentication mode", clusterName="e1")

    def test_tags(self):
        arn = self.create()["arn"]
        self.eks.tag_resource(resourceArn=arn, tags={"a": "b", "c": "d"})
        self.eks.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(self.eks.list_tags_for_resource(resourceArn=arn)["tags"], {"c": "d"})

    # --- web identities ---

    def irsa(self, subject="system:serviceaccount:milvus:sa"):
        """A cluster, its provider, and a role that trusts one service account."""
        issuer = self.active()["identity"]["oidc"]["issuer"]
        path = issuer.removeprefix("https://")
        provider = self.iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
        statement = {
            "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{path}:aud": "sts.amazonaws.com", f"{path}:sub": subject}},
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return self.iam.create_role(RoleName="irsa", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def token(self, subject="system:serviceaccount:milvus:sa", **more):
        return control("POST", "oidc/token", {"cluster": "e1", "subject": subject, **more})["token"]

    def assume(self, role, token):
        return self.sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="s", WebIdentityToken=token)

    def test_web_identity(self):
        role = self.irsa()
        self.refused("InvalidIdentityToken", self.assume, "No OpenIDConnect provider", role=role, token=self.token())
        self.advance("iam:propagation")
        self.assertTrue(self.assume(role, self.token() + "\n")["Credentials"]["SecretAccessKey"])
        good = self.token()
        self.refused("InvalidIdentityToken", self.assume, "signature", role=role, token=good[:-8] + "AAAAAAAA")
        self.refused("InvalidIdentityToken", self.assume, "audience", role=role, token=self.token(audience="other"))
        self.refused("ExpiredTokenException", self.assume, role=role, token=self.token(seconds=-1))
        self.refused("AccessDenied", self.assume, role=role, token=self.token(subject="system:serviceaccount:milvus:other"))
        self.refused("AccessDenied", self.assume, role=f"arn:aws:iam::{ACCOUNT}:role/none", token=good)
        self.refused("InvalidIdentityToken", self.assume, "JWT", role=role, token="junk")
        published = control("GET", "oidc?cluster=e1")
        self.assertEqual(published["discovery"]["issuer"], published["issuer"])
        issuer = published["issuer"].rpartition("/id/")[2]
        self.assertEqual(control("GET", f"oidc/id/{issuer}/.well-known/openid-configuration"), published["discovery"])
        self.assertEqual(control("GET", f"oidc/id/{issuer}/keys")["keys"][0]["alg"], "RS256")

    def test_tokens_for_kubernetes_are_presigned_urls_of_sts(self):
        keys = control("POST", "principals", {"name": "maker"})
        sts = client("sts", keys["access_key_id"], keys["secret_access_key"])

        def ask(seconds=60, **headers):
            sts.meta.events.register("before-sign.sts", sign)
            url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=seconds, HttpMethod="GET")
            sts.meta.events.unregister("before-sign.sts", sign)
            try:
                with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": "application/json", **headers})) as answer:
                    return json.loads(answer.read())["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Arn"]
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        def sign(request, **_rest):
            request.headers["x-k8s-aws-id"] = "e1"

        self.assertEqual(ask(**{"x-k8s-aws-id": "e1"}), keys["arn"])
        self.assertEqual(ask(), 403)
        self.assertEqual(ask(seconds=-5, **{"x-k8s-aws-id": "e1"}), 403)
