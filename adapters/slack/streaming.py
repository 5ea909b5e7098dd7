"""Whether a native stream may be started: what Slack refused for good, and how many started lately."""

import logging
import time
from collections import deque
from collections.abc import Callable

from core.messages import Place

log = logging.getLogger(__name__)

STARTS_PER_MINUTE = 20  # Slack: chat.startStream and chat.stopStream are Tier 2
_OWN_SHARE = 18  # of those: rather an edited message at once than a stream in a minute

# Slack will say the same of the next message: do not ask again while we run.
FOR_GOOD = frozenset({
    "access_denied", "channel_type_not_supported", "enterprise_is_restricted", "feature_not_enabled",
    "method_deprecated", "method_not_supported_for_channel_type", "missing_scope", "no_permission",
    "not_allowed_token_type", "not_authorized", "team_access_not_granted", "unknown_method",
})  # fmt: skip


class Streaming:
    """Native streams in the workspaces that we serve."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: set[tuple[str, bool]] = set()
        self._starts: dict[str, deque[float]] = {}

    def possible(self, place: Place) -> bool:
        """Slack has not refused streams there (apart for channels and direct messages)."""
        return (place.workspace, place.direct) not in self._refused

    def may_start(self, place: Place) -> bool:
        """Possible there, and the workspace's budget of starts is not spent."""
        return self.possible(place) and len(self._recent(place.workspace)) < _OWN_SHARE

    def started(self, place: Place) -> None:
        """Count a start."""
        self._recent(place.workspace).append(self._clock())

    def refused(self, place: Place, code: str) -> None:
        """Slack refused a start; for good, if the code says so."""
        lasting = code in FOR_GOOD
        if lasting:
            self._refused.add((place.workspace, place.direct))
        log.warning(
            "Slack refuses native streams (%s): %s is edited instead",
            code,
            "from now on every answer" if lasting else "this answer",
        )

    def _recent(self, workspace: str) -> deque[float]:
        starts = self._starts.setdefault(workspace, deque())
        while starts and starts[0] <= self._clock() - 60:
            starts.popleft()
        return starts
