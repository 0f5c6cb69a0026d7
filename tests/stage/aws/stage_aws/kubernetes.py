"""What the stage's API server asks: who has that `k8s-aws-v1.` token, and what a pod with a role is given."""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import ssl
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import yaml

from . import REGION, principals
from .eks import EKS
from .moto_side import backend
from .stage import STAGE

PREFIX = "k8s-aws-v1."
MAXIMUM_AGE = datetime.timedelta(minutes=15)
SKEW = datetime.timedelta(minutes=5)
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
HOSTS = {"sts.amazonaws.com", f"sts.{REGION}.amazonaws.com"}
PARAMETERS = {
    "action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token",
    "x-amz-signature", "x-amz-signedheaders", "x-amz-user-agent",
}
ROLE = "eks.amazonaws.com/role-arn"
# A ConfigMap with the stage's CA, and the files below /etc/ssl in which programs look for one.
TRUST = "stage-trust"
TRUSTED = ("cert.pem", "certs/ca-certificates.crt")
# The context that the stage itself writes into the administrator's kubeconfig.
CONTEXT = "stage"
TOKEN_FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"


class Refused(Exception):
    pass


def review_token(body, _request):
    """A TokenReview, answered."""
    try:
        status = {"authenticated": True, "user": _user(body["spec"]["token"])}
    except Refused as why:
        status = {"authenticated": False, "error": str(why)}
    return {"apiVersion": body["apiVersion"], "kind": "TokenReview", "status": status}


