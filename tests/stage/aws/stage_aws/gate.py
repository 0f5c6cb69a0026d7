"""The gate holds one write for ever, so that a test can kill whoever made it at exactly that point."""

import threading


class Gate:
    def __init__(self):
        self._change = threading.Condition()
        self._left = self._when = self._held = None
        self._later = False
        self._epoch = 0

    def arm(self, n, when, later=False):
        if when not in ("before", "after") or n < 1:
            raise ValueError("gate: n counts from 1, when is before or after")
        with self._change:
            self._drop()
            self._left, self._when, self._later = n, when, later

    def disarm(self):
        with self._change:
            self._drop()

    def _drop(self):
        self._left = self._when = self._held = None
        self._epoch += 1
        self._change.notify_all()

    def counts(self):
        """A write arrives: `before` or `after` if it is the one to hold, `later` if it comes too late."""
        with self._change:
            if self._left is None:
                return None
            self._left -= 1
            if self._left > 0:
                return None
            when = "later" if self._left < 0 else self._when
            if not self._later:
                self._left = None
            return when

    def hold(self, what):
        """Returns when the gate is disarmed; the caller then drops the connection."""
        with self._change:
            epoch = self._epoch
            if what["when"] != "later":
                self._held = what
            self._change.notify_all()
            while self._epoch == epoch:
                self._change.wait()

    def wait_held(self, seconds):
        """What is held, or None if nothing was for that long."""
        with self._change:
            self._change.wait_for(lambda: self._held is not None, seconds)
            return self._held
