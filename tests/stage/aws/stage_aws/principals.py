"""Who calls: users and roles by their access keys, with their policies."""

import json
import urllib.parse
import uuid

from . import ACCOUNT, neighbours
from .moto_side import backend
from .neighbours import statements

# Who it is whose key nobody made, as long as nothing is enforced.
NOBODY = f"arn:aws:iam::{ACCOUNT}:user/admin"


class Principal:
    def __init__(self, arn, session_arn, user_id, policies):
        # `arn` is the user or role; `session_arn` is what GetCallerIdentity says.
        self.arn, self.session_arn, self.user_id, self.policies = arn, session_arn, user_id, policies


def _document(text):
    return json.loads(urllib.parse.unquote(text) if text.startswith("%7B") else text)


def _managed(policies, owner):
    found = []
    for policy in policies.values():
        # Rights that were attached a moment ago do not hold yet.
        if neighbours.visible(f"{owner} {policy.arn}", "iam:propagation"):
            found += statements(_document(policy.default_version.document if hasattr(policy, "default_version") else policy.document))
    return found


def of_user(user):
    found = _managed(user.managed_policies, user.arn)
    for text in user.policies.values():
        found += statements(_document(text))
    return Principal(user.arn, user.arn, user.id, found)


def of_role(role, session):
    found = _managed(role.managed_policies, role.arn)
    for text in role.policies.values():
        found += statements(_document(text))
    return Principal(role.arn, session.arn, f"{role.id}:{session.session_name}", found)


def find(access_key):
    """Whose access key that is; None if nobody's."""
    session = backend("sts").get_assumed_role_from_access_key(access_key)
    iam = backend("iam")
    if session:
        role = next((one for one in iam.roles.values() if one.arn == session.role_arn), None)
        return of_role(role, session) if role else None
    key = iam.access_keys.get(access_key)
    user = iam.users.get(key.user_name) if key and key.user_name else None
    return of_user(user) if user and key.status == "Active" else None


def caller_arn(access_key):
    found = find(access_key) if access_key else None
    return found.arn if found else NOBODY


def make(body):
    """A user or role with that policy, for a test; returns its keys."""
    iam, name, kind = backend("iam"), body.get("name") or f"test-{uuid.uuid4().hex[:8]}", body.get("kind", "user")
    document = json.dumps(body.get("policy") or {"Version": "2012-10-17", "Statement": []})
    if kind == "user":
        if name not in iam.users:
            iam.create_user("us-east-1", name)
        iam.users[name].policies["stage"] = document
        key = iam.create_access_key(name)
        made = {"arn": iam.users[name].arn, "access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}
        return name, made
    role = next((one for one in iam.roles.values() if one.name == name), None)
    if not role:
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(name, trust, "/", None, "", [], None)
    role.policies["stage"] = document
    session = backend("sts").assume_role("us-east-1", "stage", role.arn, None, 3600, None)
    made = {
        "arn": role.arn, "access_key_id": session.access_key_id, "secret_access_key": session.secret_access_key,
        "session_token": session.session_token,
    }
    return name, made
