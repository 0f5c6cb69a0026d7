"""moto inside this process: its WSGI application, called without a socket."""

import io
import urllib.parse

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from . import ACCOUNT, REGION
from .http import Response

# Tagging is answered from the inventory; moto would import every service it has for it.
SERVICES = ("sts", "ec2", "s3", "kms", "secretsmanager", "iam", "elbv2")
GLOBAL = ("iam", "s3", "sts")


def backend(service, region=REGION):
    """moto's state of a service."""
    return get_backend(service)[ACCOUNT]["aws" if service in GLOBAL else region]


def regions():
    """The stage's region, and others in which somebody made something."""
    found = {REGION}
    for service in SERVICES:
        # A backend that nobody asked for holds nothing but what every account has.
        if service not in GLOBAL and service != "ec2":
            found |= {name for name, state in get_backend(service)[ACCOUNT].items() if _holds_something(state)}
    return sorted(found)


def _holds_something(state):
    names = ("keys", "secrets", "load_balancers")
    return any(isinstance(getattr(state, name, None), dict) and getattr(state, name) for name in names)


def _environ(request):
    host, _, port = request.headers.get("host", "localhost").partition(":")
    environ = {
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": urllib.parse.unquote(request.path, "utf-8").encode().decode("latin-1"),
        "QUERY_STRING": request.query_string, "RAW_URI": request.target, "REQUEST_URI": request.target,
        "SERVER_NAME": host, "SERVER_PORT": port or "80", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True, "wsgi.errors": io.StringIO(), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


class Moto:
    def __init__(self):
        self._application = DomainDispatcherApplication(create_backend_app)

    def handle(self, request):
        started = []

        def start_response(status, headers, _exc_info=None):
            started.append((int(status.split()[0]), dict(headers)))

        body = b"".join(self._application(_environ(request), start_response))
        status, headers = started[0]
        return Response(status, headers, body)


def reset():
    """Everything of moto's is gone; what an account always has is there again."""
    # moto's own reset would build every backend anew only to throw it away.
    for found in BackendDict._instances:
        found.clear()
    BackendDict._instances.clear()
    # Names of buckets are the whole world's, and kept beside the backends.
    get_backend("s3").bucket_accounts.clear()
    for service in SERVICES:
        backend(service)
