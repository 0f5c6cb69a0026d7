"""Managed node groups: their role, their machines as interfaces, their health."""

import uuid

from .. import ACCOUNT, neighbours
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from .clusters import VERSIONS, assumable, invalid
from .updates import Update

# A node joins the cluster only with these; either of the registry's two will do.
NEEDED = (("AmazonEKSWorkerNodePolicy",), ("AmazonEKS_CNI_Policy",), ("AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly"))
RELEASES = {"1.31": "1.31.14", "1.32": "1.32.10", "1.33": "1.33.6", "1.34": "1.34.2"}


def release(version):
    return f"{RELEASES[version]}-20260101"


class Nodegroup:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.id = str(uuid.uuid4())
        self.arn = f"arn:aws:eks:{cluster.region}:{ACCOUNT}:nodegroup/{cluster.name}/{name}/{self.id}"
        self.status, self.health, self.interfaces = "CREATING", [], []
        self.shown, self.tags = {}, {}

    def describe(self):
        return self.shown | {
            "nodegroupName": self.name, "nodegroupArn": self.arn, "clusterName": self.cluster.name, "status": self.status,
            "health": {"issues": self.health}, "tags": self.tags,
        }

    def match_machines(self):
        """As many machines as are desired, spread over the subnets."""
        wanted, subnets = self.shown["scalingConfig"]["desiredSize"], self.shown["subnets"]
        while len(self.interfaces) > wanted:
            neighbours.detach_interface(self.cluster.region, self.interfaces.pop())
        while len(self.interfaces) < wanted:
            self.interfaces.append(neighbours.attach_interface(
                self.cluster.region, subnets[len(self.interfaces) % len(subnets)], [self.cluster.security_group],
                f"aws-K8S-{self.name}-{len(self.interfaces)}", "amazon-eks",
                {"eks:cluster-name": self.cluster.name, "eks:nodegroup-name": self.name},
            ))

    def gone(self):
        for interface in self.interfaces:
            neighbours.detach_interface(self.cluster.region, interface)


