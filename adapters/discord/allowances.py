"""What Discord last said about its rate limits, by method and channel."""

import re
import time
from collections import OrderedDict
from collections.abc import Mapping

from core.contract import Allowance

_MESSAGES = re.compile(r"/channels/(?P<channel>\d+)/messages(?:/\d+)?$")
_KEPT = 1000  # channels


class Allowances:
    """Remembers the headers of posting and editing messages (Discord: topics/rate-limits#header-format)."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Read one reply's headers; those without, and of other routes, are passed over."""
        route = _MESSAGES.search(path)
        remaining, after = headers.get("X-RateLimit-Remaining"), headers.get("X-RateLimit-Reset-After")
        if route is None or remaining is None or after is None:
            return
        key = (method, route["channel"])
        self._known[key] = (int(remaining), time.monotonic() + float(after))
        self._known.move_to_end(key)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def of(self, method: str, channel: str) -> Allowance | None:
        """The allowance now; None where nothing is known, or its window is over."""
        remaining, ends = self._known.get((method, channel), (0, 0.0))
        left = ends - time.monotonic()
        return Allowance(remaining, left) if left > 0 else None