def _user(token):
    if not token.startswith(PREFIX):
        raise Refused("no token of AWS's")
    text = token.removeprefix(PREFIX)
    try:
        url = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
        names = {name.lower(): value for name, value in query.items()}
        made = datetime.datetime.strptime(names["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        key, day, region, service, _ = names["x-amz-credential"].rsplit("/", 4)
    except (ValueError, KeyError) as error:
        raise Refused(f"malformed token: {error!r}") from error
    if parts.scheme != "https" or parts.netloc not in HOSTS or parts.path not in ("", "/"):
        raise Refused(f"unexpected place in presigned URL: {parts.scheme}://{parts.netloc}{parts.path}")
    if set(names) - PARAMETERS or names.get("action") != "GetCallerIdentity" or service != "sts":
        raise Refused("the presigned URL is not of GetCallerIdentity alone")
    signed = names.get("x-amz-signedheaders", "").split(";")
    if "x-k8s-aws-id" not in signed or "host" not in signed:
        raise Refused("x-k8s-aws-id is not among the signed headers")
    now = datetime.datetime.now(datetime.timezone.utc)
    if not now - MAXIMUM_AGE <= made <= now + SKEW:
        raise Refused("X-Amz-Date is not of the last 15 minutes")
    return _entry(key, lambda cluster: _signature_holds(parts, query, key, day, region, signed, cluster.name))


def _secret_of(key):
    """The secret key; None for a key that nobody made."""
    session = backend("sts").get_assumed_role_from_access_key(key)
    if session:
        return session.secret_access_key
    found = backend("iam").access_keys.get(key)
    return found.secret_access_key if found else None


def _signature_holds(parts, query, key, day, region, signed, cluster):
    """Whether the secret key signed this URL with that cluster's name in x-k8s-aws-id."""
    secret = _secret_of(key)
    if secret is None:
        # Without enforcement any key is the administrator's, and nobody knows its secret.
        return not STAGE.enforce
    known = {"host": parts.netloc, "x-k8s-aws-id": cluster}
    if set(signed) - set(known):
        return False
    quoted = sorted(
        (urllib.parse.quote(name, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
        for name, value in query.items() if name.lower() != "x-amz-signature"
    )
    canonical = "\n".join([
        "GET", "/", "&".join(f"{name}={value}" for name, value in quoted), *(f"{name}:{known[name]}" for name in signed), "",
        ";".join(signed), hashlib.sha256(b"").hexdigest(),
    ])
    scope = f"{day}/{region}/sts/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest])
    sealed = f"AWS4{secret}".encode()
    for word in (day, region, "sts", "aws4_request", to_sign):
        sealed = hmac.new(sealed, word.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(sealed.hex(), query.get("X-Amz-Signature", ""))


def _entry(key, is_for):
    caller = principals.find(key)
    if not caller and STAGE.enforce:
        raise Refused("nobody has this access key")
    arn = caller.arn if caller else principals.NOBODY
    session = caller.session_arn if caller else arn
    for cluster in EKS.all_clusters():
        if cluster.status not in ("ACTIVE", "UPDATING") or not is_for(cluster):
            continue
        entry = cluster.entries.get(arn)
        if not entry:
            raise Refused(f"{arn} has no access entry on {cluster.name}")
        groups = [*entry.shown["kubernetesGroups"]]
        if entry.policies.get(ADMIN, {}).get("accessScope", {}).get("type") == "cluster":
            groups.append("system:masters")
        name = entry.shown["username"].replace("{{SessionName}}", session.rpartition("/")[2])
        return {"username": name, "uid": f"aws-iam-authenticator:{arn}", "groups": groups}
    raise Refused("no cluster has the name that was signed, or the signature is wrong")


def add_identity(body, _request):
    """An AdmissionReview of a pod, answered as EKS's pod identity webhook does."""
    asked = body["request"]
    answer = {"uid": asked["uid"], "allowed": True}
    account = _service_account(asked["namespace"], asked["object"]["spec"].get("serviceAccountName") or "default")
    role = account.get("metadata", {}).get("annotations", {}).get(ROLE)
    if role:
        trust = _trust(asked["namespace"])
        patch = json.dumps(_patch(asked["object"]["spec"], role, account["metadata"]["annotations"], trust))
        answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch.encode()).decode()}
    return {"apiVersion": body["apiVersion"], "kind": "AdmissionReview", "response": answer}


def _service_account(namespace, name):
    return _call(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}") or {}


def _trust(namespace):
    """Where pods of that namespace see the stage's CA: in a folder of the node, unless the namespace says what pods may do."""
    found = (_call(f"/api/v1/namespaces/{namespace}") or {}).get("metadata", {})
    rules = [*found.get("labels", {}), *found.get("annotations", {})]
    if any(rule.startswith("pod-security.kubernetes.io/enforce") or "openshift.io/" in rule for rule in rules):
        _publish_trust(namespace)
        return {"configMap": {"name": TRUST, "items": [{"key": "ca.crt", "path": path} for path in TRUSTED]}}
    return {"hostPath": {"path": STAGE.options["trust_dir"], "type": "Directory"}}


def _publish_trust(namespace):
    """A ConfigMap, as `restricted` forbids a node's folder. It stays, and keeps its namespace from being deleted as empty."""
    ca = (pathlib.Path(STAGE.options["trust_dir"]) / "cert.pem").read_text()
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": TRUST}, "data": {"ca.crt": ca}}
    _call(f"/api/v1/namespaces/{namespace}/configmaps", made)


def _call(path, body=None):
    """What the API server answers as its administrator; none where it refuses: the object is not there, or there already."""
    server, user = _administrator(pathlib.Path(STAGE.options["kubeconfig"]).read_text())
    context = ssl.create_default_context(cadata=base64.b64decode(server["certificate-authority-data"]).decode())
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        pair.flush()
        context.load_cert_chain(pair.name)
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(server["server"] + path, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, context=context, timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError:
        return None


def _administrator(kubeconfig):
    """The stage's own cluster and user. Whoever uses the file as kubeconfig may write it anew: as YAML, with other contexts first."""
    settings = yaml.safe_load(kubeconfig)
    named = {kind: {one["name"]: one for one in settings[kind]} for kind in ("clusters", "contexts", "users")}
    context = named["contexts"][CONTEXT]["context"]
    return named["clusters"][context["cluster"]]["cluster"], named["users"][context["user"]]["user"]


def _patch(spec, role, annotations, trust):
    """Names and paths are the real webhook's; the last volume is the stage's, whose CA is in no image."""
    seconds = int(annotations.get("eks.amazonaws.com/token-expiration", 86400))
    audience = annotations.get("eks.amazonaws.com/audience", "sts.amazonaws.com")
    env = [
        {"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"}, {"name": "AWS_DEFAULT_REGION", "value": REGION},
        {"name": "AWS_REGION", "value": REGION}, {"name": "AWS_ROLE_ARN", "value": role},
        {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": f"{TOKEN_FOLDER}/token"},
    ]
    mounts = [
        {"name": "aws-iam-token", "mountPath": TOKEN_FOLDER, "readOnly": True},
        {"name": TRUST, "mountPath": "/etc/ssl", "readOnly": True},
    ]
    projected = {"serviceAccountToken": {"audience": audience, "expirationSeconds": seconds, "path": "token"}}
    volumes = [
        {"name": "aws-iam-token", "projected": {"sources": [projected]}},
        {"name": TRUST, **trust},
    ]
    patch = [{"op": "add", "path": "/spec/volumes", "value": [*volumes, *spec.get("volumes", [])]}]
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind, [])):
            given = container.get("env", [])
            named = {one["name"] for one in given}
            path = f"/spec/{kind}/{index}"
            patch.append({"op": "add", "path": f"{path}/env", "value": [*given, *(one for one in env if one["name"] not in named)]})
            patch.append({"op": "add", "path": f"{path}/volumeMounts", "value": [*container.get("volumeMounts", []), *mounts]})
    return patch
