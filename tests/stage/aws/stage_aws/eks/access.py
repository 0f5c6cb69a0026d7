"""Access entries and their policies."""

import uuid

from .. import ACCOUNT, neighbours
from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE
from .clusters import invalid

POLICIES = ("AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy")
PREFIX = "arn:aws:eks::aws:cluster-access-policy/"


class Entry:
    def __init__(self, cluster, principal, **shown):
        kind, _, name = principal.split(":", 5)[5].partition("/")
        name = name.rpartition("/")[2]
        self.arn = f"arn:aws:eks:{cluster.region}:{ACCOUNT}:access-entry/{cluster.name}/{kind}/{ACCOUNT}/{name}/{uuid.uuid4()}"
        self.policies, self.tags = {}, shown.pop("tags", None) or {}
        username = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{{{{SessionName}}}}" if kind == "role" else principal
        self.shown = {
            "clusterName": cluster.name, "principalArn": principal, "accessEntryArn": self.arn, "createdAt": STAGE.clock.date(),
            "modifiedAt": STAGE.clock.date(), "kubernetesGroups": [], "username": username, "type": "STANDARD",
        } | {key: value for key, value in shown.items() if value is not None}

    def describe(self):
        return self.shown | {"tags": self.tags}

    def associate(self, policy, scope):
        now = STAGE.clock.date()
        made = self.policies.get(policy, {"policyArn": policy, "associatedAt": now})
        self.policies[policy] = made | {"accessScope": scope, "modifiedAt": now}
        return self.policies[policy]


class Access:
    """Part of the EKS service: who may use a cluster's API server."""

    def admit(self, cluster, principal):
        """The creator as an administrator."""
        if principal.endswith(":root"):
            return
        entry = cluster.entries[principal] = Entry(cluster, principal)
        entry.associate(PREFIX + "AmazonEKSClusterAdminPolicy", {"type": "cluster", "namespaces": []})

    def _with_entries(self, name):
        cluster = self._cluster(name)
        if cluster.shown["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
            raise AwsError("InvalidRequestException", message, 400, clusterName=name)
        return cluster

    def _entry(self, name, principal):
        found = self._with_entries(name).entries.get(principal)
        if not found:
            message = f"The specified principalArn could not be found. You can view your available access entries with 'list-access-entries': {principal}"
            raise AwsError("ResourceNotFoundException", message, 404, clusterName=name)
        return found

    def CreateAccessEntry(self, clusterName, principalArn, clientRequestToken=None, **given):
        cluster = self._with_entries(clusterName)
        if cluster.status != "ACTIVE":
            raise AwsError("InvalidRequestException", f"Cluster is in {cluster.status} status", 400, clusterName=clusterName)
        if principalArn in cluster.entries:
            message = "The specified access entry resource is already in use on this cluster."
            raise AwsError("ResourceInUseException", message, 409, clusterName=clusterName)
        users = {user.arn for user in neighbours.backend("iam").users.values()}
        if principalArn not in users and not neighbours.role(principalArn):
            raise invalid(f"The specified principalArn is invalid: invalid principal: {principalArn}", clusterName=clusterName)
        entry = cluster.entries[principalArn] = Entry(cluster, principalArn, **given)
        return {"accessEntry": entry.describe()}

    def DescribeAccessEntry(self, clusterName, principalArn):
        return {"accessEntry": self._entry(clusterName, principalArn).describe()}

    def ListAccessEntries(self, clusterName, associatedPolicyArn=None, maxResults=None, nextToken=None):
        entries = self._with_entries(clusterName).entries
        found = [arn for arn, entry in sorted(entries.items()) if associatedPolicyArn in (None, *entry.policies)]
        found, token = page(found, maxResults, nextToken)
        return {"accessEntries": found, "nextToken": token}

    def UpdateAccessEntry(self, clusterName, principalArn, clientRequestToken=None, **given):
        entry = self._entry(clusterName, principalArn)
        entry.shown |= given | {"modifiedAt": STAGE.clock.date()}
        return {"accessEntry": entry.describe()}

    def DeleteAccessEntry(self, clusterName, principalArn):
        self._entry(clusterName, principalArn)
        del self._cluster(clusterName).entries[principalArn]

    def AssociateAccessPolicy(self, clusterName, principalArn, policyArn, accessScope):
        entry = self._entry(clusterName, principalArn)
        if policyArn.removeprefix(PREFIX) not in POLICIES:
            raise invalid("The policyArn parameter format is not valid", clusterName=clusterName)
        if (accessScope.get("type") == "namespace") != bool(accessScope.get("namespaces")):
            raise invalid("Namespaces go with the scope namespace, and only with it", clusterName=clusterName)
        made = entry.associate(policyArn, {"namespaces": []} | accessScope)
        return {"clusterName": clusterName, "principalArn": principalArn, "associatedAccessPolicy": made}

    def DisassociateAccessPolicy(self, clusterName, principalArn, policyArn):
        if not self._entry(clusterName, principalArn).policies.pop(policyArn, None):
            raise AwsError("ResourceNotFoundException", "The policy is not associated", 404, clusterName=clusterName)

    def ListAssociatedAccessPolicies(self, clusterName, principalArn, maxResults=None, nextToken=None):
        found, token = page(list(self._entry(clusterName, principalArn).policies.values()), maxResults, nextToken)
        return {"clusterName": clusterName, "principalArn": principalArn, "associatedAccessPolicies": found, "nextToken": token}

    def ListAccessPolicies(self, maxResults=None, nextToken=None):
        found, token = page([{"name": name, "arn": PREFIX + name} for name in POLICIES], maxResults, nextToken)
        return {"accessPolicies": found, "nextToken": token}
