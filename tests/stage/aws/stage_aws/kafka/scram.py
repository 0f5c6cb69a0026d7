"""Logins by SASL/SCRAM: secrets associated with MSK clusters."""

import functools
import json

from .. import neighbours
from ..clock import DURATIONS
from ..rest_json import page
from ..stage import STAGE
from . import brokers
from .configurations import bad

NO_ACCESS = "Amazon MSK wasn't able to access the provided secret."
PREFIX = "The provided secret arn cannot be used with Amazon MSK. Secret names must have the prefix 'AmazonMSK_'"
DEFAULT_KEY = "The provided secret is encrypted with the default AWS KMS key. Amazon MSK takes secrets with a customer managed key only."
NO_LOGIN = "The provided secret must be JSON with the keys username and password."
MAXIMUM = 10


def refusal(region, arn):
    """Why a secret cannot be associated: code and message, or None."""
    secrets = neighbours.backend("secretsmanager", region).secrets
    secret = next((one for one in secrets.values() if one.arn == arn), None)
    if not secret or secret.is_deleted():
        return "InvalidSecretArn", NO_ACCESS
    if not secret.name.startswith("AmazonMSK_"):
        return "InvalidSecretArn", PREFIX
    if not neighbours.visible(arn, "secretsmanager:secret:usable-by-kafka"):
        return "InvalidSecretArn", NO_ACCESS
    key = neighbours.key(region, secret.kms_key_id) if secret.kms_key_id else None
    if not secret.kms_key_id or "alias/aws/" in secret.kms_key_id or (key and key.key_manager != "CUSTOMER"):
        return "InvalidSecretArn", DEFAULT_KEY
    if not neighbours.key_is_usable(key):
        return "InvalidSecretArn", NO_ACCESS
    return None if login(secret) else ("InvalidSecretArn", NO_LOGIN)


def login(secret):
    """Name and password in a secret's current value, or None."""
    version = secret.versions.get(secret.default_version_id, {})
    try:
        value = json.loads(version.get("secret_string") or "")
        return (value["username"], value["password"]) if value["username"] and value["password"] else None
    except (ValueError, KeyError, TypeError):
        return None


def resource_policy(arn):
    """What MSK writes on a secret itself."""
    statement = {
        "Sid": "AWSKafkaResourcePolicy", "Effect": "Allow", "Principal": {"Service": "kafka.amazonaws.com"},
        "Action": "secretsmanager:getSecretValue", "Resource": arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Scram:
    """Part of the MSK service: everything under scram-secrets."""

    def _scram_cluster(self, arn, secrets=()):
        cluster = self._cluster(arn)
        if len(secrets) > MAXIMUM:
            raise bad(f"At most {MAXIMUM} secrets can be given in one call.", invalidParameter="secretArnList")
        if cluster.state != "ACTIVE":
            raise bad(f"You can't associate secrets with a cluster in {cluster.state} state.", invalidParameter="clusterArn")
        if not cluster.has_scram:
            raise bad("SASL/SCRAM authentication is not enabled on the cluster.", invalidParameter="clusterArn")
        return cluster

    def BatchAssociateScramSecret(self, ClusterArn, SecretArnList):
        cluster = self._scram_cluster(ClusterArn, SecretArnList)
        refused = []
        for arn in SecretArnList:
            why = refusal(self.request.region, arn)
            if why:
                refused.append({"SecretArn": arn, "ErrorCode": why[0], "ErrorMessage": why[1]})
                continue
            if arn not in cluster.secrets:
                cluster.secrets[arn] = STAGE.clock.now
                STAGE.clock.after("kafka:scram:login", functools.partial(self._known, cluster, arn))
            secret = neighbours.backend("secretsmanager", self.request.region).secrets[arn]
            secret.policy = secret.policy or resource_policy(arn)
        return {"ClusterArn": ClusterArn, "UnprocessedScramSecrets": refused}

    def BatchDisassociateScramSecret(self, ClusterArn, SecretArnList):
        cluster = self._scram_cluster(ClusterArn, SecretArnList)
        refused = []
        for arn in SecretArnList:
            if cluster.secrets.pop(arn, None) is None:
                message = "The provided secret is not associated with the cluster."
                refused.append({"SecretArn": arn, "ErrorCode": "InvalidSecretArn", "ErrorMessage": message})
                continue
            brokers.remove(arn)
            secret = neighbours.backend("secretsmanager", self.request.region).secrets.get(arn)
            if secret and secret.policy == resource_policy(arn):
                secret.policy = None
        return {"ClusterArn": ClusterArn, "UnprocessedScramSecrets": refused}

    def _known(self, cluster, arn):
        """The brokers know the login now, if it is still associated."""
        secret = neighbours.backend("secretsmanager", cluster.region).secrets.get(arn)
        if arn in cluster.secrets and secret and login(secret):
            brokers.add(arn, *login(secret))

    def ListScramSecrets(self, ClusterArn, MaxResults=None, NextToken=None):
        found, token = page(list(self._cluster(ClusterArn).secrets), MaxResults, NextToken)
        return {"SecretArnList": found, "NextToken": token}

    def logins(self):
        """Every associated login, and whether brokers know it by now."""
        found = []
        for region in self.regions.values():
            for cluster in region.clusters.values():
                for arn, since in cluster.secrets.items():
                    secret = neighbours.backend("secretsmanager", cluster.region).secrets.get(arn)
                    name, password = (secret and login(secret)) or (None, None)
                    works = bool(name) and STAGE.clock.now - since >= DURATIONS["kafka:scram:login"]
                    found.append({
                        "cluster": cluster.arn, "secret": arn, "username": name, "password": password, "works": works,
                    })
        return found
