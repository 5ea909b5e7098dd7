"""Whether a native stream may be started: what Slack refused for good."""

import logging

from core.messages import Place

log = logging.getLogger(__name__)

STARTS_PER_MINUTE = 20  # Slack: chat.startStream and chat.stopStream are Tier 2

# Slack will say the same of the next message: do not ask again while we run.
FOR_GOOD = frozenset({
    "access_denied", "channel_type_not_supported", "enterprise_is_restricted", "feature_not_enabled",
    "method_deprecated", "method_not_supported_for_channel_type", "missing_scope", "no_permission",
    "not_allowed_token_type", "not_authorized", "team_access_not_granted", "unknown_method",
})  # fmt: skip


class Streaming:
    """Native streams in the workspaces that we serve."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, bool]] = set()

    def possible(self, place: Place) -> bool:
        """Slack has not refused streams there (apart for channels and direct messages)."""
        return (place.workspace, place.direct) not in self._refused

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