class Nodegroups:
    """Part of the EKS service: node groups."""

    def _nodegroup(self, cluster_name, name):
        found = self._cluster(cluster_name).nodegroups.get(name)
        if not found:
            raise AwsError(
                "ResourceNotFoundException", f"No node group found for name: {name}.", 404, clusterName=cluster_name, nodegroupName=name
            )
        return found

    def CreateNodegroup(self, clusterName, nodegroupName, subnets, nodeRole, scalingConfig=None, clientRequestToken=None, **given):
        cluster = self._cluster(clusterName)
        again = cluster.nodegroups.get(nodegroupName)
        if again and clientRequestToken and again.token == clientRequestToken:
            return {"nodegroup": again.describe()}
        if again:
            message = f"NodeGroup already exists with name {nodegroupName} and cluster name {clusterName}"
            raise AwsError("ResourceInUseException", message, 409, clusterName=clusterName, nodegroupName=nodegroupName)
        if cluster.status != "ACTIVE":
            raise AwsError("InvalidRequestException", f"Cluster '{clusterName}' is not in ACTIVE status", 400, clusterName=clusterName)
        role = assumable(nodeRole, "ec2.amazonaws.com")
        vpc = cluster.shown["resourcesVpcConfig"]["vpcId"]
        for subnet in subnets:
            there = neighbours.subnet(self.request.region, subnet)
            if not there or there.vpc_id != vpc:
                raise invalid(f"The subnet ID '{subnet}' does not exist in the VPC of the cluster", clusterName=clusterName)
        scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 2} | (scalingConfig or {})
        if not scaling["minSize"] <= scaling["desiredSize"] <= scaling["maxSize"]:
            raise invalid("Minimum capacity can't be greater than desired size, nor that than maximum capacity", clusterName=clusterName)
        version = given.pop("version", cluster.shown["version"])
        if version not in VERSIONS or version > cluster.shown["version"]:
            raise invalid(f"Requested Nodegroup version {version} is not supported by the cluster", clusterName=clusterName)
        made = Nodegroup(cluster, nodegroupName)
        made.token, made.tags = clientRequestToken, given.pop("tags", {})
        defaults = {
            "capacityType": "ON_DEMAND", "amiType": "AL2023_x86_64_STANDARD", "labels": {}, "updateConfig": {"maxUnavailable": 1},
        }
        if "launchTemplate" not in given:
            defaults |= {"instanceTypes": ["t3.medium"], "diskSize": 20}
        made.shown = defaults | given | {
            "version": version, "releaseVersion": given.get("releaseVersion", release(version)), "scalingConfig": scaling,
            "subnets": subnets, "nodeRole": nodeRole, "createdAt": STAGE.clock.date(), "modifiedAt": STAGE.clock.date(),
            "resources": {"autoScalingGroups": [{"name": f"eks-{nodegroupName}-{made.id}"}]},
        }
        cluster.nodegroups[nodegroupName] = made
        made.match_machines()
        fails = self.request.fails_later
        STAGE.clock.after("eks:nodegroup:create", lambda: _created(self, made, role, fails))
        return {"nodegroup": made.describe()}

    def DescribeNodegroup(self, clusterName, nodegroupName):
        return {"nodegroup": self._nodegroup(clusterName, nodegroupName).describe()}

    def ListNodegroups(self, clusterName, maxResults=None, nextToken=None):
        found, token = page(sorted(self._cluster(clusterName).nodegroups), maxResults, nextToken)
        return {"nodegroups": found, "nextToken": token}

    def _start(self, nodegroup, kind, params, duration, then):
        if nodegroup.status not in ("ACTIVE", "DEGRADED"):
            message = f"Nodegroup cannot be updated as it is currently not in Active State but {nodegroup.status}"
            raise AwsError("ResourceInUseException", message, 409, nodegroupName=nodegroup.name)
        update = Update(kind, params, nodegroup=nodegroup.name)
        nodegroup.cluster.updates[update.id] = update
        nodegroup.status = "UPDATING"
        fails = self.request.fails_later

        def done():
            nodegroup.status = "ACTIVE"
            nodegroup.shown["modifiedAt"] = STAGE.clock.date()
            update.finish(fails)
            if not fails:
                then()

        STAGE.clock.after(duration, done)
        return {"update": update.describe()}

    def UpdateNodegroupConfig(self, clusterName, nodegroupName, scalingConfig=None, labels=None, taints=None, updateConfig=None, **_rest):
        nodegroup = self._nodegroup(clusterName, nodegroupName)
        scaling = nodegroup.shown["scalingConfig"] | (scalingConfig or {})
        if not scaling["minSize"] <= scaling["desiredSize"] <= scaling["maxSize"]:
            raise invalid("Minimum capacity can't be greater than desired size, nor that than maximum capacity", clusterName=clusterName)
        names = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredSize"}
        params = [(names[key], value) for key, value in (scalingConfig or {}).items()]

        def then():
            nodegroup.shown["scalingConfig"] = scaling
            nodegroup.shown["labels"] |= (labels or {}).get("addOrUpdateLabels", {})
            for key in (labels or {}).get("removeLabels", []):
                nodegroup.shown["labels"].pop(key, None)
            kept = [taint for taint in nodegroup.shown.get("taints", []) if taint not in (taints or {}).get("removeTaints", [])]
            nodegroup.shown["taints"] = kept + (taints or {}).get("addOrUpdateTaints", [])
            nodegroup.shown["updateConfig"] = updateConfig or nodegroup.shown["updateConfig"]
            nodegroup.match_machines()

        return self._start(nodegroup, "ConfigUpdate", params, "eks:nodegroup:update", then)

    def UpdateNodegroupVersion(self, clusterName, nodegroupName, version=None, releaseVersion=None, launchTemplate=None, **_rest):
        nodegroup = self._nodegroup(clusterName, nodegroupName)
        version = version or nodegroup.cluster.shown["version"]
        if version not in VERSIONS or version > nodegroup.cluster.shown["version"]:
            raise invalid(f"Requested Nodegroup version {version} is not supported by the cluster", clusterName=clusterName)

        def then():
            nodegroup.shown |= {"version": version, "releaseVersion": releaseVersion or release(version)}

        params = [("Version", version), ("ReleaseVersion", releaseVersion or release(version))]
        return self._start(nodegroup, "VersionUpdate", params, "eks:nodegroup:update-version", then)

    def DeleteNodegroup(self, clusterName, nodegroupName):
        nodegroup = self._nodegroup(clusterName, nodegroupName)
        if nodegroup.status not in ("ACTIVE", "DEGRADED", "CREATE_FAILED"):
            message = f"Nodegroup is in {nodegroup.status} status"
            raise AwsError("ResourceInUseException", message, 409, clusterName=clusterName, nodegroupName=nodegroupName)
        nodegroup.status = "DELETING"

        def done():
            nodegroup.gone()
            del nodegroup.cluster.nodegroups[nodegroupName]
            self.judge_addons(nodegroup.cluster)

        STAGE.clock.after("eks:nodegroup:delete", done)
        return {"nodegroup": nodegroup.describe()}


def _created(service, nodegroup, role, fails):
    have = neighbours.attached_policies(role)
    lacking = ["|".join(names) for names in NEEDED if not have & set(names)]
    if fails:
        nodegroup.health = [{"code": fails["code"] or "NodeCreationFailure", "message": fails["reason"], "resourceIds": []}]
    elif lacking:
        message = f"Instances failed to join the kubernetes cluster (the node role lacks {', '.join(lacking)})"
        nodegroup.health = [{"code": "NodeCreationFailure", "message": message, "resourceIds": []}]
    nodegroup.status = "CREATE_FAILED" if nodegroup.health else "ACTIVE"
    service.judge_addons(nodegroup.cluster)
