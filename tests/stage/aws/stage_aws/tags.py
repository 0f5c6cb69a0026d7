"""Tags that anything carries, by its ARN."""

from . import neighbours
from .moto_side import backend
from .stage import OURS


def pairs(tags):
    """`[{Key, Value}]`, with either service's spelling, as a map."""
    return {one.get("Key", one.get("TagKey")): one.get("Value", one.get("TagValue")) for one in tags or []}


def of_ec2(ec2, resource_id):
    return dict(ec2.tags.get(resource_id, {}))


def _iam(arn):
    iam = backend("iam")
    for one in [*iam.roles.values(), *iam.open_id_providers.values()]:
        if one.arn == arn:
            return {tag["Key"]: tag["Value"] for tag in (one.tags.values() if isinstance(one.tags, dict) else one.tags)}
    policy = iam.managed_policies.get(arn)
    return {tag["Key"]: tag["Value"] for tag in policy.tags.values()} if policy else {}


def of(arn, region):
    """The tags, or none."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return {}
    service, name = parts[2], parts[5]
    if service == "ec2":
        return of_ec2(backend("ec2", region), name.rpartition("/")[2])
    if service == "iam":
        return _iam(arn)
    if service == "kms":
        key = neighbours.key(region, arn)
        return pairs(backend("kms", region).tagger.list_tags_for_resource(key.id).get("Tags")) if key else {}
    if service == "secretsmanager":
        found = backend("secretsmanager", region).secrets.get(arn)
        return pairs(found.tags) if found else {}
    if service == "s3":
        tagger = backend("s3").tagger
        return pairs(tagger.list_tags_for_resource(arn.partition("/")[0]).get("Tags"))
    if service == "elasticloadbalancing":
        return pairs(backend("elbv2", region).tagging_service.list_tags_for_resource(arn).get("Tags"))
    return _ours(service, arn)


def _ours(service, arn):
    found = OURS.get(service)
    for region in found.regions.values() if found else ():
        for cluster in region.clusters.values():
            for one in (cluster, *(part for parts in ("nodegroups", "addons", "entries") for part in getattr(cluster, parts, {}).values())):
                if one.arn == arn:
                    return dict(one.tags)
    return {}
