"""The rate limiters that the simulated platforms put in front of their methods."""

import time
from collections import deque
from collections.abc import Callable


class SlidingWindow:
    """At most `limit` hits in any `window` seconds, as strict as a server could be (Slack tiers)."""

    def __init__(self, limit: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._hits: deque[float] = deque()

    def hit(self) -> float:
        """Count one call. 0.0 means allowed; otherwise the seconds to wait (the call is not counted)."""
        now = self._clock()
        while self._hits and self._hits[0] <= now - self.window:
            self._hits.popleft()
        if len(self._hits) >= self.limit:
            return self._hits[0] + self.window - now
        self._hits.append(now)
        return 0.0


class FixedWindow:
    """At most `limit` hits per window that starts with the first hit (Discord's buckets)."""

    def __init__(self, limit: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._ends = 0.0
        self._used = 0

    @property
    def remaining(self) -> int:
        """Hits left in the running window."""
        return self.limit - self._used if self._clock() < self._ends else self.limit

    @property
    def reset_after(self) -> float:
        """Seconds until the running window ends."""
        return max(0.0, self._ends - self._clock())

    def hit(self) -> float:
        """Count one call. 0.0 means allowed; otherwise the seconds to wait (the call is not counted)."""
        now = self._clock()
        if now >= self._ends:
            self._ends, self._used = now + self.window, 0
        if self._used >= self.limit:
            return self._ends - now
        self._used += 1
        return 0.0
