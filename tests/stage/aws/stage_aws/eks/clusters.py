"""EKS clusters: made, described, changed, deleted."""

import base64
import hashlib
import pathlib
import re
import secrets

from .. import ACCOUNT, neighbours
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from . import oidc
from .updates import Update

# Version -> its platform version, whether it is the default, support.
VERSIONS = {
    "1.34": ("eks.9", True, "STANDARD_SUPPORT"), "1.33": ("eks.16", False, "STANDARD_SUPPORT"),
    "1.32": ("eks.23", False, "STANDARD_SUPPORT"), "1.31": ("eks.39", False, "EXTENDED_SUPPORT"),
}
DEFAULT_VERSION = next(name for name, (_, default, _) in VERSIONS.items() if default)
LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def invalid(message, **fields):
    return AwsError("InvalidParameterException", message, 400, **fields)


def assumable(arn, service):
    """The role, if that service can assume it by now."""
    if not re.fullmatch(r"arn:aws:iam::\d{12}:role/.+", arn):
        raise invalid(f"Invalid role ARN: {arn}")
    found = neighbours.role(arn)
    if not found or not neighbours.trusts_service(found, service):
        raise invalid(f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct")
    return found


class Cluster:
    def __init__(self, region, name):
        self.region, self.name = region, name
        self.arn = f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{name}"
        self.status = "CREATING"
        self.shown = {}
        self.tags = {}
        self.hex = STAGE.options.get("kubernetes_issuer_id") or secrets.token_hex(16).upper()
        self.issuer = f"https://oidc.eks.{region}.amazonaws.com/id/{self.hex}"
        self.key = oidc.new_key()
        self.interfaces = []
        self.security_group = None
        self.health = []
        self.nodegroups, self.fargate, self.addons, self.entries, self.updates = {}, {}, {}, {}, {}

    @property
    def is_settled(self):
        return self.status != "CREATING"

    def describe(self):
        network = dict(self.shown["resourcesVpcConfig"])
        if self.security_group:
            network["clusterSecurityGroupId"] = self.security_group
        cluster = self.shown | {
            "name": self.name, "arn": self.arn, "status": self.status, "tags": self.tags, "resourcesVpcConfig": network,
            "health": {"issues": self.health},
        }
        if self.is_settled and self.status != "FAILED":
            cluster |= {
                "endpoint": STAGE.options.get("kubernetes_endpoint")
                or f"https://{self.hex}.gr7.{self.region}.eks.amazonaws.com",
                "certificateAuthority": {"data": _certificate(self)},
                "identity": {"oidc": {"issuer": self.issuer}},
            }
        return cluster

    def made(self):
        """What EKS puts into the VPC: the security group of the cluster, and its interfaces."""
        network = self.shown["resourcesVpcConfig"]
        ec2 = neighbours.backend("ec2", self.region)
        number = int(hashlib.sha256(self.name.encode()).hexdigest()[:8], 16)
        name = f"eks-cluster-sg-{self.name}-{number}"
        group = ec2.create_security_group(
            name, "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads.", network["vpcId"],
            {"aws:eks:cluster-name": self.name, f"kubernetes.io/cluster/{self.name}": "owned", "Name": name},
        )
        ec2.authorize_security_group_ingress(
            group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}], vpc_id=network["vpcId"],
        )
        self.security_group = group.id
        groups = [group.id, *network["securityGroupIds"]]
        for subnet in network["subnetIds"][:2]:
            self.interfaces.append(neighbours.attach_interface(
                self.region, subnet, groups, f"Amazon EKS {self.name}", "amazon-eks",
                {f"kubernetes.io/cluster/{self.name}": "owned"},
            ))

    def gone(self):
        for interface in self.interfaces:
            neighbours.detach_interface(self.region, interface)
        if self.security_group:
            neighbours.backend("ec2", self.region).groups[self.shown["resourcesVpcConfig"]["vpcId"]].pop(self.security_group, None)

    def start_update(self, kind, params, duration, then, fails):
        """A real Update: in progress, then successful; the cluster is UPDATING meanwhile."""
        update = Update(kind, params)
        self.updates[update.id] = update
        self.status = "UPDATING"

        def done():
            self.status = "ACTIVE"
            update.finish(fails)
            if not fails:
                then()

        STAGE.clock.after(duration, done)
        return update


def _certificate(cluster):
    given = STAGE.options.get("kubernetes_ca")
    if given:
        return base64.b64encode(pathlib.Path(given).read_bytes()).decode()
    return base64.b64encode(oidc.certificate(cluster).encode()).decode()


