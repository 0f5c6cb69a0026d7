"""The account and all that is known about its calls; one call is handled at a time."""

import json
import re
import threading
import traceback

from . import errors, moto_side, route
from .clock import Clock
from .faults import Faults
from .gate import Gate
from .http import Dropped, Response

# Services that we answer ourselves: name -> module with `handle(request)` and `reset()`.
OURS = {}


class Stage:
    def __init__(self):
        self.lock = threading.RLock()
        self.gate = Gate()
        self.moto = moto_side.Moto()
        # How this process was started: options of the command line.
        self.options = {}
        self._forget()

    def _forget(self):
        self.clock = Clock()
        self.faults = Faults()
        self.calls, self.invalid, self.denied = [], [], []
        # What enforcement looked at and allowed.
        self.used = set()
        self.count = 0
        self.enforce = False
        # Users and roles that tests made for themselves: no part of the account.
        self.test_principals = set()
        # Versions of Kafka that the region does not offer.
        self.without_kafka = set()
        # When things of moto's were made, in virtual time, by id or ARN.
        self.born = {}

    def reset(self):
        with self.lock:
            self.gate.disarm()
            self._forget()
            moto_side.reset()
            for service in OURS.values():
                service.reset()

    def broke_model(self, request, side, problems):
        """Remembers a request or an answer that is against the service model."""
        self.invalid.append({
            "service": request.service, "operation": request.operation, "side": side, "problems": problems,
        })

    # --- one call ---

    def handle(self, request):
        try:
            route.identify(request)
        except Exception:  # a fault of ours must reach the test
            self.broke_model(request, "request", [traceback.format_exc()])
            return Response(500, {"content-type": "text/plain"}, traceback.format_exc())
        write = route.is_write(request)
        what = {"service": request.service, "operation": request.operation}
        holds = None
        try:
            with self.lock:
                holds = self.gate.counts() if write else None
                if holds in (None, "after"):
                    response = self._counted(request, write, what)
        finally:
            # A write that is held is held whatever became of it.
            if holds:
                self.gate.hold({**what, "when": holds})
        if holds:
            raise Dropped
        return response

    def _counted(self, request, write, what):
        self.count += 1
        record = {"n": self.count, **what, "write": write, "status": 0, "error": None, "at": self.clock.now}
        self.calls.append(record)
        try:
            after = self.faults.before(request, write)
            response = self._answer(request)
        except errors.AwsError as error:
            if request.service == "s3":
                error.headers = {**_region_of_bucket(request), **error.headers}
            after, response = [], errors.render(request.service, error)
        except Dropped:
            record["error"] = "dropped"
            raise
        record["status"] = response.status
        if response.status >= 400:
            record["error"] = error_code(response)
        if after:
            record["error"] = "lost"
            raise Dropped
        return response

    def _answer(self, request):
        from . import authorize  # looks things up in all services, which look up the stage
        from .rules import hooks

        service = OURS.get(request.service)
        if not service and request.service not in errors.PROTOCOLS:
            raise errors.AwsError("NotEmulated", f"the stage has no service {request.service}", 501)
        try:
            authorize.check(request)
            return service.handle(request) if service else hooks.call(request, self.moto)
        except (errors.AwsError, Dropped):
            raise
        except Exception as error:  # a fault of ours must reach the test, whatever it is
            trace = traceback.format_exc()
            self.broke_model(request, "answer", [trace.strip().splitlines()[-1], trace])
            raise errors.AwsError("StageIsBroken", f"{request.operation}: {error!r}", 500) from error


def _region_of_bucket(request):
    """S3 names the region of a bucket that exists, whoever asks (source: S3 API, HeadBucket)."""
    from .rules import s3

    bucket = moto_side.backend("s3").buckets.get(s3.bucket_name(request))
    return {"x-amz-bucket-region": bucket.region_name} if bucket else {}


def error_code(response):
    """The error's code out of an answer."""
    code = {name.lower(): value for name, value in response.headers.items()}.get("x-amzn-errortype")
    if code:
        return code
    body = response.body if isinstance(response.body, str) else response.body.decode("utf-8", "replace")
    found = re.search(r"<Code>([^<]*)</Code>", body)
    if found:
        return found.group(1)
    try:
        return json.loads(body).get("__type")
    except (ValueError, AttributeError):
        return None


def json_response(value, status=200):
    return Response(status, {"content-type": "application/json"}, json.dumps(value, default=str))


STAGE = Stage()
