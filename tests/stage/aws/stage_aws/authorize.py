"""IAM enforcement: whether the caller may do that, to what."""

from . import errors, permissions, policy, principals
from .rules import ec2, s3
from .stage import STAGE

# Calls that nobody signs, or that everybody may make.
FREE = {("sts", "AssumeRoleWithWebIdentity"), ("sts", "GetCallerIdentity")}


def check(request):
    """Finds out who calls; raises what AWS says to those who may not."""
    request.caller = principals.NOBODY
    found = principals.find(request.access_key) if request.access_key else None
    if found:
        request.caller = found.arn
    if STAGE.enforce and (request.service, request.operation) not in FREE:
        if not found:
            raise errors.of_kind("unknown-key", request)
        _allowed(request, found)
    if request.service == "ec2":
        ec2.dry_run(request)
    if request.service == "s3":
        for action, resource, _ in permissions.asked(request):
            if s3.denied_by_bucket(request, action, resource):
                raise errors.of_kind("deny", request, "Access Denied")


def _allowed(request, caller):
    for action, resource, context in permissions.asked(request):
        full = {
            "aws:RequestedRegion": request.region, "aws:SecureTransport": "true", "aws:PrincipalArn": caller.arn, **context,
        }
        if policy.decide(caller.policies, action, resource, full):
            STAGE.used.add((action, request.operation))
            continue
        STAGE.denied.append({"action": action, "resource": resource, "principal": caller.arn, "operation": request.operation})
        message = f"User: {caller.session_arn} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        raise errors.of_kind("deny", request, message)
