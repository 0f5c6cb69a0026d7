"""S3: what a new bucket is like, and policies that are none."""

import json
import xml.etree.ElementTree as xml

from moto.s3.models import FakeBucket, PublicAccessBlock

from .. import policy
from ..errors import AwsError
from ..moto_side import backend
from .hooks import after, before


def _permission(bucket, action, resource):
    """A bucket policy with its conditions; the stage's clients count as coming over TLS."""
    from moto.iam.access_control import PermissionResult

    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    context = {"aws:SecureTransport": "true"}
    found = json.loads(bucket.policy)["Statement"]
    found = [one for one in (found if isinstance(found, list) else [found]) if policy.applies(one, action, resource, context)]
    if any(one["Effect"] == "Deny" for one in found):
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if found else PermissionResult.NEUTRAL


FakeBucket.get_permission = _permission


def bucket_name(request):
    return request.route_path.split("/")[1]


@after("s3", "CreateBucket")
def defaults(request, _given, _response):
    s3, name = backend("s3"), bucket_name(request)
    bucket = s3.head_bucket(name)
    if not bucket.public_access_block:
        bucket.public_access_block = PublicAccessBlock(True, True, True, True)
    if not bucket.encryption:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
        bucket.encryption = {"Rule": rule}
    if not getattr(bucket, "ownership_rule", None):
        bucket.ownership_rule = "BucketOwnerEnforced"


@after("s3", "CreateBucket")
def tags(request, _given, _response):
    """Tags that come with the request; moto drops them."""
    if not request.body:
        return
    found = {}
    for tag in xml.fromstring(request.body).iterfind(".//{*}Tags/{*}Tag"):
        found[tag.findtext("{*}Key")] = tag.findtext("{*}Value")
    if found:
        s3 = backend("s3")
        s3.put_bucket_tagging(bucket_name(request), found)


@before("s3", "PutBucketPolicy")
def policy_is_one(_request, _given):
    try:
        statements = json.loads(_request.body)["Statement"]
        good = bool(statements) and all("Principal" in one for one in (statements if isinstance(statements, list) else [statements]))
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
