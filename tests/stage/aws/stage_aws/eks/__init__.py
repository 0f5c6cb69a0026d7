"""Amazon EKS."""

from ..errors import AwsError
from ..rest_json import Service
from ..stage import OURS
from .access import Access
from .addons import Addons
from .clusters import Clusters
from .fargate import Fargate
from .nodegroups import Nodegroups
from .updates import Updates


class Region:
    def __init__(self):
        self.clusters = {}


class Eks(Clusters, Nodegroups, Fargate, Addons, Access, Updates, Service):
    name = "eks"
    invalid_codes = ("InvalidParameterException", "InvalidRequestException", "BadRequestException")

    def __init__(self):
        self.regions = {}

    def reset(self):
        self.regions.clear()

    @property
    def region(self):
        return self.regions.setdefault(self.request.region, Region())

    def all_clusters(self):
        return [cluster for region in self.regions.values() for cluster in region.clusters.values()]

    def _tags(self, arn):
        for cluster in self.region.clusters.values():
            for one in (cluster, *cluster.nodegroups.values(), *cluster.addons.values(), *cluster.entries.values()):
                if one.arn == arn:
                    return one.tags
        raise AwsError("NotFoundException", f"The resource {arn} does not exist.", 404)

    def TagResource(self, resourceArn, tags):
        self._tags(resourceArn).update(tags)

    def UntagResource(self, resourceArn, tagKeys):
        for key in tagKeys:
            self._tags(resourceArn).pop(key, None)

    def ListTagsForResource(self, resourceArn):
        return {"tags": self._tags(resourceArn)}


EKS = OURS["eks"] = Eks()
