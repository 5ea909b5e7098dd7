"""What is kept for how long: old turns go, buttons to ask again expire, idle conversations begin afresh.

Everything happens in small transactions that can be repeated, so that neither people's messages nor another
replica that does the same have to wait.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, func, null, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import StoreUnavailable
from core.store.database import Database
from core.store.group import Change
from core.store.marks import Stage
from core.store.rows import State
from core.store.tables import OPEN, conversations, turns, votes

log = logging.getLogger(__name__)

CHUNK = 500  # rows of one transaction: 10 to 30 ms with all that hangs on them, measured
PARKED_SECONDS = 24 * 3600.0  # how long an answer that is not whole keeps its question, and its button works
START_SECONDS = 30.0  # after the start, when what was waiting for us has been taken up
SWEEP_SECONDS = 3600.0
RETRY_SECONDS = 60.0
_DAY_SECONDS = 24 * 3600.0
_PAUSE_SECONDS = 0.1  # between two chunks, for everybody else


class Retention:
    """Sweeps the store now and then. Raises StoreUnavailable."""

    def __init__(
        self,
        database: Database,
        *,
        keep_days: float,
        idle_days: float | None,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        """`idle_days`: after so long a conversation begins afresh; None: never."""
        self._database = database
        self._keep_seconds = keep_days * _DAY_SECONDS
        self._idle_seconds = None if idle_days is None else idle_days * _DAY_SECONDS
        self._pause = pause
        # Up to here (last_at, id) idle conversations were seen to. One with an open turn is passed by: once
        # it goes on it is idle no more; if it never does, the next process sees to it.
        self._seen = (0.0, 0)

    async def run(self) -> None:
        """Sweep shortly after the start and then every hour, until cancelled."""
        pause = START_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                await self.sweep()
                pause = SWEEP_SECONDS
            except StoreUnavailable as error:
                log.warning("old rows can't be removed now: %s", error)
                pause = RETRY_SECONDS

    async def sweep(self) -> None:
        """See to everything once."""
        now = time.time()
        await self._close_parked(now - PARKED_SECONDS)
        await self._remove_turns(now - self._keep_seconds)
        if self._idle_seconds is not None:
            await self._drop_mappings(now - self._idle_seconds, now - self._keep_seconds)

    async def _close_parked(self, before: float) -> None:
        """Nobody asked again in time: question and text go. A press at this moment is first or too late."""
        parked = (OPEN, turns.c.state == State.PARKED, turns.c.closed_at < before)
        some = select(turns.c.id).where(*parked).limit(CHUNK)  # in no order, or SQLite scans the table for it
        erased = {"state": State.CLOSED, "question": null(), "text": None, "pause": null()}

        async def change(connection: AsyncConnection) -> int:
            # the conditions again: on PostgreSQL somebody may have pressed since the rows were chosen
            done = await connection.execute(
                update(turns).where(turns.c.id.in_(some), *parked).values(**erased)
            )
            return done.rowcount

        while await self._paced(change):
            continue

    async def _remove_turns(self, before: float) -> None:
        """Walk from the oldest turn to where they are young; what is still open on the way stays."""
        after = 0
        while (last := await self._old_until(after, before)) is not None:
            await self._paced(_removal((turns.c.id > after, turns.c.id <= last), before))
            after = last

    async def _old_until(self, after: int, before: float) -> int | None:
        """The last id of the next chunk; None where it holds nothing old.

        Ids are given in the order of time, so that this costs the same however many turns there are.
        """
        some = (
            select(turns.c.id, turns.c.queued_at)
            .where(turns.c.id > after)
            .order_by(turns.c.id)
            .limit(CHUNK)
            .subquery()
        )
        async with self._database.begin() as connection:
            last, oldest = (
                await connection.execute(select(func.max(some.c.id), func.min(some.c.queued_at)))
            ).one()
        return last if oldest is not None and oldest < before else None

    async def _drop_mappings(self, idle: float, old: float) -> None:
        position = tuple_(conversations.c.last_at, conversations.c.id)
        while True:
            some = (
                select(conversations.c.last_at, conversations.c.id)
                .where(position > self._seen, conversations.c.last_at < idle)
                .order_by(conversations.c.last_at, conversations.c.id)
                .limit(CHUNK)
            )
            async with self._database.begin() as connection:
                found = [(row.last_at, row.id) for row in await connection.execute(some)]
            if not found:
                return
            await self._paced(_fresh_start([number for _, number in found], idle, old))
            self._seen = found[-1]

    async def _paced(self, change: Change[int]) -> int:
        """Make one small change; where it changed something, let the others have their turn."""
        done = await self._database.write(change)
        if done:
            await asyncio.sleep(self._pause)
        return done


def _removal(span: Sequence[ColumnElement[bool]], before: float) -> Change[int]:
    """Remove the old ones of a span of turns, and the conversations that nothing is left of.

    Not those whose answer is an annotation at Dify by a mark that stands: only they lead to it, when the mark
    is taken away or the person is to be forgotten.
    """
    marked = exists().where(votes.c.turn == turns.c.id, votes.c.rating.in_(list(Stage)))
    old = and_(*span, turns.c.state == State.CLOSED, turns.c.closed_at < before, ~marked)

    async def change(connection: AsyncConnection) -> int:
        gone = await connection.execute(delete(turns).where(old).returning(turns.c.conversation))
        removed = list(gone.scalars())
        await _remove_empty(connection, set(removed), before)
        return len(removed)

    return change


def _fresh_start(among: Collection[int], idle: float, old: float) -> Change[int]:
    """Drop the mapping of those conversations that are idle, unless one is being gone on with."""
    open_turn = exists().where(turns.c.conversation == conversations.c.id, OPEN)
    unused = (conversations.c.id.in_(among), conversations.c.last_at < idle, ~open_turn)

    async def change(connection: AsyncConnection) -> int:
        mapped = update(conversations).where(*unused, conversations.c.dify_id != "")
        dropped = await connection.execute(mapped.values(dify_id=""))
        await _remove_empty(connection, among, old)
        return dropped.rowcount

    return change


async def _remove_empty(connection: AsyncConnection, among: Collection[int], before: float) -> None:
    """Remove the conversations without a turn and a mapping, unless somebody comes back to one now."""
    unused = (
        conversations.c.id.in_(among),
        conversations.c.dify_id == "",
        conversations.c.last_at < before,
        ~exists().where(turns.c.conversation == conversations.c.id),
    )
    # Locked first, looked at again then: a turn that another replica adds meanwhile would go with its row.
    lock = select(conversations.c.id).where(*unused).with_for_update(skip_locked=True)
    locked = list((await connection.execute(lock)).scalars())
    if locked:
        await connection.execute(delete(conversations).where(conversations.c.id.in_(locked), *unused))
