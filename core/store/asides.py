"""The queries of what stands beside the answers: offers to press, forms filled in, decisions waited for."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, exists, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import MessageRef, Place
from core.store.database import Database
from core.store.marks import Marks
from core.store.queries import (
    channel_inputs,
    conversation_from,
    in_place,
    insert,
    is_at,
    select_conversations,
)
from core.store.rows import Accepted, Conversation, State, Stood, Turn, Wish
from core.store.store import Enlist
from core.store.tables import OPEN, conversations, posts, turns

_SOME = 50  # that are to be stopped, in one go
_MANY = 5_000
_STILL = case((turns.c.stop < Wish.STOP, Wish.NONE), else_=turns.c.stop)  # of a cut nothing is left
_WAITS = (turns.c.state == State.PARKED, turns.c.pause.is_not(None))  # for a person to decide
_KEEPING_SECONDS = (0.1, 0.3)  # a button can be seen a moment before it is kept where it stands


class Asides:
    """What is kept beside turns. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, ref: MessageRef) -> Stood | None:
        """The answer that stands in a message of ours, however old; one shown just now is waited for."""
        for pause in _KEEPING_SECONDS:
            stood = await self._stood(*is_at(posts, ref))
            if stood is not None and stood.state is not State.RUNNING:
                return stood
            await asyncio.sleep(pause)
        return await self._stood(*is_at(posts, ref))

    async def _stood(self, *conditions: Any) -> Stood | None:
        joined = turns.join(conversations, turns.c.conversation == conversations.c.id).join(posts)
        wanted = select_conversations().add_columns(
            turns.c.id, turns.c.author, turns.c.state, turns.c.message_id, turns.c.run_id, turns.c.offers,
            turns.c.pause, turns.c.stop, channel_inputs(),
        ).select_from(joined).where(*conditions)  # fmt: skip
        async with self._database.begin() as connection:
            row = (await connection.execute(wanted)).first()
        if row is None:
            return None
        return Stood(
            row.id, conversation_from(row), row.author, State(row.state), row.message_id, row.run_id,
            tuple(row.offers or ()), row.pause or {}, Wish(row.stop),
        )  # fmt: skip

    async def offer(self, turn: Turn, questions: Sequence[str]) -> None:
        """Keep the questions that stand as buttons under a turn's answer."""
        same = (turns.c.id == turn.id, turns.c.queued_at == turn.queued_at)
        kept = update(turns).where(*same).values(offers=list(questions))
        await self._database.write(lambda connection: connection.execute(kept))

    async def conversation(self, place: Place, app: str) -> Conversation | None:
        """The conversation of a place with an app."""
        return await self._first(in_place(place), conversations.c.app == app)

    async def meant(self, place: Place, app: str) -> Conversation | None:
        """The conversation that a person means at a place.

        Direct messages can hold many, each in a thread: there it is the one that was used last.
        """
        if not place.direct or place.thread:
            return await self.conversation(place, app)
        key = {"platform": place.platform, "workspace": place.workspace, "channel": place.channel, "app": app}
        used = exists().where(turns.c.conversation == conversations.c.id)
        return await self._first(
            *(conversations.c[name] == value for name, value in key.items()),
            or_(conversations.c.dify_id != "", used),
        )

    async def _first(self, *conditions: Any) -> Conversation | None:
        wanted = select_conversations().add_columns(channel_inputs()).where(*conditions)
        async with self._database.begin() as connection:
            row = (await connection.execute(wanted.order_by(conversations.c.last_at.desc()))).first()
        return None if row is None else conversation_from(row)

    async def inputs(self, place: Place, app: str) -> dict[str, Any]:
        """What was filled in at a place, or for its whole channel."""
        found = await self.conversation(place, app)
        if found is None and place.thread:
            return await self.inputs(_channel(place), app)
        return dict(found.inputs) if found else {}

    async def keep_inputs(self, place: Place, app: str, identity: str, values: Mapping[str, Any]) -> None:
        """Keep what was filled in at a place, beside what was before; made where nobody talked there yet."""

        async def change(connection: AsyncConnection) -> None:
            now = time.time()
            where = {"platform": place.platform, "workspace": place.workspace, "channel": place.channel}
            key = {**where, "thread": place.thread, "app": app}
            new = {**key, "direct": place.direct, "identity": identity, "created_at": now, "last_at": now}
            await connection.execute(
                insert(connection, conversations).values(**new, dify_id="").on_conflict_do_nothing()
            )
            mine = (in_place(place), conversations.c.app == app)
            row = await connection.execute(select(conversations.c.inputs).where(*mine).with_for_update())
            merged = {**(row.scalar_one() or {}), **values}
            await connection.execute(update(conversations).where(*mine).values(inputs=merged))

        await self._database.write(change)

    async def switch(self, place: Place, app: str, dify_id: str) -> None:
        """Let a place go on with another conversation at Dify, or ("") with a new one."""
        mine = update(conversations).where(in_place(place), conversations.c.app == app)
        changed = mine.values(dify_id=dify_id, last_at=time.time())
        await self._database.write(lambda connection: connection.execute(changed))

    async def is_untouched(self, turn: Turn) -> bool:
        """Whether nobody has begun a turn anew since it was ours, nor forgotten it."""
        same = (turns.c.id == turn.id, turns.c.queued_at == turn.queued_at, turns.c.fence == turn.fence)
        async with self._database.begin() as connection:
            return (await connection.execute(select(turns.c.id).where(*same))).first() is not None

    async def go_on(self, turn: int, enlist: Enlist, *, wanted: bool) -> Accepted | None:
        """A decision was made: follow the run of a paused turn again. None where somebody did already.

        The form's token stays: as long as Dify says that the run waits for that one, it is about to go on.
        `wanted`: who decided here, and wanted it stopped before, has thought better of it.
        """
        return await self._resume(turn, enlist, stop=Wish.NONE if wanted else _STILL)

    async def give_up(self, turn: int, enlist: Enlist) -> Accepted | None:
        """Follow the run of a paused turn again that somebody wants stopped, so that it ends as that.

        None where nobody wants that, or where it goes on already.
        """
        return await self._resume(turn, enlist, turns.c.stop >= Wish.STOP)

    async def _resume(self, turn: int, enlist: Enlist, *wanted: Any, **values: Any) -> Accepted | None:
        async def change(connection: AsyncConnection) -> Accepted | None:
            waits = (turns.c.id == turn, *_WAITS, *wanted)
            anew = update(turns).where(*waits).values(
                state=State.RUNNING, closed_at=None, fence=turns.c.fence + 1, **values
            )  # fmt: skip
            row = (await connection.execute(anew.returning(turns.c.id, turns.c.conversation))).first()
            if row is None:
                return None
            accepted = Accepted(*row)
            await enlist(connection, accepted.turn, accepted.line)
            return accepted

        return await self._database.write(change, urgent=True)

    async def paused(self) -> list[tuple[int, str, Mapping[str, Any]]]:
        """Turns whose runs wait for a person: their ids, apps and what is waited for; in no order."""
        wanted = (
            select(turns.c.id, conversations.c.app, turns.c.pause)
            .join(conversations, turns.c.conversation == conversations.c.id)
            .where(OPEN, *_WAITS)
            .limit(_MANY)
        )
        async with self._database.begin() as connection:
            return [(turn, app, pause or {}) for turn, app, pause in await connection.execute(wanted)]

    async def unwanted(self) -> Sequence[int]:
        """Paused turns that somebody wants stopped, and that were not taken up for it yet."""
        wanted = select(turns.c.id).where(OPEN, *_WAITS, turns.c.stop >= Wish.STOP).limit(_SOME)
        async with self._database.begin() as connection:
            return (await connection.execute(wanted)).scalars().all()

    async def paused_at(self, place: Place, author: str | None) -> int | None:
        """The newest paused turn of a person at a place, or (None) of anybody.

        Where a place is no thread of its own, those in the threads of its channel count too.
        """
        key = {"platform": place.platform, "workspace": place.workspace, "channel": place.channel}
        key |= {"thread": place.thread} if place.thread or author is None else {}
        wanted = (
            select(turns.c.id)
            .join(conversations, turns.c.conversation == conversations.c.id)
            .where(OPEN, *_WAITS, *(conversations.c[name] == value for name, value in key.items()))
            .order_by(conversations.c.thread != place.thread, turns.c.id.desc())
        )
        theirs = wanted if author is None else wanted.where(turns.c.author == author)
        async with self._database.begin() as connection:
            return (await connection.execute(theirs.limit(1))).scalar()

    async def is_alone(self, conversation: int, person: str) -> bool:
        """Whether nobody else asked in a conversation."""
        others = select(turns.c.id).where(turns.c.conversation == conversation, turns.c.author != person)
        async with self._database.begin() as connection:
            return (await connection.execute(others.limit(1))).first() is None

    async def marked(self, conversation: int) -> list[str]:
        """Dify's ids of the answers in a conversation that may be annotations there."""
        return await Marks(self._database).marked(conversation)

    async def erase_turns(self, place: Place, app: str) -> None:
        """Forget a conversation: its turns that are not being answered, and with them what stands where."""
        mine = select(conversations.c.id).where(in_place(place), conversations.c.app == app)

        async def change(connection: AsyncConnection) -> None:
            over = turns.c.state.in_((State.CLOSED, State.PARKED))
            await connection.execute(delete(turns).where(turns.c.conversation.in_(mine), over))
            forgotten = update(conversations).where(in_place(place), conversations.c.app == app)
            await connection.execute(forgotten.values(dify_id="", inputs=null()))

        await self._database.write(change)


def _channel(place: Place) -> Place:
    return Place(place.platform, place.workspace, place.channel, "", place.direct)
