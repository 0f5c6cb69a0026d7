"""Control routes: how tests see and move the stage, under /moto-api/stage/."""

import json
import traceback

from . import clock, inventory, kubernetes, principals
from .eks import EKS, oidc
from .faults import Rule
from .kafka import KAFKA
from .stage import STAGE, json_response

PREFIX = "/moto-api/stage/"
LONG_POLL = 60


def handle(request):
    """Answers a control route."""
    name = request.path.removeprefix(PREFIX)
    if name.startswith("oidc/id/"):
        return published(name)
    found = ROUTES.get((request.method, name))
    if not found:
        known = ", ".join(sorted(f"{method} {path}" for method, path in ROUTES))
        return json_response({"error": f"no route {request.method} {name}; there are {known}"}, 404)
    try:
        body = json.loads(request.body or b"{}")
        if found is wait_held:  # must not keep calls from being handled
            return json_response(found(body, request))
        with STAGE.lock:
            return json_response(found(body, request))
    except (ValueError, KeyError, TypeError) as error:
        return json_response({"error": f"{name}: {error!r}"}, 400)
    except Exception:  # a fault of ours must reach the test
        return json_response({"error": f"{name}: {traceback.format_exc()}"}, 500)


def get_clock(_body, _request):
    return {"now": STAGE.clock.now}


def move_clock(body, request):
    seconds = body["to"] if "to" in body else STAGE.clock.now + body["advance"]
    STAGE.clock.to(seconds)
    return get_clock(body, request)


def durations(_body, _request):
    return clock.DURATIONS


def reset(_body, _request):
    STAGE.reset()
    return {}


def get_calls(_body, _request):
    return STAGE.calls


def clear_calls(_body, _request):
    STAGE.calls.clear()
    STAGE.count = 0
    return {}


def get_faults(_body, _request):
    return [rule.summary() for rule in STAGE.faults.rules]


def add_fault(body, _request):
    STAGE.faults.rules.append(Rule(body))
    return {}


def clear_faults(_body, _request):
    STAGE.faults.rules.clear()
    return {}


def arm_gate(body, _request):
    STAGE.gate.arm(body.get("n", 1), body["when"], body.get("later", False))
    return {}


def wait_held(_body, request):
    return {"held": STAGE.gate.wait_held(min(float(request.query.get("seconds", LONG_POLL)), LONG_POLL))}


def open_gate(_body, _request):
    STAGE.gate.disarm()
    return {}


def get_invalid(_body, _request):
    return STAGE.invalid


def get_denied(_body, _request):
    return STAGE.denied


def get_used(_body, _request):
    return [{"action": action, "operation": operation} for action, operation in sorted(STAGE.used)]


def take_inventory(_body, _request):
    return inventory.take()


def set_enforcement(body, _request):
    STAGE.enforce = bool(body["enforce"])
    return {"enforce": STAGE.enforce}


def make_principal(body, _request):
    name, made = principals.make(body)
    STAGE.test_principals.add(name)
    return made


def logins(_body, _request):
    return KAFKA.logins()


def _cluster(name):
    found = next((one for one in EKS.all_clusters() if one.name == name), None)
    if not found:
        raise ValueError(f"no EKS cluster {name}")
    return found


def set_kubernetes(body, _request):
    """Where clusters say that their API servers are; the answer is what they said before."""
    before = STAGE.options.get("kubernetes_endpoint")
    STAGE.options["kubernetes_endpoint"] = body["endpoint"]
    return {"endpoint": before}


def get_oidc(_body, request):
    """What the issuer publishes, and the key that it signs with."""
    cluster = _cluster(request.query["cluster"])
    return {
        "issuer": cluster.issuer, "discovery": oidc.discovery(cluster), "jwks": oidc.jwks(cluster),
        "private_key": oidc.private_pem(cluster),
    }


def published(name):
    """The two documents of an issuer, with the path that they have at the issuer itself."""
    hexadecimal, _, document = name.removeprefix("oidc/id/").partition("/")
    cluster = next((one for one in EKS.all_clusters() if one.hex == hexadecimal), None)
    made = {".well-known/openid-configuration": oidc.discovery, "keys": oidc.jwks}.get(document)
    return json_response(made(cluster)) if cluster and made else json_response({"error": f"no {name}"}, 404)


def make_token(body, _request):
    """A service account's token, as a pod would have it."""
    cluster = _cluster(body["cluster"])
    audience = body.get("audience", "sts.amazonaws.com")
    return {"token": oidc.token(cluster, body["subject"], audience, body.get("seconds", 3600))}


def set_kafka(body, _request):
    """Versions of Kafka that the region does not offer from now on."""
    STAGE.without_kafka = set(body["without"])
    return {}


ROUTES = {
    ("GET", "clock"): get_clock, ("POST", "clock"): move_clock, ("GET", "durations"): durations,
    ("POST", "reset"): reset,
    ("GET", "calls"): get_calls, ("DELETE", "calls"): clear_calls,
    ("GET", "faults"): get_faults, ("POST", "faults"): add_fault, ("DELETE", "faults"): clear_faults,
    ("GET", "gate"): wait_held, ("POST", "gate"): arm_gate, ("DELETE", "gate"): open_gate,
    ("GET", "inventory"): take_inventory, ("POST", "auth"): set_enforcement, ("POST", "principals"): make_principal,
    ("GET", "logins"): logins, ("GET", "oidc"): get_oidc, ("POST", "oidc/token"): make_token,
    ("POST", "kubernetes/endpoint"): set_kubernetes, ("POST", "kafka/versions"): set_kafka,
    ("POST", "kubernetes/token-review"): kubernetes.review_token, ("POST", "kubernetes/pod-identity"): kubernetes.add_identity,
    ("GET", "invalid"): get_invalid, ("GET", "denied"): get_denied, ("GET", "used"): get_used,
}
