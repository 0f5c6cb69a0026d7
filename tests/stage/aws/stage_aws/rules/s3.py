"""S3: what a new bucket is like, and policies that are none."""

import json
import xml.etree.ElementTree as xml

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, PublicAccessBlock

from .. import policy
from ..errors import AwsError
from ..moto_side import backend
from .hooks import after, before


def denied_by_bucket(request, action, resource):
    """Whether the bucket's policy denies that; the stage's clients count as coming over TLS."""
    bucket = backend("s3").buckets.get(bucket_name(request))
    if not bucket or bucket.policy is None or "BucketPolicy" in request.operation:
        return False
    found = policy.as_list(json.loads(bucket.policy)["Statement"])
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": request.caller}
    return any(one["Effect"] == "Deny" and policy.applies(one, action, resource, context) for one in found)


# moto leaves conditions out of account, and answers without a body: authorize.py asks us instead.
FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL


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
