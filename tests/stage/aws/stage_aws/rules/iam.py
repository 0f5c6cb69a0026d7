"""IAM: documents that are none, what is attached, and when others see it."""

import functools
import json
import re

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from ..errors import AwsError
from ..http import Response
from ..moto_side import backend
from ..stage import STAGE
from .hooks import after, before, instead

SERVICE_NAMES = {"kafka.amazonaws.com": "AWSServiceRoleForKafka", "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
                 "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
                 "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing"}
# AWS has some 1,500 managed policies; only these are loaded, or every reset would take a second.
MANAGED = re.compile(r"AmazonEKS|AmazonEC2ContainerRegistry|AmazonEBSCSI|AmazonEFSCSI|AmazonSSMManaged|AmazonMSK|AmazonS3|AdministratorAccess$|PowerUserAccess$|ReadOnlyAccess$|ElasticLoadBalancing")


@functools.cache
def _managed():
    return {name: data for name, data in json.loads(aws_managed_policies_data).items() if MANAGED.match(name)}


def _load_managed(iam):
    if iam.region_name != "aws":
        return []
    return [AWSManagedPolicy.from_data(name, iam.account_id, iam.region_name, data) for name, data in _managed().items()]


IAMBackend._init_aws_policies = _load_managed


def malformed(message):
    return AwsError("MalformedPolicyDocument", message)


def statements_of(text):
    """The statements of a policy document, or the error of one that is none."""
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise malformed("This policy contains invalid Json") from None
    statements = statements if isinstance(statements, list) else [statements]
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise malformed("Syntax errors in policy.")
        if not {"Action", "NotAction"} & set(statement):
            raise malformed("Missing required field Action")
    if not statements:
        raise malformed("Missing required field Statement")
    return statements


@before("iam", "CreateRole", "UpdateAssumeRolePolicy")
def trust_is_a_policy(_request, form):
    for statement in statements_of(form.get("AssumeRolePolicyDocument") or form.get("PolicyDocument")):
        if "Resource" in statement:
            raise malformed("Has prohibited field Resource")
        if "Principal" not in statement:
            raise malformed("Missing required field Principal")
        principal = statement["Principal"]
        names = principal.get("AWS", []) if isinstance(principal, dict) else []
        for name in names if isinstance(names, list) else [names]:
            if not re.fullmatch(r"\*|\d{12}|arn:aws:(iam|sts)::\d{12}:.+", name):
                raise malformed(f'Invalid principal in policy: "AWS":"{name}"')
            known = {one.arn for one in [*backend("iam").users.values(), *backend("iam").roles.values()]}
            if re.fullmatch(r"arn:aws:iam::\d{12}:(user|role)/.+", name) and name not in known:
                raise malformed(f'Invalid principal in policy: "AWS":"{name}"')


@before("iam", "CreatePolicy", "CreatePolicyVersion", "PutRolePolicy", "PutUserPolicy")
def rights_are_a_policy(_request, form):
    for statement in statements_of(form["PolicyDocument"]):
        if "Principal" in statement:
            raise malformed("Policy document should not specify a principal.")
        if not {"Resource", "NotResource"} & set(statement):
            raise malformed("Policy statement must contain resources.")


@before("iam", "DeletePolicy")
def policy_in_use(_request, form):
    arn = form["PolicyArn"]
    policy = backend("iam").managed_policies.get(arn)
    if policy and policy.attachment_count > 0:
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if policy and len(policy.versions) > 1:
        raise AwsError("DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.", 409)


@before("iam", "CreateServiceLinkedRole")
def service_role_once(_request, form):
    name = SERVICE_NAMES.get(form["AWSServiceName"])
    if any(role.name.lower() == (name or "").lower() for role in backend("iam").roles.values()):
        raise AwsError("InvalidInput", f"Service role name {name} has been taken in this account, please try a different suffix.")


@after("iam", "CreateServiceLinkedRole")
def service_role_name(_request, form, response):
    name = SERVICE_NAMES.get(form["AWSServiceName"])
    text = response.body.decode()
    made = re.search(r"<RoleName>([^<]+)</RoleName>", text).group(1)
    for role in backend("iam").roles.values():
        if role.name == made and name:
            role.name = name
    response.body = text.replace(made, name or made).encode()


@after("iam", "CreateRole")
def role_is_new(_request, form, _response):
    arn = backend("iam").get_role(form["RoleName"]).arn
    # One of that name may have been there before.
    for key in [key for key in STAGE.born if isinstance(key, str) and key.startswith(f"{arn} ")]:
        del STAGE.born[key]
    STAGE.born[arn] = STAGE.clock.now


@after("iam", "AttachRolePolicy")
def attachment_is_new(_request, form, _response):
    role = backend("iam").get_role(form["RoleName"]).arn
    STAGE.born.setdefault(f"{role} {form['PolicyArn']}", STAGE.clock.now)


@after("iam", "DetachRolePolicy")
def attachment_is_gone(_request, form, _response):
    role = backend("iam").get_role(form["RoleName"]).arn
    STAGE.born.pop(f"{role} {form['PolicyArn']}", None)


@before("iam", "CreateOpenIDConnectProvider")
def provider_once(_request, form):
    path = re.sub(r"^https://", "", form["Url"]).rstrip("/")
    if any(arn.endswith(f":oidc-provider/{path}") for arn in backend("iam").open_id_providers):
        raise AwsError("EntityAlreadyExists", f"Provider with url https://{path} already exists.", 409)


@after("iam", "CreateOpenIDConnectProvider")
def provider_is_new(_request, _form, response):
    arn = re.search(r"<OpenIDConnectProviderArn>([^<]+)<", response.body.decode()).group(1)
    STAGE.born[arn] = STAGE.clock.now


@after("iam", "CreatePolicy")
def policy_is_new(_request, _form, response):
    arn = re.search(r"<Arn>([^<]+)<", response.body.decode()).group(1)
    STAGE.born[arn] = STAGE.clock.now


@instead("iam", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")
def audiences(request, form):
    """moto has neither. Both may be done again."""
    arn = form["OpenIDConnectProviderArn"]
    found = next((one for one in backend("iam").open_id_providers.values() if one.arn == arn), None)
    if not found:
        raise AwsError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
    others = [one for one in found.client_id_list if one != form["ClientID"]]
    found.client_id_list = others + [form["ClientID"]] if request.operation.startswith("Add") else others
    answer = f'<{request.operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"/>'
    return Response(200, {"content-type": "text/xml"}, answer)
