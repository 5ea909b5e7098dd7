"""Slack's rate limits as data (per method, per workspace, per app), and the counters over them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulators.limits import SlidingWindow


@dataclass(frozen=True)
class Rate:
    """At most `limit` calls in any `window` seconds; counted for the workspace, or for each channel of it."""

    limit: int
    window: float
    per_channel: bool = False


# https://docs.slack.dev/apis/web-api/rate-limits: the guaranteed minimum of each tier, taken as the limit.
TIERS: Mapping[str, Rate] = {
    "t1": Rate(1, 60.0),
    "t2": Rate(20, 60.0),
    "t3": Rate(50, 60.0),
    "t4": Rate(100, 60.0),
    "post": Rate(4, 4.0, per_channel=True),  # about 1/s per channel, short bursts tolerated
    "special": Rate(600, 60.0),  # "hundreds per minute"; Slack gives no number
}


@dataclass(frozen=True)
class Limits:
    """Which limits a simulator keeps. `rates` overrides a method ("chat.update") or a whole tier ("t3").

    `speed` divides every window: 10 makes a minute's budget come back in six seconds.
    """

    rates: Mapping[str, Rate | None] | None = None
    speed: float = 1.0
    enforced: bool = True

    @classmethod
    def off(cls) -> "Limits":
        """No limits, for tests about something else."""
        return cls(enforced=False)

    def rate(self, method: str, tier: str) -> Rate | None:
        """The rate of a method, or None where it is not limited."""
        if not self.enforced:
            return None
        rates = self.rates or {}
        return rates[method] if method in rates else rates.get(tier, TIERS[tier])


class Throttle:
    """Counts the calls of one workspace; says how many seconds the next one has to wait."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._windows: dict[tuple[str, str], SlidingWindow] = {}

    def hit(self, method: str, tier: str, channel: str) -> int:
        """Count one call: 0 if allowed, else the Retry-After in whole seconds (at least 1)."""
        rate = self.limits.rate(method, tier)
        if rate is None:
            return 0
        key = (method, channel if rate.per_channel else "")
        if key not in self._windows:
            self._windows[key] = SlidingWindow(rate.limit, rate.window / self.limits.speed, self._clock)
        wait = self._windows[key].hit()
        return max(1, math.ceil(wait)) if wait > 0 else 0

    def reset(self, limits: Limits) -> None:
        """Take other limits; all counters start again."""
        self.limits = limits
        self._windows.clear()
