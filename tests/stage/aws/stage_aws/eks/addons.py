"""EKS add-ons: some run without nodes, some do not."""

import json
import uuid

from .. import ACCOUNT, neighbours
from ..clock import DURATIONS
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from .clusters import VERSIONS, invalid
from .updates import Update

# Name -> its default version for each version of Kubernetes, whether it needs nodes, whether it wants a role.
KNOWN = {
    "vpc-cni": {"versions": {version: "v1.20.5-eksbuild.1" for version in VERSIONS}, "nodes": False, "role": True},
    "kube-proxy": {"versions": {version: f"v{version}.1-eksbuild.2" for version in VERSIONS}, "nodes": False, "role": False},
    "coredns": {"versions": {version: "v1.12.4-eksbuild.1" for version in VERSIONS}, "nodes": True, "role": False},
    "aws-ebs-csi-driver": {"versions": {version: "v1.53.0-eksbuild.1" for version in VERSIONS}, "nodes": True, "role": True},
    "eks-pod-identity-agent": {"versions": {version: "v1.3.10-eksbuild.1" for version in VERSIONS}, "nodes": False, "role": False},
    "metrics-server": {"versions": {version: "v0.8.0-eksbuild.3" for version in VERSIONS}, "nodes": True, "role": False},
}
REPLICAS = "The add-on is unhealthy because it doesn't have the desired number of replicas."


class Addon:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.arn = f"arn:aws:eks:{cluster.region}:{ACCOUNT}:addon/{cluster.name}/{name}/{uuid.uuid4()}"
        self.status, self.health, self.shown, self.tags = "CREATING", [], {}, {}
        self.since = STAGE.clock.now

    def describe(self):
        return self.shown | {
            "addonName": self.name, "clusterName": self.cluster.name, "status": self.status, "addonArn": self.arn,
            "health": {"issues": self.health}, "tags": self.tags,
        }

    def judge(self):
        """What state it is in, once its time has come or nodes came or went."""
        if self.status not in ("CREATING", "ACTIVE", "DEGRADED") or STAGE.clock.now < self.since:
            return
        has_nodes = any(group.status in ("ACTIVE", "UPDATING", "DEGRADED") for group in self.cluster.nodegroups.values())
        lacks_nodes = KNOWN[self.name]["nodes"] and not has_nodes
        self.status = "DEGRADED" if lacks_nodes else "ACTIVE"
        self.health = [{"code": "InsufficientNumberOfReplicas", "message": REPLICAS, "resourceIds": []}] if lacks_nodes else []


