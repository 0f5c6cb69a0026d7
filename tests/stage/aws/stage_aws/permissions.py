"""Which actions on which resources a call asks for, with the context that conditions look at."""

import json
import pathlib
import re

from . import ACCOUNT, neighbours, tags
from .moto_side import backend
from .rules.hooks import parameters

PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
S3_ACTIONS = json.loads((pathlib.Path(__file__).parent / "s3_actions.json").read_text())
EC2_KINDS = {
    "acl": "network-acl", "eipalloc": "elastic-ip", "eni": "network-interface", "i": "instance", "igw": "internet-gateway",
    "nat": "natgateway", "rtb": "route-table", "sg": "security-group", "sgr": "security-group-rule", "subnet": "subnet",
    "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
}
EC2_MADE = {
    "AllocateAddress": "elastic-ip", "CreateInternetGateway": "internet-gateway", "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table", "CreateSecurityGroup": "security-group", "CreateSubnet": "subnet", "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint", "CreateVolume": "volume",
}
# Tagging at creation needs the right to tag: service -> action, where it is the same for all of its operations.
TAG_ACTIONS = {
    "eks": "eks:TagResource", "kafka": "kafka:TagResource", "kms": "kms:TagResource", "elbv2": "elasticloadbalancing:AddTags",
    "secretsmanager": "secretsmanager:TagResource",
}
IAM_TAG_ACTIONS = {"CreateRole": "iam:TagRole", "CreatePolicy": "iam:TagPolicy", "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider"}
# What MSK does in the caller's name.
KAFKA_CREATE = ("ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeSecurityGroups")
PASSED_TO = {"CreateCluster": "eks.amazonaws.com", "CreateNodegroup": "ec2.amazonaws.com", "CreateAddon": "eks.amazonaws.com",
             "UpdateAddon": "eks.amazonaws.com"}
# Whose service-linked role a creation makes, as long as the account has none.
LINKED = {("eks", "CreateCluster"): "eks", ("eks", "CreateNodegroup"): "eks-nodegroup", ("kafka", "CreateCluster"): "kafka", ("kafka", "CreateClusterV2"): "kafka"}
# What MSK does with the keys of secrets in the caller's name.
SECRET_GRANTS = {
    "BatchAssociateScramSecret": ("kms:CreateGrant", "kms:RetireGrant"), "BatchDisassociateScramSecret": ("kms:RetireGrant",),
}
# What Secrets Manager does with a secret's key in the caller's name.
SECRET_KEY = {
    "CreateSecret": ("kms:GenerateDataKey", "kms:Decrypt"), "GetSecretValue": ("kms:Decrypt",),
    "PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"), "UpdateSecret": ("kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"),
}


def asked(request):
    """Triples of action, resource ARN and context."""
    given = parameters(request) if request.service not in ("kafka", "eks") else _body(request)
    prefix = PREFIXES.get(request.service, request.service)
    wanted = _request_tags(request, given)
    action = f"{prefix}:{request.operation}"
    if request.service == "s3":
        action = f"s3:{S3_ACTIONS.get(request.operation, request.operation)}"
    resources = RESOURCES[request.service](request, given)
    context = {f"aws:RequestTag/{key}": value for key, value in wanted.items()}
    if wanted:
        context["aws:TagKeys"] = list(wanted)
    found = []
    for resource in resources:
        carried = tags.of(resource, request.region)
        service_key = {"elbv2": "elasticloadbalancing"}.get(request.service, request.service)
        own = {f"{scope}:ResourceTag/{key}": value for key, value in carried.items() for scope in ("aws", service_key)}
        found.append((action, resource, context | own))
    return found + _also(request, given, wanted, resources, context)


def _body(request):
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        return {}


def _request_tags(request, given):
    """Tags that the request wants to be put on something."""
    if request.service in ("kafka", "eks"):
        return given.get("tags") or {}
    if request.service in ("kms", "secretsmanager"):
        key = "TagKey" if request.service == "kms" else "Key"
        value = "TagValue" if request.service == "kms" else "Value"
        return {one[key]: one[value] for one in given.get("Tags", [])}
    found = {}
    for key, value in given.items():
        name = re.fullmatch(r"(TagSpecification\.\d+\.Tag\.\d+|Tags?(\.member)?\.\d+)\.Key", key)
        if name:
            found[value] = given.get(f"{name.group(1)}.Value", "")
    return found


