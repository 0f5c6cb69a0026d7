"""Faults on demand: rules that say which calls go wrong, and how."""

import random

from . import errors
from .http import Dropped

BEFORE = ("throttle", "internal", "deny", "expired", "quota", "reset")
KINDS = (*BEFORE, "lost", "fail")
KEYS = {
    "service", "operation", "writes_only", "nth", "probability", "seed", "always", "times", "kind", "code", "message",
    "status", "reason", "headers",
}


class Rule:
    def __init__(self, spec):
        unknown = set(spec) - KEYS
        if unknown or spec.get("kind") not in KINDS:
            raise ValueError(f"fault rule: unknown keys {sorted(unknown)}, or kind {spec.get('kind')!r} is none of {KINDS}")
        self.spec, self.kind = spec, spec["kind"]
        self.seen = self.fired = 0
        self.random = random.Random(spec.get("seed", 1))

    def meets(self, request, write):
        """Whether it is this call's turn; counts the calls that it is about."""
        spec = self.spec
        if spec.get("service", request.service) != request.service:
            return False
        if spec.get("operation", request.operation) != request.operation or (spec.get("writes_only") and not write):
            return False
        self.seen += 1
        if "times" in spec and self.fired >= spec["times"]:
            return False
        if "nth" in spec and spec["nth"] != self.seen:
            return False
        if "probability" in spec and self.random.random() >= spec["probability"]:
            return False
        self.fired += 1
        return True

    def summary(self):
        return {**self.spec, "seen": self.seen, "fired": self.fired}


class Faults:
    def __init__(self):
        self.rules = []

    def before(self, request, write):
        """Applies what goes wrong before the call is handled; returns the rules for after it."""
        after = []
        for rule in self.rules:
            if not rule.meets(request, write):
                continue
            if rule.kind == "reset":
                raise Dropped(abort=True)
            if rule.kind == "fail":
                request.fails_later = {"code": rule.spec.get("code"), "reason": rule.spec.get("reason", "it failed")}
            elif rule.kind == "lost":
                after.append(rule)
            else:
                spec = rule.spec
                message = spec.get("message", spec.get("reason"))
                error = errors.of_kind(rule.kind, request, message, spec.get("code"), spec.get("status"))
                error.headers = spec.get("headers", {})
                raise error
        return after
