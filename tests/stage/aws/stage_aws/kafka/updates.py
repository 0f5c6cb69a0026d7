"""Changes of MSK clusters: one at a time, each against the current version."""

import uuid

from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from .clusters import TYPE
from .configurations import bad

STALE = "The version of the cluster isn't current. Check the current version and try again."


class Updates:
    """Part of the MSK service: everything that makes a cluster UPDATING."""

    def _start(self, arn, current_version, kind, change):
        cluster = self._changeable(arn, current_version)
        operation_arn = f"{arn.replace(':cluster/', ':cluster-operation/')}/{uuid.uuid4()}"
        operation = {
            "OperationArn": operation_arn, "ClusterArn": arn, "OperationType": kind, "OperationState": "UPDATE_IN_PROGRESS",
            "CreationTime": STAGE.clock.date(),
        }
        self.region.operations[operation_arn] = operation
        cluster.state, cluster.active_operation = "UPDATING", operation_arn
        fails = self.request.fails_later

        def done():
            if fails:
                operation["ErrorInfo"] = {"ErrorCode": fails["code"] or "InternalError", "ErrorString": fails["reason"]}
            else:
                change(cluster)
            operation["OperationState"] = "UPDATE_FAILED" if fails else "UPDATE_COMPLETE"
            operation["EndTime"] = STAGE.clock.date()
            cluster.state, cluster.active_operation = "ACTIVE", None
            cluster.changes += 1

        STAGE.clock.after("kafka:cluster:update", done)
        return {"ClusterArn": arn, "ClusterOperationArn": operation_arn}

    def _changeable(self, arn, current_version):
        cluster = self._cluster(arn)
        if cluster.state != "ACTIVE":
            raise bad(f"You can't update cluster in {cluster.state} state.", invalidParameter="clusterArn")
        if current_version != cluster.current_version:
            raise bad(STALE, invalidParameter="currentVersion")
        return cluster

    def UpdateClusterConfiguration(self, ClusterArn, ConfigurationInfo, CurrentVersion):
        self._checked_configuration(ConfigurationInfo)

        def change(cluster):
            cluster.configuration = ConfigurationInfo

        return self._start(ClusterArn, CurrentVersion, "UPDATE_CLUSTER_CONFIGURATION", change)

    def UpdateBrokerCount(self, ClusterArn, CurrentVersion, TargetNumberOfBrokerNodes):
        provisioned = self._changeable(ClusterArn, CurrentVersion).provisioned
        if TargetNumberOfBrokerNodes <= provisioned["NumberOfBrokerNodes"]:
            raise bad("The number of broker nodes must be more than now.", invalidParameter="targetNumberOfBrokerNodes")
        if TargetNumberOfBrokerNodes % len(provisioned["BrokerNodeGroupInfo"]["ClientSubnets"]):
            raise bad("The number of broker nodes must be a multiple of Availability Zones.", invalidParameter="targetNumberOfBrokerNodes")

        def change(cluster):
            cluster.provisioned["NumberOfBrokerNodes"] = TargetNumberOfBrokerNodes
            cluster.match_interfaces()

        return self._start(ClusterArn, CurrentVersion, "INCREASE_BROKER_COUNT", change)

    def UpdateBrokerStorage(self, ClusterArn, CurrentVersion, TargetBrokerEBSVolumeInfo):
        provisioned = self._changeable(ClusterArn, CurrentVersion).provisioned
        disk = provisioned["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]
        sizes = {target.get("VolumeSizeGB") for target in TargetBrokerEBSVolumeInfo}
        if [target["KafkaBrokerNodeId"] for target in TargetBrokerEBSVolumeInfo] != ["All"] or None in sizes:
            raise bad("Give one volume size for all brokers.", invalidParameter="targetBrokerEBSVolumeInfo")
        size = sizes.pop()
        if size <= disk["VolumeSize"]:
            raise bad("The volume size must be more than now.", invalidParameter="targetBrokerEBSVolumeInfo")

        def change(cluster):
            cluster.provisioned["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] = size

        return self._start(ClusterArn, CurrentVersion, "UPDATE_BROKER_STORAGE", change)

    def UpdateBrokerType(self, ClusterArn, CurrentVersion, TargetInstanceType):
        if not TYPE.fullmatch(TargetInstanceType):
            raise bad(f"Unsupported InstanceType [{TargetInstanceType}].", invalidParameter="targetInstanceType")

        def change(cluster):
            cluster.provisioned["BrokerNodeGroupInfo"]["InstanceType"] = TargetInstanceType

        return self._start(ClusterArn, CurrentVersion, "UPDATE_BROKER_TYPE", change)

    def UpdateClusterKafkaVersion(self, ClusterArn, CurrentVersion, TargetKafkaVersion, ConfigurationInfo=None):
        self._known_versions([TargetKafkaVersion])
        if ConfigurationInfo:
            self._checked_configuration(ConfigurationInfo)

        def change(cluster):
            cluster.provisioned["KafkaVersion"] = TargetKafkaVersion
            cluster.configuration = ConfigurationInfo or cluster.configuration

        return self._start(ClusterArn, CurrentVersion, "UPDATE_CLUSTER_KAFKA_VERSION", change)

    def UpdateSecurity(self, ClusterArn, CurrentVersion, ClientAuthentication=None, EncryptionInfo=None):
        def change(cluster):
            if ClientAuthentication:
                cluster.provisioned["ClientAuthentication"] = ClientAuthentication
            if EncryptionInfo and "EncryptionInTransit" in EncryptionInfo:
                cluster.provisioned["EncryptionInfo"]["EncryptionInTransit"] |= EncryptionInfo["EncryptionInTransit"]

        return self._start(ClusterArn, CurrentVersion, "UPDATE_SECURITY", change)

    def UpdateMonitoring(self, ClusterArn, CurrentVersion, **changes):
        return self._start(ClusterArn, CurrentVersion, "UPDATE_MONITORING", lambda cluster: cluster.provisioned.update(changes))

    def DescribeClusterOperation(self, ClusterOperationArn):
        found = self.region.operations.get(ClusterOperationArn)
        if not found:
            raise AwsError("NotFoundException", "The operation does not exist.", 404, invalidParameter="clusterOperationArn")
        return {"ClusterOperationInfo": found}

    def ListClusterOperations(self, ClusterArn, MaxResults=None, NextToken=None):
        found = [one for one in self.region.operations.values() if one["ClusterArn"] == ClusterArn]
        found, token = page(found, MaxResults, NextToken)
        return {"ClusterOperationInfoList": found, "NextToken": token}


