"""Secrets Manager: names on their way out, keys that can be used."""

import json

from .. import neighbours
from ..errors import AwsError
from ..moto_side import backend
from ..stage import STAGE
from .hooks import after, before


@before("secretsmanager", "CreateSecret")
def name_is_leaving(request, given):
    found = backend("secretsmanager", request.region).secrets.get(given["Name"])
    if found and found.is_deleted():
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message)


@before("secretsmanager", "CreateSecret", "UpdateSecret")
def key_is_usable(request, given):
    name = given.get("KmsKeyId")
    if name and not name.startswith("alias/aws/"):
        found = neighbours.key(request.region, name)
        if not found:
            raise AwsError("ResourceNotFoundException", "The KMS key was not found: it does not exist or cannot be seen yet.")
        if found.key_state == "PendingDeletion":
            raise AwsError("EncryptionFailure", f"KMSInvalidStateException: {found.arn} is pending deletion.")
        if not neighbours.key_is_usable(found):
            message = "Access to KMS is not allowed" if found.enabled else f"{found.arn} is disabled."
            raise AwsError("AccessDeniedException" if found.enabled else "EncryptionFailure", message)


@before("secretsmanager", "GetSecretValue")
def key_still_works(request, given):
    secret = backend("secretsmanager", request.region).secrets.get(given["SecretId"])
    name = secret.kms_key_id if secret else None
    found = neighbours.key(request.region, name) if name and not name.startswith("alias/aws/") else None
    if found and not found.enabled:
        raise AwsError("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.")


@after("secretsmanager", "CreateSecret")
def secret_is_new(_request, _given, response):
    STAGE.born[json.loads(response.body)["ARN"]] = STAGE.clock.now
