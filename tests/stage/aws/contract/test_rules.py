"""Where moto was made to behave as AWS does."""

import json

from .base import Case, client, control, document, trust


class Ec2(Case):
    def test_a_subnet_follows_one_table(self):
        self.network()
        first, second = (self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
        made = self.ec2.associate_route_table(RouteTableId=first, SubnetId=self.subnets[0])["AssociationId"]
        again = self.ec2.associate_route_table(RouteTableId=first, SubnetId=self.subnets[0])["AssociationId"]
        self.assertEqual(made, again)
        self.refused("Resource.AlreadyAssociated", self.ec2.associate_route_table, RouteTableId=second, SubnetId=self.subnets[0])
        self.ec2.replace_route_table_association(AssociationId=made, RouteTableId=second)

    def setUp(self):
        super().setUp()
        self.network()

    def nat(self, **more):
        self.address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        return self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=self.address, **more)["NatGateway"]

    def nat_state(self, nat):
        return self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]

    def test_dry_run_does_nothing(self):
        before = control("GET", "inventory")
        self.refused("DryRunOperation", self.ec2.create_vpc, CidrBlock="10.9.0.0/16", DryRun=True)
        self.assertEqual(control("GET", "inventory"), before)
        self.assertFalse(control("GET", "calls")[-1]["write"])

    def test_groups_that_are_referenced_or_used_stay(self):
        one, two = self.group("one"), self.group("two")
        rule = [{"IpProtocol": "tcp", "FromPort": 9096, "ToPort": 9096, "UserIdGroupPairs": [{"GroupId": one}]}]
        self.ec2.authorize_security_group_ingress(GroupId=two, IpPermissions=rule)
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=one)
        self.ec2.revoke_security_group_ingress(GroupId=two, IpPermissions=rule)
        interface = self.ec2.create_network_interface(SubnetId=self.subnets[0], Groups=[one])["NetworkInterface"]["NetworkInterfaceId"]
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=one)
        self.ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.ec2.delete_security_group(GroupId=one)

    def test_a_route_table_has_one_route_to_a_service(self):
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        other = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        create = self.ec2.create_vpc_endpoint
        to_s3 = {"VpcId": self.vpc, "VpcEndpointType": "Gateway", "ServiceName": "com.amazonaws.us-west-2.s3"}
        first = create(RouteTableIds=[table], **to_s3)["VpcEndpoint"]["VpcEndpointId"]
        self.refused("RouteAlreadyExists", create, table, RouteTableIds=[other, table], **to_s3)
        second = create(RouteTableIds=[other], **to_s3)["VpcEndpoint"]["VpcEndpointId"]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
        third = create(RouteTableIds=[table], **to_s3)["VpcEndpoint"]["VpcEndpointId"]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[second, third])
        for gone in (table, other):
            self.ec2.delete_route_table(RouteTableId=gone)

    def test_a_vpc_has_one_internet_gateway(self):
        second = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        attach = self.ec2.attach_internet_gateway
        self.refused("InvalidParameterValue", attach, "already has", InternetGatewayId=second, VpcId=self.vpc)
        self.refused("Resource.AlreadyAssociated", attach, InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        attach(InternetGatewayId=second, VpcId=self.vpc)

    def test_a_nat_gateway_comes_and_goes_slowly(self):
        nat = self.nat(ClientToken="t1")
        self.assertEqual(nat["State"], "pending")
        again = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=self.address, ClientToken="t1")["NatGateway"]
        self.assertEqual(again["NatGatewayId"], nat["NatGatewayId"])
        nat = nat["NatGatewayId"]
        self.assertEqual(self.nat_state(nat), "pending")
        self.advance("ec2:nat-gateway:create")
        self.assertEqual(self.nat_state(nat), "available")
        self.refused("DependencyViolation", self.ec2.detach_internet_gateway, "mapped", InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])
        self.ec2.delete_nat_gateway(NatGatewayId=nat)
        self.assertEqual(self.nat_state(nat), "deleting")
        self.refused("InvalidIPAddress.InUse", self.ec2.release_address, AllocationId=self.address)
        self.advance("ec2:nat-gateway:delete")
        self.assertEqual(self.nat_state(nat), "deleted")
        self.ec2.release_address(AllocationId=self.address)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=self.vpc)
        for subnet in self.subnets:
            self.ec2.delete_subnet(SubnetId=subnet)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=self.vpc)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.ec2.delete_vpc(VpcId=self.vpc)

    def test_a_nat_gateway_can_fail(self):
        control("POST", "faults", {"operation": "CreateNatGateway", "kind": "fail", "reason": "no address"})
        nat = self.nat()["NatGatewayId"]
        self.advance("ec2:nat-gateway:create")
        self.assertEqual(self.nat_state(nat), "failed")