def _ec2(request, given):
    base = f"arn:aws:ec2:{request.region}:{ACCOUNT}"
    if request.operation.startswith("Describe"):
        return ["*"]
    found = []
    for key, value in given.items():
        kind = EC2_KINDS.get(value.partition("-")[0]) if re.fullmatch(r"[a-z]+-[0-9a-f]{8,}", value) else None
        if kind and not key.startswith("TagSpecification"):
            found.append(f"{base}:{kind}/{value}")
    if request.operation in EC2_MADE:
        found.append(f"{base}:{EC2_MADE[request.operation]}/*")
    return sorted(set(found)) or ["*"]


def _iam(request, given):
    base = f"arn:aws:iam::{ACCOUNT}"
    if "PolicyArn" in given and "RoleName" not in given:
        return [given["PolicyArn"]]
    if "OpenIDConnectProviderArn" in given:
        return [given["OpenIDConnectProviderArn"]]
    if "InstanceProfileName" in given:
        return [f"{base}:instance-profile{given.get('Path', '/')}{given['InstanceProfileName']}"]
    if "RoleName" in given:
        role = next((one for one in backend("iam").roles.values() if one.name == given["RoleName"]), None)
        return [role.arn if role else f"{base}:role{given.get('Path', '/')}{given['RoleName']}"]
    if request.operation == "CreatePolicy":
        return [f"{base}:policy{given.get('Path', '/')}{given['PolicyName']}"]
    if request.operation == "CreateOpenIDConnectProvider":
        return [f"{base}:oidc-provider/{given['Url'].removeprefix('https://')}"]
    if request.operation == "CreateServiceLinkedRole":
        return [f"{base}:role/aws-service-role/{given['AWSServiceName']}/*"]
    return ["*"]


def _kms(request, given):
    base = f"arn:aws:kms:{request.region}:{ACCOUNT}"
    name = given.get("KeyId") or given.get("TargetKeyId")
    found = neighbours.key(request.region, name) if name else None
    resources = [found.arn if found else f"{base}:key/{name}"] if name else []
    if "AliasName" in given:
        resources.append(f"{base}:{given['AliasName']}")
    return resources or ["*"]


def _secretsmanager(request, given):
    name = given.get("SecretId") or given.get("Name")
    if not name:
        return ["*"]
    found = backend("secretsmanager", request.region).secrets.get(name)
    arn = found.arn if found else name
    return [arn if arn.startswith("arn:") else f"arn:aws:secretsmanager:{request.region}:{ACCOUNT}:secret:{name}-000000"]


def _s3(request, _given):
    parts = request.route_path.split("/", 2) + [""]
    if not parts[1]:
        return ["*"]
    bucket = f"arn:aws:s3:::{parts[1]}"
    if request.operation == "DeleteObjects":
        return [f"{bucket}/{key.decode()}" for key in re.findall(rb"<Key>([^<]+)</Key>", request.body)]
    return [f"{bucket}/{request.route.path_values(request.route_path)['Key']}" if parts[2] else bucket]


def _elbv2(_request, given):
    found = [value for value in given.values() if value.startswith("arn:aws:elasticloadbalancing:")]
    return found or ["*"]


def _rest(request, given):
    base = f"arn:aws:{request.service}:{request.region}:{ACCOUNT}"
    values = request.route.path_values(request.route_path) if request.route else {}
    arn = next((value for value in values.values() if value.startswith("arn:aws:" + request.service)), None)
    if arn:
        return [arn]
    if request.service == "kafka":
        made = {"CreateClusterV2": "cluster", "CreateCluster": "cluster", "CreateConfiguration": "configuration"}
        kind = made.get(request.operation)
        return [f"{base}:{kind}/{given.get('clusterName') or given.get('name')}/*"] if kind else ["*"]
    name = values.get("name") or given.get("name")
    return [f"{base}:cluster/{name}"] if name else ["*"]


