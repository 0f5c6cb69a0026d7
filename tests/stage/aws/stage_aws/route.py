"""Which service and which operation a request means, by AWS's own models."""

import functools
import re
import urllib.parse

import botocore.session

from . import REGION

# Names that requests are signed for, where boto3 calls the service otherwise.
SIGNED_FOR = {"elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi"}
READS = (
    "Describe", "Get", "List", "Head", "AssumeRole", "Simulate", "BatchGet", "Decode", "Decrypt", "Encrypt", "Generate",
    "Search", "Select", "Sign", "Verify",
)
UNKNOWN = "Unknown"


@functools.cache
def model(service):
    return botocore.session.get_session().get_service_model(service)


def is_write(request):
    if request.form.get("DryRun") == "true":
        return False
    return not request.operation.startswith(READS)


class RestRoute:
    """One operation of a REST service: where it listens."""

    def __init__(self, operation):
        self.operation = operation
        uri, _, query = operation.http["requestUri"].partition("?")
        self.method = operation.http["method"]
        self.query = dict(part.partition("=")[::2] for part in query.split("&") if part)
        self.names = re.findall(r"\{(\w+)\+?\}", uri)
        pattern = re.sub(r"\{\w+\+\}", "(.+)", uri)
        self.pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", pattern) + "/?$")
        self.required_query, self.required_headers = [], []
        shape = operation.input_shape
        for name in shape.required_members if shape else []:
            place = shape.members[name].serialization
            if place.get("location") == "querystring":
                self.required_query.append(place.get("name", name))
            elif place.get("location") == "header":
                self.required_headers.append(place.get("name", name).lower())

    def score(self, request, path):
        """How much of the request this route explains; None if it is not meant."""
        found = self.pattern.match(path)
        if self.method != request.method or not found:
            return None
        for name, value in self.query.items():
            # `x-id` is only for people; some clients leave it out.
            if name != "x-id" and (name not in request.query or (value and request.query[name] != value)):
                return None
        if any(name not in request.query for name in self.required_query):
            return None
        if any(name not in request.headers for name in self.required_headers):
            return None
        weight = sum(name != "x-id" for name in self.query) + len(self.required_query) + len(self.required_headers)
        return weight, -len(self.names)

    def path_values(self, path):
        values = self.pattern.match(path).groups()
        return dict(zip(self.names, map(urllib.parse.unquote, values)))


@functools.cache
def rest_routes(service):
    found = model(service)
    return [RestRoute(found.operation_model(name)) for name in found.operation_names]


def rest_route(service, request, path):
    """The route that explains most of the request."""
    scored = ((route.score(request, path), route) for route in rest_routes(service))
    scored = [(score, route) for score, route in scored if score is not None]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _s3_path(request):
    """The path with the bucket in it, wherever the bucket's name was."""
    host = request.headers.get("host", "").split(":")[0]
    bucket = re.match(r"(.+)\.s3[.-].*amazonaws\.com$", host)
    return f"/{bucket.group(1)}{request.path}" if bucket else request.path


def _scope(request):
    """Access key, region and service out of the signature."""
    credential = re.search(r"Credential=([^,\s]+)", request.headers.get("authorization", ""))
    credential = credential.group(1) if credential else request.query.get("X-Amz-Credential")
    if not credential or credential.count("/") < 4:
        return None, REGION, None
    key, _, region, service, _ = credential.rsplit("/", 4)
    return key, region, service


def identify(request):
    """Fills in service, operation, region, access key and form."""
    request.access_key, request.region, signed = _scope(request)
    service = SIGNED_FOR.get(signed, signed)
    if "x-amz-target" in request.headers:
        request.service, request.operation = service, request.headers["x-amz-target"].rpartition(".")[2]
        return
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        request.form = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))
    if "Action" in request.query:
        request.form = {**request.query, **request.form}
    if "Action" in request.form:
        # Calls without a signature are web identities' only.
        request.service, request.operation = service or "sts", request.form["Action"]
        return
    request.service = service or "s3"
    path = _s3_path(request) if request.service == "s3" else request.path
    known = request.service in ("s3", "kafka", "eks")
    request.route = rest_route(request.service, request, path) if known else None
    request.route_path = path
    request.operation = request.route.operation.name if request.route else UNKNOWN
