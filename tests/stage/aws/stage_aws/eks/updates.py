"""EKS's Updates: of clusters, node groups and add-ons."""

import uuid

from ..errors import AwsError
from ..rest_json import page
from ..stage import STAGE


class Update:
    def __init__(self, kind, params, nodegroup=None, addon=None):
        self.id, self.kind, self.nodegroup, self.addon = str(uuid.uuid4()), kind, nodegroup, addon
        self.params = [{"type": name, "value": str(value)} for name, value in params]
        self.status, self.created, self.errors = "InProgress", STAGE.clock.date(), []

    def finish(self, fails=None):
        self.status = "Failed" if fails else "Successful"
        if fails:
            self.errors = [{"errorCode": fails["code"] or "Unknown", "errorMessage": fails["reason"], "resourceIds": []}]

    def describe(self):
        return {
            "id": self.id, "status": self.status, "type": self.kind, "params": self.params, "createdAt": self.created,
            "errors": self.errors,
        }


class Updates:
    """Part of the EKS service: what became of an update."""

    def DescribeUpdate(self, name, updateId, nodegroupName=None, addonName=None, capabilityName=None):
        found = self._cluster(name).updates.get(updateId)
        if not found or (found.nodegroup, found.addon) != (nodegroupName, addonName):
            raise AwsError("ResourceNotFoundException", f"No update found for ID: {updateId}", 404, clusterName=name)
        return {"update": found.describe()}

    def ListUpdates(self, name, nodegroupName=None, addonName=None, capabilityName=None, nextToken=None, maxResults=None):
        updates = self._cluster(name).updates.values()
        found = [one.id for one in updates if (one.nodegroup, one.addon) == (nodegroupName, addonName)]
        found, token = page(found, maxResults, nextToken)
        return {"updateIds": found, "nextToken": token}