def _sts(_request, given):
    return [given.get("RoleArn", "*")]


RESOURCES = {
    "ec2": _ec2, "eks": _rest, "elbv2": _elbv2, "iam": _iam, "kafka": _rest, "kms": _kms, "s3": _s3,
    "secretsmanager": _secretsmanager, "sts": _sts, "resourcegroupstaggingapi": lambda _request, _given: ["*"],
    "cloudformation": lambda _request, _given: ["*"],
}


def _also(request, given, wanted, resources, context):
    """Rights that a call needs beside its own."""
    found = []
    makes = request.operation.startswith(("Create", "Allocate", "Authorize", "Run"))
    if makes and wanted and request.service == "ec2" and request.operation != "CreateTags":
        made = f"arn:aws:ec2:{request.region}:{ACCOUNT}:{EC2_MADE.get(request.operation, '*')}/*"
        found.append(("ec2:CreateTags", made, context | {"ec2:CreateAction": request.operation}))
    if makes and wanted and request.service == "iam" and request.operation in IAM_TAG_ACTIONS:
        found.append((IAM_TAG_ACTIONS[request.operation], resources[0], context))
    if makes and wanted and request.service in TAG_ACTIONS:
        found.append((TAG_ACTIONS[request.service], resources[0], context))
    if request.service == "s3" and request.operation == "CreateBucket" and b"<Tag>" in request.body:
        found.append(("s3:TagResource", resources[0], context))
    if request.service == "s3" and request.operation == "DeleteObjects" and b"<VersionId>" in request.body:
        found += [("s3:DeleteObjectVersion", resource, context) for resource in resources]
    if request.service == "eks" and request.operation in PASSED_TO:
        role = given.get("roleArn") or given.get("nodeRole") or given.get("serviceAccountRoleArn")
        if role:
            found.append(("iam:PassRole", role, {"iam:PassedToService": PASSED_TO[request.operation]}))
    if request.service == "kafka" and request.operation in ("CreateCluster", "CreateClusterV2"):
        found += [(action, "*", {}) for action in KAFKA_CREATE]
        key = given.get("provisioned", given).get("encryptionInfo", {}).get("encryptionAtRest", {}).get("dataVolumeKMSKeyId")
        if key:
            via = {"kms:ViaService": f"kafka.{request.region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
            carried = tags.of(key, request.region)
            via |= {f"aws:ResourceTag/{name}": value for name, value in carried.items()}
            found += [("kms:DescribeKey", key, via), ("kms:CreateGrant", key, via)]
    if request.service == "kafka" and request.operation in SECRET_GRANTS:
        for arn in given.get("secretArnList", []):
            found += _of_key(request, _key_of(request, arn), SECRET_GRANTS[request.operation])
    if request.service == "secretsmanager" and request.operation in SECRET_KEY:
        key = given.get("KmsKeyId") or _key_of(request, given.get("SecretId"))
        found += _of_key(request, key, SECRET_KEY[request.operation])
    return found + _linked_role(request)


def _key_of(request, secret):
    found = backend("secretsmanager", request.region).secrets.get(secret) if secret else None
    return found.kms_key_id if found else None


def _of_key(request, name, actions):
    """A key of the customer, which a service uses in the caller's name."""
    key = neighbours.key(request.region, name) if name and "alias/aws/" not in name else None
    if not key:
        return []
    context = {"kms:ViaService": f"{request.service}.{request.region}.amazonaws.com"}
    context |= {f"aws:ResourceTag/{name}": value for name, value in tags.of(key.arn, request.region).items()}
    return [(action, key.arn, context) for action in actions]


def _linked_role(request):
    service = LINKED.get((request.service, request.operation))
    path = f"/aws-service-role/{service}.amazonaws.com/"
    if not service or any(role.path == path for role in backend("iam").roles.values()):
        return []
    return [("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role{path}*", {"iam:AWSServiceName": f"{service}.amazonaws.com"})]
