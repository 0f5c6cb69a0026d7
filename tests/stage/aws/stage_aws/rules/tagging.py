"""Resource Groups Tagging: moto lacks EKS, MSK of ours, NAT gateways and more; the inventory has them all."""

import json

from .. import ACCOUNT
from ..http import Response
from .hooks import instead

EC2_KINDS = {"address": "elastic-ip", "nat-gateway": "natgateway"}
# Seen from a region other than us-east-1, IAM has no part in it.
UNSEEN = {"iam"}
PER_PAGE = 50


def arn(thing):
    if thing["service"] == "ec2":
        return f"arn:aws:ec2:{thing['region']}:{ACCOUNT}:{EC2_KINDS.get(thing['kind'], thing['kind'])}/{thing['id']}"
    return f"arn:aws:s3:::{thing['id']}" if thing["service"] == "s3" else thing["id"]


def _is_of_type(name, types):
    """`ec2:vpc`, or a whole service."""
    service, rest = name.split(":", 5)[2], name.split(":", 5)[5]
    kind = rest.replace(":", "/").partition("/")[0]
    return not types or service in types or f"{service}:{kind}" in types


def _matches(tags, filters):
    return all(
        one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters
    )


@instead("resourcegroupstaggingapi", "GetResources")
def get_resources(request, given):
    from .. import inventory  # looks at all services, which use these rules

    taken = inventory.take()
    things = taken["present"] + [thing for thing in taken["leaving"] if thing["service"] == "kms"]
    found = []
    for thing in things:
        tags = thing.get("tags")
        if not tags or thing["service"] in UNSEEN or thing.get("region", request.region) != request.region:
            continue
        name = arn(thing)
        if _is_of_type(name, given.get("ResourceTypeFilters")) and _matches(tags, given.get("TagFilters", [])):
            found.append({"ResourceARN": name, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]})
    found.sort(key=lambda one: one["ResourceARN"])
    if given.get("ResourceARNList"):
        found = [one for one in found if one["ResourceARN"] in given["ResourceARNList"]]
    start = int(given.get("PaginationToken") or 0)
    end = start + given.get("ResourcesPerPage", PER_PAGE)
    answer = {"ResourceTagMappingList": found[start:end], "PaginationToken": str(end) if end < len(found) else ""}
    return Response(200, {"content-type": "application/x-amz-json-1.1"}, json.dumps(answer))
