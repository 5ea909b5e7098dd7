"""A turn in a store that has grown for years, beside one in a store that was just made.

Of a turn only its store is here: the statements of its whole life one after the other, and the reads that
come with messages, reactions and deletions.
"""

import random
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

from bench.crash.databases import store as fresh_store
from bench.report import Figure, Goal
from bench.store.filling import EMPTY, THREADS, Size, fill_file, fill_postgres, large_file
from bench.store.house import NAMES, Keep, open_database
from bench.store.options import Options, large
from bench.store.questions import APP, place, question
from core.messages import MessageRef, Place
from core.store.database import Database
from core.store.group import Transaction
from core.store.rows import Turn

T = TypeVar("T")

TURN = "{}: turn in a large store"
GOALS = [Goal(TURN.format(NAMES[kind]), 1.2, "ratio") for kind in ("sqlite", "postgres")]
_BLOCKS = 3  # of each round; a block is half as many turns as a round of the price has
_NEW = 0.5  # share of the turns that open a conversation
_TEXT = "The address stands on the page of your account. " * 20


@dataclass
class Bed:
    """One of the stores, and what was measured there. Milliseconds."""

    keep: Keep
    size: Size
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    born: int = field(default_factory=time.time_ns)
    asked: int = 0
    turns: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def turn(self) -> None:
        """One turn, from its message to its end."""
        began = time.perf_counter()
        await self._turn()
        self.turns.append((time.perf_counter() - began) * 1000)

    def blocks(self, length: int) -> list[float]:
        """The mean of so many turns, again and again: each has a few checkpoints of SQLite's log."""
        starts = range(0, len(self.turns), length)
        return [fmean(self.turns[start : start + length]) for start in starts]

    async def look(self) -> None:
        """What is read at a start, and when an answer was lost sight of."""
        keep, turn = self.keep, await self._accepted(self._place())
        await self._timed("open_turns", keep.store.open_turns)
        await self._timed("is_anothers", lambda: keep.ledger.is_anothers(turn, "nothing"))
        await self._timed("is_mapped", lambda: keep.ledger.is_mapped(turn, "nothing"))
        await keep.ledger.close(turn, "complete")

    async def _turn(self) -> None:
        store, ledger, where = self.keep.store, self.keep.ledger, self._place()
        await self._timed("knows", lambda: store.knows(where))
        turn = await self._accepted(where)
        await self._timed("note_sending", lambda: ledger.note_sending(turn))
        ids = {"task_id": "t" * 36, "message_id": f"m{self.born}{self.asked}", "run_id": ""}
        await self._timed(
            "note_ids", lambda: ledger.note_ids(turn, **ids, conversation_id="c" * 36, asked_at=None)
        )
        ref = turn.message.ref
        post = MessageRef(ref.platform, ref.workspace, ref.channel, f"{ref.id}-answer")
        await self._timed("add_post", lambda: ledger.add_post(turn, 0, post))
        await self._timed("open_turn_at", lambda: store.open_turn_at(post))
        await self._timed("running_at", lambda: store.running_at(where, turn.message.author.id))
        await self._timed("note_text", lambda: ledger.note_text(turn, _TEXT))
        await self._timed("close", lambda: ledger.close(turn, "complete"))
        await self._timed("due", self.keep.ratings.due)

    async def _accepted(self, where: Place) -> Turn:
        """A new turn, taken up."""
        self.asked += 1
        message = question(f"{self.born}-{self.asked}", where)
        accepted = await self._timed("accept", lambda: self.keep.store.accept(message, APP, _alone))
        assert accepted is not None
        turn = await self._timed("claim", lambda: self.keep.ledger.claim(accepted.turn))
        assert turn is not None
        return turn

    def _place(self) -> Place:
        """A conversation anywhere in the store, or a new one in a channel that is there."""
        if self.chance.random() < _NEW:
            return place(self.chance.randrange(self.size.channels), self.born // 1000 + self.asked)
        known = self.chance.randrange(self.size.conversations)
        return place(known // THREADS, known)

    async def _timed(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        began = time.perf_counter()
        result = await call()
        self.calls[name].append((time.perf_counter() - began) * 1000)
        return result


async def measure(kind: str, options: Options) -> list[Figure]:
    """Both stores, by turns. Raises NoServer."""
    size = Size(large(options, kind), options.per_conversation)
    server, block = options.postgres, max(1, options.turns // 2)
    async with _open_bed(kind, server, size) as big, _open_bed(kind, server, EMPTY) as small:
        for _ in range(block):
            await _side_by_side(big.turn, small.turn)
        for bed in (big, small):  # what the first turns cost is not counted
            bed.turns.clear()
            bed.calls.clear()
        for _ in range(options.rounds * _BLOCKS):
            for _ in range(block):
                await _side_by_side(big.turn, small.turn)
            await _side_by_side(big.look, small.look)
        return _figures(NAMES[kind], big, small, block)


async def _side_by_side(*calls: Callable[[], Awaitable[None]]) -> None:
    """One after the other, so closely that whatever else the machine does meets all alike."""
    for call in calls:
        await call()


async def _alone(_connection: Transaction, _turn: int, _line: int) -> None:
    """No job comes with the row."""


@asynccontextmanager
async def _open_bed(kind: str, server: str, size: Size) -> AsyncIterator[Bed]:
    """A store of a size: a file that is kept for the next run, or a database that is not. Raises NoServer."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        async with fresh_store(kind, server, Path(name)) as url:
            if kind == "postgres":
                await (await Database.open(url)).aclose()
                await fill_postgres(url, size)
            elif size is EMPTY:
                await fill_file(Path(url.removeprefix("sqlite:///")), size)
            else:
                url = f"sqlite:///{await large_file(size)}"  # noqa: PLW2901
            async with open_database(kind, url) as keep:
                yield Bed(keep, size)


def _figures(name: str, big: Bed, small: Bed, block: int) -> list[Figure]:
    about = f"{big.size.conversations:,} conversations, {big.size.turns:,} turns"
    whole = _call(TURN.format(name), big.blocks(block), small.blocks(block))
    return [
        whole,
        Figure(f"{name}: the large store has {about}; turns measured", big.asked),
        *(_call(f"{name}: {call} there", big.calls[call], small.calls[call]) for call in big.calls),
    ]


def _call(name: str, big: list[float], small: list[float]) -> Figure:
    return Figure(name, median(big), "ms", median(small), (min(big), max(big)))
