"""MSK clusters: made, described, deleted."""

import hashlib
import json
import pathlib
import re
import uuid

from .. import ACCOUNT, neighbours
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from . import brokers
from .configurations import bad

VERSIONS = json.loads((pathlib.Path(__file__).parent / "versions.json").read_text())
NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,62}[0-9A-Za-z])?")
TYPE = re.compile(r"(kafka|express)\.(t3\.small|m5\.(large|(2|4|8|12|16|24)?xlarge)|m7g\.(large|(2|4|8|12|16)?xlarge))")


class Cluster:
    """One cluster and what it is doing."""

    def __init__(self, region, name, provisioned, tags):
        self.region, self.name, self.provisioned, self.tags = region, name, provisioned, tags
        self.arn = f"arn:aws:kafka:{region}:{ACCOUNT}:cluster/{name}/{uuid.uuid4()}-7"
        self.state, self.state_info = "CREATING", None
        self.created = STAGE.clock.date()
        self.changes = 0
        self.configuration = provisioned.get("ConfigurationInfo")
        self.operations = []
        self.active_operation = None
        # Associated secrets and when they were: ARN -> virtual seconds.
        self.secrets = {}
        self.interfaces = []

    @property
    def current_version(self):
        digest = hashlib.sha256(f"{self.arn} {self.changes}".encode()).hexdigest().upper()
        return "K" + digest[:13]

    @property
    def hosts(self):
        short = re.sub(r"[^0-9a-z]", "", self.name.lower())[:20]
        mark = hashlib.sha256(self.arn.encode()).hexdigest()[:6]
        count = self.provisioned["NumberOfBrokerNodes"]
        return [f"b-{n}.{short}.{mark}.c2.kafka.{self.region}.amazonaws.com" for n in range(1, count + 1)]

    @property
    def has_scram(self):
        sasl = self.provisioned.get("ClientAuthentication", {}).get("Sasl", {})
        return sasl.get("Scram", {}).get("Enabled", False)

    def match_interfaces(self):
        """One interface for each broker, in its subnet."""
        nodes = self.provisioned["BrokerNodeGroupInfo"]
        subnets = nodes["ClientSubnets"]
        for n in range(len(self.interfaces), self.provisioned["NumberOfBrokerNodes"]):
            self.interfaces.append(neighbours.attach_interface(
                self.region, subnets[n % len(subnets)], nodes["SecurityGroups"],
                f"DO NOT DELETE - Amazon MSK network interface for cluster {self.arn}", "amazon-msk",
                {"AWSMSKManaged": "true", "ClusterArn": self.arn},
            ))

    def release_interfaces(self):
        for interface in self.interfaces:
            neighbours.detach_interface(self.region, interface)
        self.interfaces = []

    def common(self):
        shown = {
            "ClusterArn": self.arn, "ClusterName": self.name, "CreationTime": self.created, "State": self.state,
            "CurrentVersion": self.current_version, "Tags": self.tags, "ActiveOperationArn": self.active_operation,
        }
        return shown | ({"StateInfo": self.state_info} if self.state_info else {})

    def brokers(self):
        """What DescribeCluster has beside the names, in both versions of the API."""
        shown = dict(self.provisioned)
        version = shown.pop("KafkaVersion")
        shown.pop("ConfigurationInfo", None)
        software = {"KafkaVersion": version}
        if self.configuration:
            software |= {
                "ConfigurationArn": self.configuration["Arn"], "ConfigurationRevision": self.configuration["Revision"],
            }
        if self.state in ("ACTIVE", "UPDATING") and not version.endswith("kraft"):
            hosts = [host.replace("b-", "z-", 1) for host in self.hosts[:3]]
            shown["ZookeeperConnectString"] = ",".join(f"{host}:2181" for host in hosts)
            shown["ZookeeperConnectStringTls"] = ",".join(f"{host}:2182" for host in hosts)
        return shown | {"CurrentBrokerSoftwareInfo": software, "CustomerActionStatus": "NONE"}


