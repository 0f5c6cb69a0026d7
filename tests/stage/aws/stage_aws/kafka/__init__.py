"""Amazon MSK."""

from ..errors import AwsError
from ..rest_json import Service
from ..stage import OURS
from . import brokers
from .clusters import Clusters
from .configurations import Configurations
from .scram import Scram
from .updates import Updates


class Region:
    def __init__(self):
        self.clusters, self.configurations, self.operations = {}, {}, {}


class Kafka(Clusters, Configurations, Scram, Updates, Service):
    name = "kafka"
    invalid_codes = ("BadRequestException",)

    def __init__(self):
        self.regions = {}

    def reset(self):
        brokers.remove_all()
        self.regions.clear()

    @property
    def region(self):
        return self.regions.setdefault(self.request.region, Region())

    def _tags(self, arn):
        if arn in self.region.clusters:
            return self.region.clusters[arn].tags
        raise AwsError("NotFoundException", "The resource does not exist.", 404, invalidParameter="resourceArn")

    def TagResource(self, ResourceArn, Tags):
        self._tags(ResourceArn).update(Tags)

    def UntagResource(self, ResourceArn, TagKeys):
        for key in TagKeys:
            self._tags(ResourceArn).pop(key, None)

    def ListTagsForResource(self, ResourceArn):
        return {"Tags": self._tags(ResourceArn)}


KAFKA = OURS["kafka"] = Kafka()