class Iam(Case):
    def test_audiences_come_and_go(self):
        provider = {"OpenIDConnectProviderArn": self.iam.create_open_id_connect_provider(Url="https://issuer.example", ClientIDList=["a"])["OpenIDConnectProviderArn"]}
        self.iam.add_client_id_to_open_id_connect_provider(**provider, ClientID="b")
        self.iam.add_client_id_to_open_id_connect_provider(**provider, ClientID="b")
        self.iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID="a")
        self.iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID="none")
        self.assertEqual(self.iam.get_open_id_connect_provider(**provider)["ClientIDList"], ["b"])
        nobody = {"OpenIDConnectProviderArn": "arn:aws:iam::123456789012:oidc-provider/nobody"}
        self.refused("NoSuchEntity", self.iam.add_client_id_to_open_id_connect_provider, **nobody, ClientID="b")

    def test_documents(self):
        self.refused("MalformedPolicyDocument", self.iam.create_role, "Json", RoleName="r", AssumeRolePolicyDocument="junk")
        for text in ('{"Version":"2012-10-17"}', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}'):
            self.refused("MalformedPolicyDocument", self.iam.create_role, RoleName="r", AssumeRolePolicyDocument=text)
        stranger = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/none"}, "Action": "sts:AssumeRole"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [stranger]})
        self.refused("MalformedPolicyDocument", self.iam.create_role, "principal", RoleName="r", AssumeRolePolicyDocument=text)
        self.refused("MalformedPolicyDocument", self.iam.create_policy, PolicyName="p", PolicyDocument="junk")

    def test_a_policy_that_is_attached_stays(self):
        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        policy = self.iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(document("s3:GetObject")))["Policy"]["Arn"]
        self.iam.attach_role_policy(RoleName="r", PolicyArn=policy)
        self.refused("DeleteConflict", self.iam.delete_policy, PolicyArn=policy)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName="r")
        self.iam.detach_role_policy(RoleName="r", PolicyArn=policy)
        self.iam.delete_policy(PolicyArn=policy)

    def test_managed_policies_are_there(self):
        names = ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly",
                 "AmazonEC2ContainerRegistryPullOnly", "service-role/AmazonEBSCSIDriverPolicy")
        for name in names:
            self.iam.get_policy(PolicyArn=f"arn:aws:iam::aws:policy/{name}")

    def test_service_linked_roles(self):
        made = self.iam.create_service_linked_role(AWSServiceName="kafka.amazonaws.com")["Role"]
        self.assertEqual(made["RoleName"], "AWSServiceRoleForKafka")
        self.iam.get_role(RoleName="AWSServiceRoleForKafka")
        self.refused("InvalidInput", self.iam.create_service_linked_role, AWSServiceName="kafka.amazonaws.com")

    def test_assume_role_asks_the_trust_policy(self):
        arn = self.role("r", "ec2.amazonaws.com")
        self.refused("AccessDenied", self.sts.assume_role, RoleArn=arn, RoleSessionName="s")


class KeysAndSecrets(Case):
    def test_keys(self):
        self.refused("MalformedPolicyDocumentException", self.kms.create_key, Policy="junk")
        fresh = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.refused("AccessDeniedException", self.secrets.create_secret, Name="young", SecretString="x", KmsKeyId=fresh)
        self.advance("kms:key:usable")
        self.secrets.create_secret(Name="young", SecretString="x", KmsKeyId=fresh)
        self.refused("ValidationException", self.kms.schedule_key_deletion, KeyId=fresh, PendingWindowInDays=3)
        self.refused("NotAuthorizedException", self.kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=fresh)
        self.kms.schedule_key_deletion(KeyId=fresh, PendingWindowInDays=7)
        self.refused("KMSInvalidStateException", self.kms.schedule_key_deletion, KeyId=fresh)
        self.refused("KMSInvalidStateException", self.kms.encrypt, KeyId=fresh, Plaintext=b"x")
        self.refused("DecryptionFailure", self.secrets.get_secret_value, SecretId="young")
        self.kms.cancel_key_deletion(KeyId=fresh)
        self.refused("DisabledException", self.kms.encrypt, KeyId=fresh, Plaintext=b"x")
        self.kms.enable_key(KeyId=fresh)
        self.assertEqual(self.secrets.get_secret_value(SecretId="young")["SecretString"], "x")

    def test_names_of_secrets_that_are_leaving(self):
        self.refused("ResourceNotFoundException", self.secrets.create_secret, Name="s", SecretString="x", KmsKeyId="alias/none")
        self.secrets.create_secret(Name="s", SecretString="x")
        self.secrets.delete_secret(SecretId="s")
        self.refused("InvalidRequestException", self.secrets.create_secret, "scheduled for deletion", Name="s", SecretString="x")
        self.secrets.restore_secret(SecretId="s")
        self.secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
        self.secrets.create_secret(Name="s", SecretString="x")


