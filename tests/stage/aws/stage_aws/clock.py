"""Virtual time: it starts at zero and moves only when it is told to; what is due happens in order."""

import datetime
import heapq
import itertools
import json
import pathlib

# Dates in answers count from here, so that equal runs give equal dates.
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
DURATIONS = json.loads((pathlib.Path(__file__).parent.parent / "durations.json").read_text())


class Clock:
    def __init__(self):
        self.now = 0.0
        self._order = itertools.count()
        self._due = []

    def after(self, duration, then):
        """Calls `then` once that many seconds (or the duration of that name) have passed."""
        seconds = DURATIONS[duration] if isinstance(duration, str) else duration
        heapq.heappush(self._due, (self.now + seconds, next(self._order), then))

    def to(self, seconds):
        """Moves on to that moment; one in the past is no move."""
        while self._due and self._due[0][0] <= max(seconds, self.now):
            at, _, then = heapq.heappop(self._due)
            # What follows from an event counts from the event, not from where the clock is sent.
            self.now = max(self.now, at)
            then()
        self.now = max(self.now, float(seconds))

    def passed(self, since, duration):
        """Whether the duration of that name has passed since then."""
        return self.now - since >= DURATIONS[duration]

    def date(self):
        return EPOCH + datetime.timedelta(seconds=self.now)
