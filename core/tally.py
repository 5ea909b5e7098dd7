"""What a turn that is over adds to the operator's counters and log."""

import logging
import time

from core.apps import trace_of
from core.closing import Closing
from core.metrics import Metrics
from core.reply import Reply
from core.store.rows import Turn

log = logging.getLogger(__name__)


def tally(metrics: Metrics, turn: Turn, reply: Reply, closing: Closing, now: float) -> None:
    """Count it; `now` is of the clock that the reply has."""
    platform, outcome = turn.message.place.platform, "gone" if reply.gone else closing.outcome
    metrics.spent(turn.conversation.app, *closing.spent)
    metrics.turns.labels(platform, outcome).inc()
    metrics.calls.labels(platform).inc(reply.calls)
    metrics.rate_limited.labels(platform).inc(reply.rate_limited)
    if reply.first_text_at is not None:
        waited = time.time() - turn.queued_at - (now - reply.first_text_at)
        metrics.first_text.labels(platform).observe(max(0.0, waited))
    _tell(turn, outcome, int(closing.spent[0]))


def _tell(turn: Turn, outcome: str, tokens: int) -> None:
    """One line for every turn; what it is made of also by itself, where lines have fields."""
    seconds, app = max(0.0, time.time() - turn.queued_at), turn.conversation.app or "none"
    said = "turn %d: %s after %.1f s, %d tokens (app %s, trace %s)"
    parts = {"outcome": str(outcome), "seconds": round(seconds, 3), "tokens": tokens}
    log.info(said, turn.id, outcome, seconds, tokens, app, trace_of(turn), extra=parts)