class S3(Case):
    def setUp(self):
        super().setUp()
        self.s3.create_bucket(Bucket="bucket-1", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    def test_a_new_bucket_is_closed_and_encrypted(self):
        block = self.s3.get_public_access_block(Bucket="bucket-1")["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})
        rule = self.s3.get_bucket_encryption(Bucket="bucket-1")["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        self.assertEqual(self.s3.get_bucket_ownership_controls(Bucket="bucket-1")["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])
        self.s3.put_object(Bucket="bucket-1", Key="a/b c", Body=b"x" * 100_000)
        self.assertEqual(len(self.s3.get_object(Bucket="bucket-1", Key="a/b c")["Body"].read()), 100_000)
        self.assertEqual(self.s3.head_object(Bucket="bucket-1", Key="a/b c")["ContentLength"], 100_000)

    def test_bucket_policies_hold_with_their_conditions(self):
        self.refused("MalformedPolicy", self.s3.put_bucket_policy, Bucket="bucket-1", Policy="junk")
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bucket-1", "arn:aws:s3:::bucket-1/*"]}

        def policy(secure):
            return json.dumps({"Version": "2012-10-17", "Statement": [deny | {"Condition": {"Bool": {"aws:SecureTransport": secure}}}]})

        self.s3.put_bucket_policy(Bucket="bucket-1", Policy=policy("false"))
        self.s3.put_object(Bucket="bucket-1", Key="a", Body=b"x")
        self.s3.put_bucket_policy(Bucket="bucket-1", Policy=policy("true"))
        self.refused("AccessDenied", self.s3.put_object, Bucket="bucket-1", Key="a", Body=b"x")


class Elb(Case):
    def setUp(self):
        super().setUp()
        self.network()

    def test_a_network_load_balancer_and_its_targets(self):
        made = self.elb.create_load_balancer(Name="n", Type="network", Scheme="internal", Subnets=self.subnets)["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        self.assertIn(":loadbalancer/net/n/", arn)
        group = self.elb.create_target_group(Name="g", Protocol="TCP", Port=19530, VpcId=self.vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.9"}])

        def health():
            return self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]["TargetHealth"]["State"]

        def state():
            return self.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"]

        self.assertEqual(health(), "unused")
        action = [{"Type": "forward", "TargetGroupArn": group}]
        self.elb.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=19530, DefaultActions=action)
        self.assertEqual((state(), state(), health()), ("provisioning", "provisioning", "initial"))
        self.advance("elbv2:load-balancer:create")
        self.assertEqual((state(), health()), ("active", "initial"))
        self.advance("elbv2:target:healthy")
        self.assertEqual(health(), "healthy")
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        self.ec2.delete_subnet(SubnetId=self.subnets[0])


class Tagging(Case):
    def test_everything_with_tags_is_found(self):
        self.network()
        mark = [{"Key": "owner", "Value": "me"}]
        specification = lambda kind: [{"ResourceType": kind, "Tags": mark}]
        address = self.ec2.allocate_address(Domain="vpc", TagSpecifications=specification("elastic-ip"))["AllocationId"]
        self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address, TagSpecifications=specification("natgateway"))
        self.ec2.create_tags(Resources=[self.vpc], Tags=mark)
        self.kms.create_key(Tags=[{"TagKey": "owner", "TagValue": "me"}])
        self.secrets.create_secret(Name="s", SecretString="x", Tags=mark)
        configuration = {"LocationConstraint": "us-west-2", "Tags": mark}
        self.s3.create_bucket(Bucket="bucket-1", CreateBucketConfiguration=configuration)
        role = self.role("r", "eks.amazonaws.com")
        self.eks.create_cluster(name="e1", roleArn=role, resourcesVpcConfig={"subnetIds": self.subnets}, tags={"owner": "me"})
        nodes = {"ClientSubnets": self.subnets, "InstanceType": "kafka.m7g.large"}
        brokers = {"BrokerNodeGroupInfo": nodes, "KafkaVersion": "3.6.0", "NumberOfBrokerNodes": 2}
        self.kafka.create_cluster_v2(ClusterName="m1", Provisioned=brokers, Tags={"owner": "me"})
        tagging = client("resourcegroupstaggingapi")

        def found(**arguments):
            pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": "owner", "Values": ["me"]}], ResourcesPerPage=3, **arguments)
            names = [one["ResourceARN"].split(":", 5) for page in pages for one in page["ResourceTagMappingList"]]
            return sorted(f"{name[2]}:{name[5].replace(':', '/').split('/')[0]}" for name in names)

        self.assertEqual(found(), [
            "ec2:elastic-ip", "ec2:natgateway", "ec2:vpc", "eks:cluster", "kafka:cluster", "kms:key", "s3:bucket-1", "secretsmanager:secret",
        ])
        self.assertEqual(found(ResourceTypeFilters=["ec2:vpc", "eks"]), ["ec2:vpc", "eks:cluster"])
        self.assertEqual(tagging.get_resources(TagFilters=[{"Key": "owner", "Values": ["you"]}])["ResourceTagMappingList"], [])