class Clusters:
    """Part of the MSK service: clusters themselves."""

    def _cluster(self, arn):
        found = self.region.clusters.get(arn)
        if not found:
            raise AwsError("NotFoundException", "The cluster does not exist.", 404, invalidParameter="clusterArn")
        return found

    def _known_versions(self, versions):
        for version in versions:
            if version not in offered():
                raise bad(f"Unsupported KafkaVersion [{version}].", invalidParameter="kafkaVersion")

    def _checked_network(self, provisioned):
        nodes = provisioned["BrokerNodeGroupInfo"]
        if not TYPE.fullmatch(nodes["InstanceType"]):
            raise bad(f"Unsupported InstanceType [{nodes['InstanceType']}].", invalidParameter="instanceType")
        found = [neighbours.subnet(self.request.region, subnet) for subnet in nodes["ClientSubnets"]]
        if None in found or not 2 <= len(found) <= 3:
            raise bad("One or more subnets are not valid. Give two or three that exist.", invalidParameter="clientSubnets")
        if len({subnet.vpc_id for subnet in found}) > 1:
            raise bad("The subnets must be in one VPC.", invalidParameter="clientSubnets")
        if len({subnet.availability_zone for subnet in found}) < len(found):
            raise bad("The subnets must be in different Availability Zones.", invalidParameter="clientSubnets")
        if provisioned["NumberOfBrokerNodes"] % len(found):
            raise bad(
                "The number of broker nodes must be a multiple of Availability Zones in the Client Subnets parameter.",
                invalidParameter="numberOfBrokerNodes",
            )
        nodes.setdefault("BrokerAZDistribution", "DEFAULT")
        nodes.setdefault("ConnectivityInfo", {"PublicAccess": {"Type": "DISABLED"}})
        nodes.setdefault("StorageInfo", {"EbsStorageInfo": {"VolumeSize": 1000}})
        if not nodes.get("SecurityGroups"):
            ec2 = neighbours.backend("ec2", self.request.region)
            nodes["SecurityGroups"] = [ec2.get_default_security_group(found[0].vpc_id).id]
        for group in nodes["SecurityGroups"]:
            there = neighbours.security_group(self.request.region, group)
            if not there or there.vpc_id != found[0].vpc_id:
                raise bad(f"The security group {group} does not exist in the VPC.", invalidParameter="securityGroups")

    def _checked_configuration(self, information):
        found = self.region.configurations.get(information["Arn"])
        if not found or not 1 <= information["Revision"] <= len(found["revisions"]):
            raise bad("The configuration or its revision does not exist.", invalidParameter="configurationInfo")
        return found

    def _checked_encryption(self, provisioned):
        encryption = provisioned.setdefault("EncryptionInfo", {})
        encryption.setdefault("EncryptionInTransit", {})
        encryption["EncryptionInTransit"] = {"ClientBroker": "TLS", "InCluster": True} | encryption["EncryptionInTransit"]
        rest = encryption.get("EncryptionAtRest")
        arn = f"arn:aws:kms:{self.request.region}:{ACCOUNT}:alias/aws/kafka"
        if rest:
            key = neighbours.key(self.request.region, rest["DataVolumeKMSKeyId"])
            if not neighbours.key_is_usable(key):
                raise bad(f"The KMS key {rest['DataVolumeKMSKeyId']} cannot be used.", invalidParameter="dataVolumeKMSKeyId")
            arn = key.arn
        encryption["EncryptionAtRest"] = {"DataVolumeKMSKeyId": arn}

    def CreateClusterV2(self, ClusterName, Provisioned=None, Serverless=None, Tags=None):
        if Serverless or not Provisioned:
            raise bad("The stage has provisioned clusters only.", invalidParameter="provisioned")
        if not NAME.fullmatch(ClusterName):
            raise bad("The cluster name is invalid.", invalidParameter="clusterName")
        self._known_versions([Provisioned["KafkaVersion"]])
        self._checked_network(Provisioned)
        if "ConfigurationInfo" in Provisioned:
            self._checked_configuration(Provisioned["ConfigurationInfo"])
        self._checked_encryption(Provisioned)
        Provisioned.setdefault("EnhancedMonitoring", "DEFAULT")
        Provisioned.setdefault("StorageMode", "LOCAL")
        if any(cluster.name == ClusterName for cluster in self.region.clusters.values()):
            raise AwsError("ConflictException", "A resource with this name already exists.", 409, invalidParameter="clusterName")
        made = Cluster(self.request.region, ClusterName, Provisioned, Tags or {})
        self.region.clusters[made.arn] = made
        made.match_interfaces()
        fails = self.request.fails_later
        STAGE.clock.after("kafka:cluster:create", lambda: _created(made, fails))
        return {"ClusterArn": made.arn, "ClusterName": ClusterName, "State": made.state, "ClusterType": "PROVISIONED"}

    def CreateCluster(self, ClusterName, Tags=None, **provisioned):
        made = self.CreateClusterV2(ClusterName, provisioned, Tags=Tags)
        del made["ClusterType"]
        return made

    def _describe_v2(self, cluster):
        return cluster.common() | {"ClusterType": "PROVISIONED", "Provisioned": cluster.brokers()}

    def DescribeClusterV2(self, ClusterArn):
        return {"ClusterInfo": self._describe_v2(self._cluster(ClusterArn))}

    def DescribeCluster(self, ClusterArn):
        cluster = self._cluster(ClusterArn)
        return {"ClusterInfo": cluster.common() | cluster.brokers()}

    def _listed(self, prefix):
        return [cluster for cluster in self.region.clusters.values() if cluster.name.startswith(prefix or "")]

    def ListClustersV2(self, ClusterNameFilter=None, ClusterTypeFilter=None, MaxResults=None, NextToken=None):
        found = [] if ClusterTypeFilter == "SERVERLESS" else self._listed(ClusterNameFilter)
        found, token = page(found, MaxResults, NextToken)
        return {"ClusterInfoList": [self._describe_v2(one) for one in found], "NextToken": token}

    def ListClusters(self, ClusterNameFilter=None, MaxResults=None, NextToken=None):
        found, token = page(self._listed(ClusterNameFilter), MaxResults, NextToken)
        return {"ClusterInfoList": [one.common() | one.brokers() for one in found], "NextToken": token}

    def GetBootstrapBrokers(self, ClusterArn):
        # This operation's model has no NotFoundException.
        cluster = self.region.clusters.get(ClusterArn)
        if not cluster:
            raise bad("The cluster does not exist.", invalidParameter="clusterArn")
        if cluster.state not in ("ACTIVE", "UPDATING"):
            raise bad(f"You can't get bootstrap broker nodes for a cluster in {cluster.state} state.", invalidParameter="clusterArn")
        given = STAGE.options.get("kafka_bootstrap")
        answer = {}
        if cluster.has_scram:
            answer["BootstrapBrokerStringSaslScram"] = given or ",".join(f"{host}:9096" for host in cluster.hosts[:3])
        authentication = cluster.provisioned.get("ClientAuthentication", {})
        if not cluster.has_scram or authentication.get("Unauthenticated", {}).get("Enabled"):
            answer["BootstrapBrokerStringTls"] = ",".join(f"{host}:9094" for host in cluster.hosts[:3])
        return answer

    def ListNodes(self, ClusterArn, MaxResults=None, NextToken=None):
        cluster = self._cluster(ClusterArn)
        found, token = page([_node(cluster, n) for n in range(len(cluster.interfaces))], MaxResults, NextToken)
        return {"NodeInfoList": found if cluster.state in ("ACTIVE", "UPDATING") else [], "NextToken": token}

    def DeleteCluster(self, ClusterArn, CurrentVersion=None):
        cluster = self._cluster(ClusterArn)
        if cluster.state not in ("ACTIVE", "FAILED"):
            raise bad(f"You can't delete cluster in {cluster.state} state.", invalidParameter="clusterArn")
        if CurrentVersion and CurrentVersion != cluster.current_version:
            raise bad("The version of the cluster isn't current. Check the current version and try again.", invalidParameter="currentVersion")
        cluster.state = "DELETING"
        region = self.region
        STAGE.clock.after("kafka:cluster:delete", lambda: _deleted(region, cluster))
        return {"ClusterArn": ClusterArn, "State": "DELETING"}

    def ListKafkaVersions(self, MaxResults=None, NextToken=None):
        found, token = page([{"Version": name, "Status": status} for name, status in offered().items()], MaxResults, NextToken)
        return {"KafkaVersions": found, "NextToken": token}

    def GetCompatibleKafkaVersions(self, ClusterArn=None):
        names = list(offered())
        sources = [self._cluster(ClusterArn).provisioned["KafkaVersion"]] if ClusterArn else names
        found = [{"SourceVersion": source, "TargetVersions": names[names.index(source) + 1:]} for source in sources]
        return {"CompatibleKafkaVersions": found}


