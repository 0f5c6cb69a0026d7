"""What MSK and EKS see of other services, and when they see it."""

import json
import urllib.parse

from .clock import DURATIONS
from .moto_side import backend
from .stage import STAGE


def visible(key, duration):
    """Whether what was made under that id is known everywhere by now."""
    born = STAGE.born.get(key)
    return born is None or STAGE.clock.now - born >= DURATIONS[duration]


def subnet(region, subnet_id):
    """A subnet, or None."""
    return next((found[subnet_id] for found in backend("ec2", region).subnets.values() if subnet_id in found), None)


def security_group(region, group_id):
    return backend("ec2", region).get_security_group_from_id(group_id)


def role(arn):
    """A role, or None if there is none or it is not visible yet."""
    found = next((one for one in backend("iam").roles.values() if one.arn == arn), None)
    return found if found and visible(arn, "iam:propagation") else None


def trusts_service(found, service):
    """Whether a role's trust policy lets that service assume it."""
    for statement in statements(json.loads(urllib.parse.unquote(found.assume_role_policy_document))):
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        actions = as_list(statement.get("Action"))
        if statement.get("Effect") == "Allow" and service in as_list(services):
            if {"sts:AssumeRole", "sts:*", "*"} & set(actions):
                return True
    return False


def attached_policies(found):
    """Names of the managed policies of a role that are visible by now."""
    return {
        policy.arn.rpartition("/")[2]
        for policy in found.managed_policies.values()
        if visible(f"{found.arn} {policy.arn}", "iam:propagation")
    }


def key(region, key_id):
    """A key by id, ARN or alias, or None."""
    kms = backend("kms", region)
    alias = kms.get_alias_name(key_id)
    found = kms.get_key_id_from_alias(alias) if alias.startswith("alias/") else kms.get_key_id(key_id)
    return kms.keys.get(found)


def key_is_usable(found):
    return found is not None and found.enabled and visible(found.arn, "kms:key:usable")


def as_list(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def statements(document):
    return as_list(document.get("Statement"))


def attach_interface(region, subnet_id, groups, description, requester, tags=None):
    """An interface that a service keeps in the customer's subnet; returns its id."""
    ec2 = backend("ec2", region)
    made = ec2.create_network_interface(
        subnet(region, subnet_id), None, group_ids=groups, description=description, tags=tags or {}
    )
    made.requester_managed, made.requester_id, made.status = True, requester, "in-use"
    return made.id


def detach_interface(region, interface_id):
    backend("ec2", region).enis.pop(interface_id, None)
