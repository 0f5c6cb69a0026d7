"""STS: callers by their keys, and web identities that are checked as AWS does."""

import datetime
import json
import time
import urllib.parse

from .. import ACCOUNT, neighbours, policy, principals
from ..eks import EKS, oidc
from ..errors import REQUEST_ID, AwsError
from ..http import Response
from ..moto_side import backend
from .hooks import before, instead

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def _presigned(request):
    """What STS checks of a presigned URL, such as EKS's tokens are; the signature itself is not checked."""
    query = request.query
    made = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    until = made + datetime.timedelta(seconds=int(query.get("X-Amz-Expires", 900)))
    if datetime.datetime.now(datetime.timezone.utc) > until:
        raise AwsError("AccessDenied", "Request has expired", 403)
    lacking = set(query.get("X-Amz-SignedHeaders", "host").split(";")) - set(request.headers)
    if lacking:
        message = "The request signature we calculated does not match the signature you provided."
        raise AwsError("SignatureDoesNotMatch", message, 403)


@instead("sts", "GetCallerIdentity")
def who(request, _form):
    if "X-Amz-Date" in request.query:
        _presigned(request)
    found = principals.find(request.access_key) if request.access_key else None
    identity = {
        "Arn": found.session_arn if found else principals.NOBODY, "UserId": found.user_id if found else "AIDASTAGEADMIN",
        "Account": ACCOUNT,
    }
    if "json" in request.headers.get("accept", ""):
        answer = {"GetCallerIdentityResponse": {"GetCallerIdentityResult": identity, "ResponseMetadata": {"RequestId": REQUEST_ID}}}
        return Response(200, {"content-type": "application/json"}, json.dumps(answer))
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in identity.items())
    body = (
        f'<GetCallerIdentityResponse xmlns="{NAMESPACE}"><GetCallerIdentityResult>{inner}</GetCallerIdentityResult>'
        f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    return Response(200, {"content-type": "text/xml"}, body)


def _bad_token(message):
    return AwsError("InvalidIdentityToken", message)


def _provider(issuer):
    """The account's IAM provider of that issuer, once it is visible."""
    path = issuer.removeprefix("https://")
    for arn, provider in backend("iam").open_id_providers.items():
        if arn.endswith(f":oidc-provider/{path}") and neighbours.visible(arn, "iam:propagation"):
            return provider
    raise _bad_token(f"No OpenIDConnect provider found in your account for {issuer}")


def _claims(text):
    """What the token says, once its signature, expiry and audience are checked; and its provider."""
    said = oidc.unverified(text)
    if not isinstance(said, dict) or not said.get("iss"):
        raise _bad_token("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
    provider = _provider(said["iss"])
    cluster = next((one for one in EKS.all_clusters() if one.issuer == said["iss"]), None)
    if not cluster or not cluster.is_settled:
        raise _bad_token("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
    claims = oidc.verified(cluster, text)
    if not claims:
        raise _bad_token("The ID Token provided could not be verified: its signature is not of the provider's keys")
    if claims.get("exp", 0) <= time.time():
        raise AwsError("ExpiredTokenException", "Token expired")
    if not set(neighbours.as_list(claims.get("aud"))) & set(provider.client_id_list):
        raise _bad_token("Incorrect token audience")
    return claims, provider


def _trusts(role, provider, claims):
    context = {
        f"{provider.url}:aud": neighbours.as_list(claims.get("aud")), f"{provider.url}:sub": claims.get("sub"),
    }
    for statement in neighbours.statements(json.loads(urllib.parse.unquote(role.assume_role_policy_document))):
        principal = statement.get("Principal", {})
        federated = neighbours.as_list(principal.get("Federated")) if isinstance(principal, dict) else []
        actions = neighbours.as_list(statement.get("Action"))
        if statement.get("Effect") != "Allow" or provider.arn not in federated:
            continue
        if any(policy.like(action, "sts:AssumeRoleWithWebIdentity", True) for action in actions):
            if policy.conditions_hold(statement, context):
                return True
    return False


@before("sts", "AssumeRoleWithWebIdentity")
def web_identity(_request, form):
    claims, provider = _claims(form.get("WebIdentityToken", ""))
    role = neighbours.role(form["RoleArn"])
    if not role or not _trusts(role, provider, claims):
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


@before("sts", "AssumeRole")
def assume(request, form):
    role = neighbours.role(form["RoleArn"])
    caller = principals.caller_arn(request.access_key)
    allowed = False
    for statement in neighbours.statements(json.loads(urllib.parse.unquote(role.assume_role_policy_document))) if role else []:
        principal = statement.get("Principal", {})
        names = neighbours.as_list(principal.get("AWS")) if isinstance(principal, dict) else [principal]
        known = {"*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", caller}
        allowed = allowed or (statement.get("Effect") == "Allow" and bool(known & set(names)))
    if not allowed:
        message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {form['RoleArn']}"
        raise AwsError("AccessDenied", message, 403)
