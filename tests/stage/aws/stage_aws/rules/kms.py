"""KMS: what may be done with a key in which state."""

import json

from .. import neighbours
from ..errors import AwsError
from ..stage import STAGE
from .hooks import after, before

WINDOW = range(7, 31)
USES = ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant")
CHANGES = ("EnableKey", "DisableKey", "EnableKeyRotation", "DisableKeyRotation", "UpdateKeyDescription", "TagResource", "UntagResource", "CreateAlias")


def _key(request, given):
    name = given.get("KeyId") or given.get("TargetKeyId")
    return neighbours.key(request.region, name) if name else None


def _pending(found):
    return AwsError("KMSInvalidStateException", f"{found.arn} is pending deletion.")


@before("kms", *USES, *CHANGES, "ScheduleKeyDeletion")
def not_pending(request, given):
    found = _key(request, given)
    if found and found.key_state == "PendingDeletion":
        raise _pending(found)
    if found and request.operation in USES and not found.enabled:
        raise AwsError("DisabledException", f"{found.arn} is disabled.")


@before("kms", "CancelKeyDeletion")
def only_pending(request, given):
    found = _key(request, given)
    if found and found.key_state != "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{found.arn} is not pending deletion.")


@before("kms", "CancelKeyDeletion", "DisableKey", "EnableKey", "ScheduleKeyDeletion")
def plain_id(request, given):
    """moto knows keys by their ids alone here; AWS takes ARNs as well."""
    found = _key(request, given)
    if found:
        request.body = json.dumps(given | {"KeyId": found.id}).encode()
        request.headers["content-length"] = str(len(request.body))


@before("kms", "ScheduleKeyDeletion")
def window(_request, given):
    if given.get("PendingWindowInDays", 30) not in WINDOW:
        raise AwsError("ValidationException", "PendingWindowInDays must be between 7 and 30")


@before("kms", "CreateKey", "PutKeyPolicy")
def policy_is_one(_request, given):
    if "Policy" not in given:
        return
    malformed = AwsError("MalformedPolicyDocumentException", "The new key policy is malformed.")
    try:
        statements = json.loads(given["Policy"])["Statement"]
    except (ValueError, KeyError, TypeError):
        raise malformed from None
    if not statements or not all("Principal" in one and "Action" in one and "Effect" in one for one in neighbours.as_list(statements)):
        raise malformed


@before("kms", "CreateAlias")
def alias_of_aws(_request, given):
    if given["AliasName"].startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "The alias name may not begin with alias/aws/.")


@after("kms", "CreateKey")
def key_is_new(_request, _given, response):
    STAGE.born[json.loads(response.body)["KeyMetadata"]["Arn"]] = STAGE.clock.now


