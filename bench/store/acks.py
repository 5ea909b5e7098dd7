"""How long Slack waits for an acknowledgement: the real adapter and intake here, Slack in another process.

What is accepted is not run: this is the intake alone. The reference keeps its rows in dictionaries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from bench.report import Figure, Goal
from bench.store.house import NAMES, open_keep, open_queues
from bench.store.metering import share
from bench.store.options import Options
from bench.store.questions import APP
from bench.store.remote import Remote, other_side, parted
from core.dispatch.ownership import Tenure
from core.feedback import Feedback
from core.inbox import Intake
from core.metrics import Metrics
from core.responses import Responses
from core.router import Route
from core.running import Stops
from core.stopping import Stopping
from core.taking import Taking

PIECES = 5  # of the load; the median of their p99 counts
_TRIES = 2  # times as many pieces, at most
_LATE = 10.0  # milliseconds, p99: a sender that is so late had no core for itself
P99 = "{}: acknowledged under load, p99"
LOST = "{}: not acknowledged at all"
GOALS = [Goal(P99.format(NAMES["sqlite"]), 50), *(Goal(LOST.format(name), 0) for name in NAMES.values())]


@dataclass
class _Piece:
    """A few seconds of load on each of them, one after the other, as their senders saw it."""

    reference: dict[str, Any]
    mine: dict[str, Any]
    mentioned: dict[str, Any]

    @property
    def late(self) -> float:
        """How far the senders were behind their time."""
        return max(share(seen["late"], 0.99) for seen in (self.reference, self.mine, self.mentioned))


async def measure(kind: str, options: Options) -> list[Figure]:
    """A database beside memory. Raises NoServer."""
    with parted() as cpu:
        async with (
            other_side(cpu) as away,
            other_side(cpu) as here,
            open_intake("memory", options.postgres, away),
            open_intake(kind, options.postgres, here),
        ):
            pieces = await _pieces(away, here, options)
    quiet = [piece for piece in pieces if piece.late <= _LATE]
    counted = quiet if len(quiet) > PIECES // 2 else pieces
    return _figures(NAMES[kind], counted, len(pieces), sum(piece.mine["lost"] for piece in pieces))


async def _pieces(away: Remote, here: Remote, options: Options) -> list[_Piece]:
    """The load in pieces, so that a disturbance from outside does not decide; more where there are many."""
    seconds = options.load / PIECES

    async def load(remote: Remote, *, mention: bool = False) -> dict[str, Any]:
        return await remote.order(do="load", rate=options.rate, seconds=seconds, mention=mention)

    await load(away)  # warm up
    await load(here)
    pieces: list[_Piece] = []
    while len(pieces) < _TRIES * PIECES and sum(piece.late <= _LATE for piece in pieces) < PIECES:
        pieces.append(_Piece(await load(away), await load(here), await load(here, mention=True)))
    return pieces


def _figures(name: str, pieces: list[_Piece], of: int, lost: int) -> list[Figure]:
    def compared(title: str, part: float) -> Figure:
        values = [share(piece.mine["acks"], part) for piece in pieces]
        reference = median(share(piece.reference["acks"], part) for piece in pieces)
        return Figure(title, median(values), "ms", reference, (min(values), max(values)))

    twice = [share(piece.mentioned["acks"], 0.99) for piece in pieces]
    late = [piece.late for piece in pieces]
    return [
        compared(f"{name}: acknowledged under load, p50", 0.5),
        compared(P99.format(name), 0.99),
        compared(f"{name}: acknowledged under load, slowest", 1.0),
        Figure(LOST.format(name), lost),
        Figure(
            f"{name}: with mentions, two events each, p99",
            median(twice),
            "ms",
            spread=(min(twice), max(twice)),
        ),
        Figure(
            f"{name}: sender behind its time, p99; {len(pieces)} of {of} pieces counted",
            median(late),
            "ms",
            spread=(min(late), max(late)),
        ),
    ]


@asynccontextmanager
async def open_intake(kind: str, server: str, remote: Remote) -> AsyncIterator[None]:
    """The adapter, connected to the other side, and the intake over a new store. Raises NoServer."""
    names = ("api_url", "bot_token", "app_token")
    settings = SlackSettings.model_validate({name: remote.addresses[name] for name in names})
    adapter, stops = SlackAdapter(settings), Stops()
    async with (
        open_keep(kind, server) as keep,
        open_queues(keep, _parked, stops, serving=False) as queues,
    ):
        feedback = Feedback(keep.ratings, {}, {}, Metrics())
        stopping = Stopping(keep.store, stops, queues)
        intake = Intake(
            keep.store, [Route(APP)], Taking(queues), feedback, stops, stopping, Responses({}, {}), {}
        )
        running = asyncio.create_task(adapter.run(intake, keep.store))
        try:
            await remote.order(do="connect")
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await adapter.aclose()


async def _parked(_turn: int, _tenure: Tenure) -> bool:
    await asyncio.Event().wait()
    return True
