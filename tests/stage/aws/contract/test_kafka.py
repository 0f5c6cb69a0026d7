"""MSK."""

import json

from .base import Case, control


class Kafka(Case):
    def brokers(self, **changes):
        wanted = {
            "BrokerNodeGroupInfo": {"ClientSubnets": self.subnets, "InstanceType": "kafka.m7g.large", "SecurityGroups": [self.sg]},
            "KafkaVersion": "3.6.0", "NumberOfBrokerNodes": 2, "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}},
            "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
        }
        nodes = wanted["BrokerNodeGroupInfo"] | changes.pop("nodes", {})
        return wanted | changes | {"BrokerNodeGroupInfo": nodes}

    def setUp(self):
        super().setUp()
        self.network()
        self.sg = self.group()

    def cluster(self, name="m1", **changes):
        return self.kafka.create_cluster_v2(ClusterName=name, Provisioned=self.brokers(**changes), Tags={"a": "b"})["ClusterArn"]

    def active(self, **changes):
        arn = self.cluster(**changes)
        self.advance("kafka:cluster:create")
        return arn

    def state(self, arn):
        return self.kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["State"]

    def version(self, arn):
        return self.kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["CurrentVersion"]

    def configuration(self, name="c1", text=b"auto.create.topics.enable=true\n"):
        return self.kafka.create_configuration(Name=name, ServerProperties=text)

    def test_configurations(self):
        arn = self.configuration()["Arn"]
        self.refused("ConflictException", self.kafka.create_configuration, "already exists", Name="c1", ServerProperties=b"")
        self.refused("BadRequestException", self.kafka.create_configuration, "no.such", Name="c2", ServerProperties=b"no.such=1")
        made = self.kafka.update_configuration(Arn=arn, ServerProperties=b"num.partitions=3")
        self.assertEqual(made["LatestRevision"]["Revision"], 2)
        read = [self.kafka.describe_configuration_revision(Arn=arn, Revision=n)["ServerProperties"] for n in (1, 2)]
        self.assertEqual(read, [b"auto.create.topics.enable=true\n", b"num.partitions=3"])
        self.assertEqual(self.kafka.describe_configuration(Arn=arn)["LatestRevision"]["Revision"], 2)
        self.assertEqual([one["Arn"] for one in self.kafka.list_configurations()["Configurations"]], [arn])
        self.assertEqual(len(self.kafka.list_configuration_revisions(Arn=arn)["Revisions"]), 2)
        self.refused("NotFoundException", self.kafka.describe_configuration_revision, Arn=arn, Revision=3)
        self.active(ConfigurationInfo={"Arn": arn, "Revision": 2})
        self.refused("BadRequestException", self.kafka.delete_configuration, "in use", Arn=arn)

    def test_an_unused_configuration_can_be_deleted(self):
        arn = self.configuration()["Arn"]
        self.kafka.delete_configuration(Arn=arn)
        self.refused("NotFoundException", self.kafka.describe_configuration, Arn=arn)

    def test_what_a_cluster_cannot_be(self):
        def bad(*words, name="m1", **changes):
            self.refused("BadRequestException", self.kafka.create_cluster_v2, *words, ClusterName=name, Provisioned=self.brokers(**changes))

        bad("name", name="msk_bad!")
        bad("multiple", NumberOfBrokerNodes=3)
        bad("subnets", nodes={"ClientSubnets": ["subnet-0123456789abcdef0", self.subnets[0]]})
        bad("different", nodes={"ClientSubnets": [self.subnets[0], self.subnets[0]]})
        bad("security group", nodes={"SecurityGroups": ["sg-0123456789abcdef0"]})
        bad("InstanceType", nodes={"InstanceType": "kafka.zz.huge"})
        bad("KafkaVersion", KafkaVersion="0.1")
        bad("configuration", ConfigurationInfo={"Arn": self.configuration()["Arn"], "Revision": 9})
        bad("KMS", EncryptionInfo={"EncryptionAtRest": {"DataVolumeKMSKeyId": "arn:aws:kms:us-west-2:123456789012:key/none"}})
        self.assertEqual(self.kafka.list_clusters_v2()["ClusterInfoList"], [])

    def test_a_cluster_takes_its_time(self):
        arn = self.cluster()
        self.assertRegex(arn, r":cluster/m1/[0-9a-f-]{36}-\d+$")
        self.assertEqual(self.state(arn), "CREATING")
        self.refused("BadRequestException", self.kafka.get_bootstrap_brokers, "CREATING", ClusterArn=arn)
        self.refused("ConflictException", self.kafka.create_cluster_v2, ClusterName="m1", Provisioned=self.brokers())
        self.advance(1499)
        self.assertEqual(self.state(arn), "CREATING")
        self.advance(1)
        self.assertEqual(self.state(arn), "ACTIVE")
        brokers = self.kafka.get_bootstrap_brokers(ClusterArn=arn)
        self.assertRegex(brokers["BootstrapBrokerStringSaslScram"], r"^b-1\.m1\.\w{6}\.c2\.kafka\.us-west-2\.amazonaws\.com:9096,b-2\.")
        self.assertNotIn("BootstrapBrokerStringTls", brokers)
        self.assertEqual(len(self.kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]), 2)
        self.assertEqual(self.kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["Tags"], {"a": "b"})

    def test_deletion_keeps_name_and_network_until_it_is_done(self):
        arn = self.active()
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=self.sg)
        self.kafka.delete_cluster(ClusterArn=arn)
        self.assertEqual(self.state(arn), "DELETING")
        self.refused("ConflictException", self.kafka.create_cluster_v2, ClusterName="m1", Provisioned=self.brokers())
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=self.sg)
        self.advance("kafka:cluster:delete")
        self.refused("NotFoundException", self.kafka.describe_cluster_v2, ClusterArn=arn)
        self.ec2.delete_security_group(GroupId=self.sg)
        self.ec2.delete_subnet(SubnetId=self.subnets[0])

    def test_one_update_at_a_time_and_only_against_the_current_version(self):
        arn = self.active()
        before = self.version(arn)
        self.refused("BadRequestException", self.kafka.update_broker_count, "isn't current", ClusterArn=arn, CurrentVersion="K1", TargetNumberOfBrokerNodes=4)
        self.refused("BadRequestException", self.kafka.update_broker_count, "multiple", ClusterArn=arn, CurrentVersion=before, TargetNumberOfBrokerNodes=3)
        made = self.kafka.update_broker_count(ClusterArn=arn, CurrentVersion=before, TargetNumberOfBrokerNodes=4)
        self.assertEqual(self.state(arn), "UPDATING")
        self.refused("BadRequestException", self.kafka.update_broker_count, "UPDATING", ClusterArn=arn, CurrentVersion=before, TargetNumberOfBrokerNodes=6)
        self.refused("BadRequestException", self.kafka.delete_cluster, "UPDATING", ClusterArn=arn)
        self.advance("kafka:cluster:update")
        self.assertEqual(self.state(arn), "ACTIVE")
        self.assertNotEqual(self.version(arn), before)
        self.assertEqual(len(self.kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]), 4)
        found = self.kafka.describe_cluster_operation(ClusterOperationArn=made["ClusterOperationArn"])
        self.assertEqual(found["ClusterOperationInfo"]["OperationState"], "UPDATE_COMPLETE")

    def test_disks_grow_only(self):
        arn = self.active()
        sizes = lambda size: [{"KafkaBrokerNodeId": "All", "VolumeSizeGB": size}]
        self.refused("BadRequestException", self.kafka.update_broker_storage, "more", ClusterArn=arn, CurrentVersion=self.version(arn), TargetBrokerEBSVolumeInfo=sizes(1000))
        self.kafka.update_broker_storage(ClusterArn=arn, CurrentVersion=self.version(arn), TargetBrokerEBSVolumeInfo=sizes(1100))
        self.advance("kafka:cluster:update")
        nodes = self.kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["Provisioned"]["BrokerNodeGroupInfo"]
        self.assertEqual(nodes["StorageInfo"]["EbsStorageInfo"]["VolumeSize"], 1100)

    def test_other_updates(self):
        arn, configuration = self.active(), self.configuration()["Arn"]
        self.kafka.update_cluster_configuration(ClusterArn=arn, CurrentVersion=self.version(arn), ConfigurationInfo={"Arn": configuration, "Revision": 1})
        self.advance("kafka:cluster:update")
        self.kafka.update_security(ClusterArn=arn, CurrentVersion=self.version(arn), ClientAuthentication={"Unauthenticated": {"Enabled": True}})
        self.advance("kafka:cluster:update")
        self.kafka.update_broker_type(ClusterArn=arn, CurrentVersion=self.version(arn), TargetInstanceType="kafka.m7g.xlarge")
        self.advance("kafka:cluster:update")
        found = self.kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]["Provisioned"]
        self.assertEqual(found["CurrentBrokerSoftwareInfo"]["ConfigurationArn"], configuration)
        self.assertEqual(found["ClientAuthentication"], {"Unauthenticated": {"Enabled": True}})
        self.assertEqual(found["BrokerNodeGroupInfo"]["InstanceType"], "kafka.m7g.xlarge")
        self.assertNotIn("BootstrapBrokerStringSaslScram", self.kafka.get_bootstrap_brokers(ClusterArn=arn))

    def test_lists_have_pages_and_filters(self):
        for name in ("a1", "a2", "b1"):
            self.cluster(name)
        page = self.kafka.list_clusters_v2(ClusterNameFilter="a", MaxResults=1)
        self.assertEqual([one["ClusterName"] for one in page["ClusterInfoList"]], ["a1"])
        page = self.kafka.list_clusters_v2(ClusterNameFilter="a", MaxResults=1, NextToken=page["NextToken"])
        self.assertEqual([one["ClusterName"] for one in page["ClusterInfoList"]], ["a2"])
        self.assertNotIn("NextToken", page)
        self.assertIn("3.6.0", [one["Version"] for one in self.kafka.list_kafka_versions()["KafkaVersions"]])

    def test_the_older_calls(self):
        brokers = self.brokers()
        arn = self.kafka.create_cluster(ClusterName="old", **brokers)["ClusterArn"]
        self.advance("kafka:cluster:create")
        [listed] = self.kafka.list_clusters()["ClusterInfoList"]
        self.assertEqual((listed["ClusterArn"], listed["NumberOfBrokerNodes"]), (arn, 2))
        self.assertEqual(self.kafka.list_clusters_v2(ClusterTypeFilter="SERVERLESS")["ClusterInfoList"], [])
        targets = self.kafka.get_compatible_kafka_versions(ClusterArn=arn)["CompatibleKafkaVersions"][0]["TargetVersions"]
        self.assertIn("3.8.x", targets)
        self.kafka.update_cluster_kafka_version(ClusterArn=arn, CurrentVersion=self.version(arn), TargetKafkaVersion="3.8.x")
        self.advance("kafka:cluster:update")
        self.kafka.update_monitoring(ClusterArn=arn, CurrentVersion=self.version(arn), EnhancedMonitoring="PER_BROKER")
        self.advance("kafka:cluster:update")
        found = self.kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
        self.assertEqual((found["CurrentBrokerSoftwareInfo"]["KafkaVersion"], found["EnhancedMonitoring"]), ("3.8.x", "PER_BROKER"))
        kinds = [one["OperationType"] for one in self.kafka.list_cluster_operations(ClusterArn=arn)["ClusterOperationInfoList"]]
        self.assertEqual(kinds, ["UPDATE_CLUSTER_KAFKA_VERSION", "UPDATE_MONITORING"])

    def test_an_update_can_fail(self):
        arn = self.active()
        control("POST", "faults", {"service": "kafka", "kind": "fail", "reason": "no capacity"})
        made = self.kafka.update_broker_count(ClusterArn=arn, CurrentVersion=self.version(arn), TargetNumberOfBrokerNodes=4)
        self.advance("kafka:cluster:update")
        found = self.kafka.describe_cluster_operation(ClusterOperationArn=made["ClusterOperationArn"])["ClusterOperationInfo"]
        self.assertEqual((found["OperationState"], found["ErrorInfo"]["ErrorString"]), ("UPDATE_FAILED", "no capacity"))
        self.assertEqual(len(self.kafka.list_nodes(ClusterArn=arn)["NodeInfoList"]), 2)

    def test_tags(self):
        arn = self.cluster()
        self.kafka.tag_resource(ResourceArn=arn, Tags={"c": "d"})
        self.kafka.untag_resource(ResourceArn=arn, TagKeys=["a"])
        self.assertEqual(self.kafka.list_tags_for_resource(ResourceArn=arn)["Tags"], {"c": "d"})

    # --- SCRAM ---

    def secret(self, name="AmazonMSK_one", value=None, **more):
        value = value or json.dumps({"username": "u", "password": "p"})
        return self.secrets.create_secret(Name=name, SecretString=value, **more)["ARN"]

    def unprocessed(self, cluster, arn):
        found = self.kafka.batch_associate_scram_secret(ClusterArn=cluster, SecretArnList=[arn])["UnprocessedScramSecrets"]
        return [(one["ErrorCode"], one["ErrorMessage"]) for one in found]

    def test_a_login_is_associated_once_its_secret_is_known(self):
        cluster, key = self.active(), self.key()
        arn = self.secret(KmsKeyId=key)
        refused = self.unprocessed(cluster, arn)
        self.assertEqual(refused, [("InvalidSecretArn", "Amazon MSK wasn't able to access the provided secret.")])
        self.advance("secretsmanager:secret:usable-by-kafka")
        self.assertEqual(self.unprocessed(cluster, arn), [])
        self.assertEqual(self.kafka.list_scram_secrets(ClusterArn=cluster)["SecretArnList"], [arn])
        self.assertIn("kafka.amazonaws.com", self.secrets.get_resource_policy(SecretId=arn)["ResourcePolicy"])
        self.assertEqual([one["works"] for one in control("GET", "logins")], [False])
        self.advance("kafka:scram:login")
        self.assertEqual([(one["username"], one["works"]) for one in control("GET", "logins")], [("u", True)])
        self.kafka.batch_disassociate_scram_secret(ClusterArn=cluster, SecretArnList=[arn])
        self.assertEqual(self.kafka.list_scram_secrets(ClusterArn=cluster)["SecretArnList"], [])
        self.assertNotIn("ResourcePolicy", self.secrets.get_resource_policy(SecretId=arn))

    def test_secrets_that_cannot_be_logins(self):
        cluster, key = self.active(), self.key()
        wrong = {
            "prefix": self.secret("other", KmsKeyId=key), "default": self.secret("AmazonMSK_default"),
            "JSON": self.secret("AmazonMSK_text", value="plain", KmsKeyId=key),
        }
        self.advance("secretsmanager:secret:usable-by-kafka")
        for word, arn in wrong.items():
            [(code, message)] = self.unprocessed(cluster, arn)
            self.assertEqual(code, "InvalidSecretArn")
            self.assertIn(word, message)
        self.refused("BadRequestException", self.kafka.batch_associate_scram_secret, "10", ClusterArn=cluster, SecretArnList=["x"] * 11)

    def test_logins_need_an_active_cluster_with_scram(self):
        creating = self.cluster()
        self.refused("BadRequestException", self.kafka.batch_associate_scram_secret, "CREATING", ClusterArn=creating, SecretArnList=["x"])
        plain = self.active(name="m2", ClientAuthentication={"Unauthenticated": {"Enabled": True}})
        self.refused("BadRequestException", self.kafka.batch_associate_scram_secret, "not enabled", ClusterArn=plain, SecretArnList=["x"])

    def test_a_creation_can_fail(self):
        control("POST", "faults", {"service": "kafka", "kind": "fail", "reason": "no capacity", "code": "Capacity"})
        arn = self.cluster()
        control("DELETE", "faults")
        self.advance("kafka:cluster:create")
        found = self.kafka.describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
        self.assertEqual((found["State"], found["StateInfo"]), ("FAILED", {"Code": "Capacity", "Message": "no capacity"}))
        self.refused("BadRequestException", self.kafka.get_bootstrap_brokers, "FAILED", ClusterArn=arn)
        self.kafka.delete_cluster(ClusterArn=arn)
