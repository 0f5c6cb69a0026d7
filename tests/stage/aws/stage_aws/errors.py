"""Errors as AWS writes them: each service's own codes, each protocol's own shape."""

import json
from xml.sax.saxutils import escape

from .http import Response

REQUEST_ID = "00000000-0000-4000-8000-000000000000"

PROTOCOLS = {
    "ec2": "ec2", "iam": "query", "sts": "query", "elbv2": "query", "s3": "rest-xml", "kms": "json",
    "secretsmanager": "json", "resourcegroupstaggingapi": "json", "kafka": "rest-json", "eks": "rest-json",
    "cloudformation": "query",
}

# kind -> service -> (code, status)
CODES = {
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503), "kafka": ("TooManyRequestsException", 429),
        "eks": ("ThrottlingException", 429), "iam": ("Throttling", 400), "sts": ("Throttling", 400),
        "elbv2": ("Throttling", 400), "kms": ("ThrottlingException", 400), "secretsmanager": ("ThrottlingException", 400),
        "resourcegroupstaggingapi": ("ThrottledException", 400),
    },
    "internal": {
        "ec2": ("InternalError", 500), "s3": ("InternalError", 500), "kafka": ("InternalServerErrorException", 500),
        "eks": ("ServerException", 500), "iam": ("ServiceFailure", 500), "sts": ("InternalFailure", 500),
        "elbv2": ("InternalFailure", 500), "kms": ("KMSInternalException", 500), "secretsmanager": ("InternalServiceError", 500),
        "resourcegroupstaggingapi": ("InternalServiceException", 500),
    },
    "deny": {
        "ec2": ("UnauthorizedOperation", 403), "s3": ("AccessDenied", 403), "kafka": ("AccessDeniedException", 403),
        "eks": ("AccessDeniedException", 403), "iam": ("AccessDenied", 403), "sts": ("AccessDenied", 403),
        "elbv2": ("AccessDenied", 403), "kms": ("AccessDeniedException", 400), "secretsmanager": ("AccessDeniedException", 400),
        "resourcegroupstaggingapi": ("AccessDeniedException", 400),
    },
    "expired": {
        "ec2": ("RequestExpired", 400), "s3": ("ExpiredToken", 400), "kafka": ("ExpiredTokenException", 403),
        "eks": ("ExpiredTokenException", 403), "iam": ("ExpiredToken", 403), "sts": ("ExpiredToken", 403),
        "elbv2": ("ExpiredToken", 403), "kms": ("ExpiredTokenException", 400), "secretsmanager": ("ExpiredTokenException", 400),
        "resourcegroupstaggingapi": ("ExpiredTokenException", 400),
    },
    "unknown-key": {
        "ec2": ("AuthFailure", 401), "s3": ("InvalidAccessKeyId", 403), "kafka": ("UnrecognizedClientException", 403),
        "eks": ("UnrecognizedClientException", 403), "iam": ("InvalidClientTokenId", 403), "sts": ("InvalidClientTokenId", 403),
        "elbv2": ("InvalidClientTokenId", 403), "kms": ("UnrecognizedClientException", 400),
        "secretsmanager": ("UnrecognizedClientException", 400), "resourcegroupstaggingapi": ("UnrecognizedClientException", 400),
    },
    "quota": {
        "ec2": ("ResourceLimitExceeded", 400), "s3": ("TooManyBuckets", 400), "kafka": ("BadRequestException", 400),
        "eks": ("ResourceLimitExceededException", 400), "iam": ("LimitExceeded", 409), "sts": ("Throttling", 400),
        "elbv2": ("TooManyLoadBalancers", 400), "kms": ("LimitExceededException", 400),
        "secretsmanager": ("LimitExceededException", 400), "resourcegroupstaggingapi": ("ThrottledException", 400),
    },
}

# What EC2 and ELB call their quotas, operation by operation.
QUOTAS = {
    "AllocateAddress": "AddressLimitExceeded", "CreateInternetGateway": "InternetGatewayLimitExceeded",
    "CreateNatGateway": "NatGatewayLimitExceeded", "CreateRouteTable": "RouteTableLimitExceeded",
    "CreateSecurityGroup": "SecurityGroupLimitExceeded", "CreateSubnet": "SubnetLimitExceeded",
    "CreateVpc": "VpcLimitExceeded", "CreateVpcEndpoint": "VpcEndpointLimitExceeded",
    "AuthorizeSecurityGroupIngress": "RulesPerSecurityGroupLimitExceeded", "RunInstances": "VcpuLimitExceeded",
    "CreateTargetGroup": "TooManyTargetGroups", "CreateListener": "TooManyListeners",
}

MESSAGES = {
    "throttle": "Rate exceeded",
    "internal": "An internal error has occurred",
    "expired": "The security token included in the request is expired",
    "unknown-key": "The security token included in the request is invalid.",
    "quota": "You have reached the limit of this account for this kind of resource.",
}


class AwsError(Exception):
    """An error that the client is to see."""

    def __init__(self, code, message, status=400, **fields):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.fields = code, message, status, fields
        self.headers = {}


def of_kind(kind, request, message=None, code=None, status=None):
    """The error by which this service says so."""
    known = CODES[kind].get(request.service, (kind, 400))
    if kind == "quota" and request.operation in QUOTAS:
        known = (QUOTAS[request.operation], 400)
    return AwsError(code or known[0], message or MESSAGES.get(kind, kind), status or known[1])


def render(service, error, method="GET"):
    """The error as the service's protocol has it."""
    protocol = PROTOCOLS.get(service, "rest-xml")
    code, message = error.code, error.message
    headers = {"x-amzn-requestid": REQUEST_ID, **error.headers}
    if protocol == "rest-json":
        headers |= {"content-type": "application/json", "x-amzn-errortype": code}
        return Response(error.status, headers, json.dumps({"message": message, **error.fields}))
    if protocol == "json":
        headers |= {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
        return Response(error.status, headers, json.dumps({"__type": code, "message": message, "Message": message}))
    headers["content-type"] = "text/xml"
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    elif protocol == "query":
        kind = "Receiver" if error.status >= 500 else "Sender"
        body = f"<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    else:
        headers["content-type"] = "application/xml"
        body = f"<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>"
    return Response(error.status, headers, '<?xml version="1.0" encoding="UTF-8"?>' + body)