def offered():
    """The versions of Kafka that the region has, with their status."""
    return {name: status for name, status in VERSIONS.items() if name not in STAGE.without_kafka}


def _created(cluster, fails):
    if fails:
        cluster.state = "FAILED"
        cluster.state_info = {"Code": fails["code"] or "InternalServerError", "Message": fails["reason"]}
    else:
        cluster.state = "ACTIVE"
    cluster.changes += 1


def _deleted(region, cluster):
    cluster.release_interfaces()
    for arn in cluster.secrets:
        brokers.remove(arn)
    del region.clusters[cluster.arn]


def _node(cluster, n):
    interface = neighbours.backend("ec2", cluster.region).enis[cluster.interfaces[n]]
    nodes = cluster.provisioned["BrokerNodeGroupInfo"]
    return {
        "NodeType": "BROKER", "InstanceType": nodes["InstanceType"].removeprefix("kafka."),
        "NodeARN": f"{cluster.arn.replace(':cluster/', ':broker/')}/{n + 1}",
        "AddedToClusterTime": cluster.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "BrokerNodeInfo": {
            "AttachedENIId": interface.id, "BrokerId": float(n + 1), "ClientSubnet": interface.subnet.id,
            "ClientVpcIpAddress": interface.private_ip_address, "Endpoints": [cluster.hosts[n]],
            "CurrentBrokerSoftwareInfo": cluster.brokers()["CurrentBrokerSoftwareInfo"],
        },
    }
