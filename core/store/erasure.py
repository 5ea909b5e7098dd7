"""The queries of `forget`: what is kept of one person, and its end. A bot may run on the store meanwhile."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.database import Database
from core.store.marks import IS_MARK, Marks
from core.store.rows import State
from core.store.tables import OPEN, conversations, turns, votes

_CHUNK = 500  # answers of one transaction
_ERASED = {
    "state": State.CLOSED,
    "outcome": "forgotten",
    "question": null(),
    "text": None,
    "offers": null(),
    "pause": null(),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A conversation that a person was part of."""

    id: int
    app: str  # "" where no route matched
    identity: str
    dify_id: str
    alone: bool  # nobody else asked in it
    personal: bool  # so it is with whatever else Dify has under its identity


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that Dify may be giving now."""

    app: str
    identity: str
    task_id: str


class Erasure:
    """Erases one person of one platform. Raises StoreUnavailable."""

    def __init__(self, database: Database, platform: str, person: str) -> None:
        self._database = database
        self._platform = platform
        self._person = person
        self._asked = and_(turns.c.platform == platform, turns.c.author == person)
        # Of a mark on an answer of their own the annotation has to be found: it goes with the answer.
        own = votes.c.turn.in_(select(turns.c.id).where(self._asked))
        self._cast = and_(votes.c.person == person, ~and_(IS_MARK, own))
        self._newest = 0  # what they ask after `parts` is not to be forgotten

    async def parts(self) -> list[Part]:
        """The conversations that they asked in, and their direct messages however old. To be called first."""
        columns = [conversations.c[name] for name in ("id", "app", "identity", "dify_id", "thread", "direct")]
        others = and_(
            turns.c.conversation == conversations.c.id, turns.c.author != self._person, ~turns.c.command
        )
        asked_in = conversations.c.id.in_(select(turns.c.conversation).where(self._asked))
        wanted: Select[Any] = select(
            *columns, asked_in.label("asked_in"), exists().where(others).label("shared")
        )
        async with self._database.begin() as connection:
            self._newest = (await connection.execute(select(func.max(turns.c.id)))).scalar() or 0
            rows = (await connection.execute(wanted.where(or_(asked_in, self._direct())))).all()
        return [_part(row) for row in rows if row.asked_in or row.identity.endswith(f":{self._person}")]

    async def withdraw(self) -> list[Begun]:
        """Erase their open questions at once; who answers one loses it, and notices with the next save."""
        theirs = (OPEN, self._asked, turns.c.id <= self._newest)
        columns = (conversations.c.app, conversations.c.identity, turns.c.task_id)
        begun = select(*columns).join(turns, turns.c.conversation == conversations.c.id)
        running = begun.where(*theirs, turns.c.state == State.RUNNING, turns.c.task_id != "")
        values = {**_ERASED, "closed_at": time.time(), "fence": turns.c.fence + 1}

        async def change(connection: AsyncConnection) -> list[Begun]:
            found = [Begun(*row) for row in await connection.execute(running)]
            await connection.execute(update(turns).where(*theirs).values(**values))
            return found

        return await self._database.write(change)

    async def erase_votes(self) -> int:
        """Take their votes back, so that Dify is told what is left of the ratings; how many there were.

        Marks too, but the annotations stay: they hold nothing of who marked them.
        """
        theirs = (turns.c.platform == self._platform, self._cast)
        rated = select(turns.c.id).join(votes, votes.c.turn == turns.c.id).where(*theirs).distinct()
        async with self._database.begin() as connection:
            answers = list((await connection.execute(rated)).scalars())
        erased = 0
        for start in range(0, len(answers), _CHUNK):
            erased += await self._unvote(answers[start : start + _CHUNK])
        return erased

    async def _unvote(self, answers: list[int]) -> int:
        async def change(connection: AsyncConnection) -> int:
            theirs = delete(votes).where(votes.c.turn.in_(answers), self._cast)
            gone = await connection.execute(theirs)
            await connection.execute(update(turns).where(turns.c.id.in_(answers)).values(rating_due=True))
            return gone.rowcount

        return await self._database.write(change)

    async def marked(self, part: Part) -> list[str]:
        """Dify's ids of the answers to their questions in a conversation that may be annotations there."""
        return await Marks(self._database).marked(part.id, self._person)

    async def erase(self, part: Part) -> int:
        """Remove their questions in a conversation, and it too where they were alone; how many they were."""
        here = (turns.c.conversation == part.id, self._asked, turns.c.id <= self._newest)

        async def change(connection: AsyncConnection) -> int:
            gone = await connection.execute(delete(turns).where(*here))
            if part.alone:
                await _remove(connection, part)
            return gone.rowcount

        return await self._database.write(change)

    def _direct(self) -> ColumnElement[bool]:
        """Their direct messages: the identity of one ends with whom it is with."""
        theirs = conversations.c.identity.endswith(f":{self._person}", autoescape=True)
        return and_(conversations.c.platform == self._platform, conversations.c.direct, theirs)


def _part(row: Row[Any]) -> Part:
    # Where a whole channel shares one identity, other people's conversations are under it too.
    personal = row.direct or bool(row.thread and row.identity.endswith(f":{row.thread}"))
    return Part(row.id, row.app, row.identity, row.dify_id, row.direct or not row.shared, personal)


async def _remove(connection: AsyncConnection, part: Part) -> None:
    """Remove a conversation; where somebody has begun to ask in it since, only what it remembers."""
    row = conversations.c.id == part.id
    # Locked first: a turn that a replica adds at this moment would go with the row.
    await connection.execute(select(conversations.c.id).where(row).with_for_update())
    left = exists().where(turns.c.conversation == conversations.c.id)
    await connection.execute(delete(conversations).where(row, ~left))
    memory = update(conversations).where(row, conversations.c.dify_id == part.dify_id)
    await connection.execute(memory.values(dify_id="", inputs=null()))