class Addons:
    """Part of the EKS service: add-ons."""

    def judge_addons(self, cluster):
        """Nodes came or went; pods need a little to follow."""
        for addon in cluster.addons.values():
            addon.judge()

    def _addon(self, cluster_name, name):
        found = self._cluster(cluster_name).addons.get(name)
        if not found:
            raise AwsError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster_name}", 404,
                           clusterName=cluster_name, addonName=name)
        return found

    def _checked(self, cluster, name, version, role, configuration):
        if name not in KNOWN:
            raise invalid(f"Addon {name} specified is not supported", addonName=name)
        default = KNOWN[name]["versions"].get(cluster.shown["version"])
        if version not in (None, default):
            message = f"Addon version specified is not supported: {name} {version} on {cluster.shown['version']}"
            raise invalid(message, addonName=name)
        if role and not neighbours.role(role):
            raise invalid(f"Role {role} does not exist or cannot be seen yet", addonName=name)
        if configuration:
            try:
                json.loads(configuration)
            except ValueError:  # YAML is taken as well
                if ":" not in configuration:
                    raise invalid("ConfigurationValue provided in request is not supported", addonName=name) from None
        return version or default

    def CreateAddon(self, clusterName, addonName, addonVersion=None, serviceAccountRoleArn=None, clientRequestToken=None,
                    configurationValues=None, tags=None, resolveConflicts=None, **_rest):
        cluster = self._cluster(clusterName)
        again = cluster.addons.get(addonName)
        if again and clientRequestToken and again.token == clientRequestToken:
            return {"addon": again.describe()}
        if again:
            raise AwsError("ResourceInUseException", "Addon already exists.", 409, clusterName=clusterName, addonName=addonName)
        if cluster.status != "ACTIVE":
            raise AwsError("InvalidRequestException", f"Cluster '{clusterName}' is not in ACTIVE status", 400, clusterName=clusterName)
        version = self._checked(cluster, addonName, addonVersion, serviceAccountRoleArn, configurationValues)
        made = Addon(cluster, addonName)
        made.token, made.tags = clientRequestToken, tags or {}
        made.shown = {"addonVersion": version, "createdAt": STAGE.clock.date(), "modifiedAt": STAGE.clock.date(),
                      "publisher": "eks", "owner": "aws"}
        if serviceAccountRoleArn:
            made.shown["serviceAccountRoleArn"] = serviceAccountRoleArn
        if configurationValues:
            made.shown["configurationValues"] = configurationValues
        cluster.addons[addonName] = made
        specific = f"eks:addon:{addonName}:create"
        duration = DURATIONS.get(specific, DURATIONS["eks:addon:create"])
        made.since = STAGE.clock.now + duration
        fails = self.request.fails_later

        def done():
            if fails and made.status == "CREATING":
                made.status = "CREATE_FAILED"
                made.health = [{"code": fails["code"] or "InternalFailure", "message": fails["reason"], "resourceIds": []}]
            made.judge()

        STAGE.clock.after(duration, done)
        return {"addon": made.describe()}

    def DescribeAddon(self, clusterName, addonName):
        return {"addon": self._addon(clusterName, addonName).describe()}

    def ListAddons(self, clusterName, maxResults=None, nextToken=None):
        found, token = page(sorted(self._cluster(clusterName).addons), maxResults, nextToken)
        return {"addons": found, "nextToken": token}

    def UpdateAddon(self, clusterName, addonName, addonVersion=None, serviceAccountRoleArn=None, configurationValues=None,
                    resolveConflicts=None, **_rest):
        addon = self._addon(clusterName, addonName)
        if addon.status in ("CREATING", "UPDATING", "DELETING"):
            raise AwsError("ResourceInUseException", f"Addon is in {addon.status} status", 409, clusterName=clusterName, addonName=addonName)
        self._checked(addon.cluster, addonName, addonVersion, serviceAccountRoleArn, configurationValues)
        given = {"addonVersion": addonVersion, "serviceAccountRoleArn": serviceAccountRoleArn, "configurationValues": configurationValues}
        given = {key: value for key, value in given.items() if value is not None}
        names = {"addonVersion": "AddonVersion", "serviceAccountRoleArn": "ServiceAccountRoleArn", "configurationValues": "ConfigurationValues"}
        update = Update("AddonUpdate", [(names[key], value) for key, value in given.items()], addon=addonName)
        addon.cluster.updates[update.id] = update
        addon.status = "UPDATING"
        fails = self.request.fails_later

        def done():
            update.finish(fails)
            if not fails:
                addon.shown |= given | {"modifiedAt": STAGE.clock.date()}
            addon.status = "ACTIVE"
            addon.judge()

        STAGE.clock.after("eks:addon:update", done)
        return {"update": update.describe()}

    def DeleteAddon(self, clusterName, addonName, preserve=False):
        addon = self._addon(clusterName, addonName)
        addon.status = "DELETING"
        STAGE.clock.after("eks:addon:delete", lambda: addon.cluster.addons.pop(addonName, None))
        return {"addon": addon.describe()}

    def DescribeAddonVersions(self, kubernetesVersion=None, addonName=None, maxResults=None, nextToken=None, **_rest):
        if addonName and addonName not in KNOWN:
            raise AwsError("ResourceNotFoundException", f"Addon {addonName} is not known", 404, addonName=addonName)
        found = []
        for name, known in KNOWN.items():
            if addonName not in (None, name):
                continue
            versions = {}
            for kubernetes, version in known["versions"].items():
                if kubernetesVersion in (None, kubernetes):
                    compatible = {"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": True}
                    versions.setdefault(version, []).append(compatible)
            found.append({
                "addonName": name, "type": "networking", "publisher": "eks", "owner": "aws",
                "addonVersions": [
                    {"addonVersion": version, "architecture": ["amd64", "arm64"], "computeTypes": ["ec2"], "compatibilities": places,
                     "requiresConfiguration": False, "requiresIamPermissions": known["role"]}
                    for version, places in versions.items()
                ],
            })
        found, token = page(found, maxResults, nextToken)
        return {"addons": found, "nextToken": token}