class Clusters:
    """Part of the EKS service: clusters themselves."""

    def _cluster(self, name):
        found = self.region.clusters.get(name)
        if not found:
            raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404, clusterName=name)
        return found

    def _active(self, name):
        cluster = self._cluster(name)
        if cluster.status != "ACTIVE":
            code = "ResourceInUseException"
            raise AwsError(code, f"Cluster '{name}' is not in ACTIVE status: {cluster.status}", 409, clusterName=name)
        return cluster

    def _network(self, given):
        subnets = given.get("subnetIds") or []
        found = []
        for subnet in subnets:
            there = neighbours.subnet(self.request.region, subnet)
            if not there:
                raise invalid(f"The subnet ID '{subnet}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound)")
            found.append(there)
        if len({subnet.availability_zone for subnet in found}) < 2:
            raise invalid("Subnets specified must be in at least two different AZs")
        if len({subnet.vpc_id for subnet in found}) > 1:
            raise invalid("Subnets specified must be in the same VPC")
        for group in given.get("securityGroupIds", []):
            there = neighbours.security_group(self.request.region, group)
            if not there or there.vpc_id != found[0].vpc_id:
                raise invalid(f"The security group '{group}' does not exist")
        public = given.get("endpointPublicAccess", True)
        private = given.get("endpointPrivateAccess", False)
        if not public and not private:
            raise invalid("Private and public endpoint access cannot both be false")
        return {
            "subnetIds": subnets, "securityGroupIds": given.get("securityGroupIds", []), "vpcId": found[0].vpc_id,
            "endpointPublicAccess": public, "endpointPrivateAccess": private,
            "publicAccessCidrs": given.get("publicAccessCidrs", ["0.0.0.0/0"] if public else []),
        }

    def _checked_encryption(self, configs):
        for config in configs:
            key = neighbours.key(self.request.region, config.get("provider", {}).get("keyArn", ""))
            if not neighbours.key_is_usable(key):
                raise invalid("The keyArn in encryptionConfig provider is not found, or cannot be used")
            if config.get("resources") != ["secrets"]:
                raise invalid("The resources in encryptionConfig must be [secrets]")

    def CreateCluster(self, name, roleArn, resourcesVpcConfig, version=DEFAULT_VERSION, accessConfig=None, tags=None, **rest):
        token = rest.get("clientRequestToken")
        again = self.region.clusters.get(name)
        if again and token and again.shown.get("clientRequestToken") == token:
            return {"cluster": again.describe()}
        if again:
            raise AwsError("ResourceInUseException", f"Cluster already exists with name: {name}", 409, clusterName=name)
        if version not in VERSIONS:
            raise invalid(f"unsupported Kubernetes version {version}", clusterName=name)
        network = self._network(resourcesVpcConfig)
        assumable(roleArn, "eks.amazonaws.com")
        self._checked_encryption(rest.get("encryptionConfig", []))
        access = {"bootstrapClusterCreatorAdminPermissions": True, "authenticationMode": "CONFIG_MAP"} | (accessConfig or {})
        cluster = Cluster(self.request.region, name)
        cluster.tags = tags or {}
        cluster.shown = {
            "roleArn": roleArn, "version": version, "platformVersion": VERSIONS[version][0],
            "createdAt": STAGE.clock.date(), "resourcesVpcConfig": network, "accessConfig": access,
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"} | rest.get("kubernetesNetworkConfig", {}),
            "logging": _logging(rest.get("logging")), "encryptionConfig": rest.get("encryptionConfig", []),
            "upgradePolicy": rest.get("upgradePolicy", {"supportType": "EXTENDED"}),
            "deletionProtection": rest.get("deletionProtection", False),
        }
        if token:
            cluster.shown["clientRequestToken"] = token
        self.region.clusters[name] = cluster
        cluster.made()
        # Shown only once it is ACTIVE.
        group, cluster.security_group = cluster.security_group, None
        creator, fails = self.request.caller, self.request.fails_later
        STAGE.clock.after("eks:cluster:create", lambda: self._created(cluster, group, creator, fails))
        cluster.group_to_be = group
        return {"cluster": cluster.describe()}

    def _created(self, cluster, group, creator, fails):
        cluster.security_group = group
        if fails:
            cluster.status = "FAILED"
            cluster.health = [{"code": fails["code"] or "InternalFailure", "message": fails["reason"], "resourceIds": []}]
            return
        cluster.status = "ACTIVE"
        access = cluster.shown["accessConfig"]
        if access["authenticationMode"] != "CONFIG_MAP" and access["bootstrapClusterCreatorAdminPermissions"]:
            self.admit(cluster, creator)

    def DescribeCluster(self, name):
        return {"cluster": self._cluster(name).describe()}

    def ListClusters(self, maxResults=None, nextToken=None, include=None):
        found, token = page(sorted(self.region.clusters), maxResults, nextToken)
        return {"clusters": found, "nextToken": token}

    def DeleteCluster(self, name):
        cluster = self._cluster(name)
        if cluster.nodegroups:
            raise AwsError("ResourceInUseException", "Cluster has nodegroups attached", 409, clusterName=name)
        if cluster.fargate:
            raise AwsError("ResourceInUseException", "Cluster has Fargate profiles attached", 409, clusterName=name)
        if cluster.status not in ("ACTIVE", "FAILED"):
            raise AwsError("ResourceInUseException", f"Cluster is in {cluster.status} status", 409, clusterName=name)
        if cluster.shown["deletionProtection"]:
            raise AwsError("InvalidRequestException", "Cluster has deletion protection enabled", 400, clusterName=name)
        cluster.status = "DELETING"
        region = self.region

        def done():
            cluster.gone()
            del region.clusters[name]

        STAGE.clock.after("eks:cluster:delete", done)
        return {"cluster": cluster.describe()}

    def UpdateClusterConfig(self, name, clientRequestToken=None, **changes):
        cluster = self._active(name)
        if len(changes) != 1:
            raise AwsError("InvalidParameterException", "Exactly one type of update is allowed at a time", 400, clusterName=name)
        shown = dict(cluster.shown)
        kind, params = "ConfigUpdate", []
        if "logging" in changes:
            kind, shown["logging"] = "LoggingUpdate", _logging(changes["logging"], cluster.shown["logging"])
            params = [("ClusterLogging", str(changes["logging"]))]
        elif "resourcesVpcConfig" in changes:
            kind, given = "EndpointAccessUpdate", changes["resourcesVpcConfig"]
            if "subnetIds" in given or "securityGroupIds" in given:
                kind = "VpcConfigUpdate"
            merged = {name: value for name, value in shown["resourcesVpcConfig"].items() if name != "vpcId"} | given
            shown["resourcesVpcConfig"] = self._network(merged)
            names = {"endpointPublicAccess": "EndpointPublicAccess", "endpointPrivateAccess": "EndpointPrivateAccess",
                     "publicAccessCidrs": "PublicAccessCidrs", "subnetIds": "Subnets", "securityGroupIds": "SecurityGroups"}
            params = [(names[key], str(value).lower()) for key, value in given.items() if key in names]
        elif "accessConfig" in changes:
            kind = "AccessConfigUpdate"
            mode = changes["accessConfig"]["authenticationMode"]
            order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
            if order.index(mode) < order.index(shown["accessConfig"]["authenticationMode"]):
                raise AwsError("InvalidParameterException", "The authentication mode cannot go back", 400, clusterName=name)
            shown["accessConfig"] = shown["accessConfig"] | changes["accessConfig"]
            params = [("AuthenticationMode", mode)]
        elif "upgradePolicy" in changes or "deletionProtection" in changes:
            shown |= changes
            kind = "UpgradePolicyUpdate" if "upgradePolicy" in changes else "DeletionProtectionUpdate"
        else:
            raise AwsError("NotEmulated", f"the stage does not emulate the change of {sorted(changes)}", 501)
        if shown == cluster.shown:
            raise invalid("No changes needed for the cluster config provided", clusterName=name)
        update = cluster.start_update(kind, params, "eks:cluster:update", lambda: cluster.shown.update(shown), self.request.fails_later)
        return {"update": update.describe()}

    def UpdateClusterVersion(self, name, version, clientRequestToken=None, force=False, rollbackConfig=None):
        cluster = self._active(name)
        now = cluster.shown["version"]
        if version not in VERSIONS or int(version.split(".")[1]) != int(now.split(".")[1]) + 1:
            raise invalid(f"Unsupported Kubernetes minor version update from {now} to {version}", clusterName=name)

        def then():
            cluster.shown["version"], cluster.shown["platformVersion"] = version, VERSIONS[version][0]

        params = [("Version", version), ("PlatformVersion", VERSIONS[version][0])]
        update = cluster.start_update("VersionUpdate", params, "eks:cluster:update-version", then, self.request.fails_later)
        return {"update": update.describe()}

    def DescribeClusterVersions(self, clusterVersions=None, defaultOnly=False, maxResults=None, nextToken=None, **_rest):
        found = []
        for version, (platform, default, support) in VERSIONS.items():
            if (clusterVersions and version not in clusterVersions) or (defaultOnly and not default):
                continue
            found.append({
                "clusterVersion": version, "clusterType": "eks", "defaultPlatformVersion": platform, "defaultVersion": default,
                "status": support.lower().replace("_", "-"), "versionStatus": support,
            })
        found, token = page(found, maxResults, nextToken)
        return {"clusterVersions": found, "nextToken": token}


def _logging(given, before=None):
    """Every type of log, on or off."""
    on = {kind for setup in (before or {}).get("clusterLogging", []) if setup["enabled"] for kind in setup["types"]}
    for setup in (given or {}).get("clusterLogging", []):
        on = on | set(setup["types"]) if setup.get("enabled") else on - set(setup["types"])
    groups = [(sorted(on), True), ([kind for kind in LOG_TYPES if kind not in on], False)]
    return {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in groups if types]}


