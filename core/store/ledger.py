"""How far each turn is. Every save names the fence of who took it up: who was relieved saves nothing."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import Update, bindparam, case, delete, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Advice, Superseded
from core.messages import MessageRef
from core.store.database import Database
from core.store.queries import insert, is_at, key_of, read_turn
from core.store.rows import State, Turn, Wish
from core.store.tables import conversations, posts, turns

Confirm = Callable[[AsyncConnection], Awaitable[bool]]
_TAKEN = Advice("internal", "another process has taken the turn over")
_CUT = case((turns.c.stop < Wish.CUT, Wish.CUT), else_=turns.c.stop)
_UNCUT = case((turns.c.stop == Wish.CUT, Wish.NONE), else_=turns.c.stop)


class Ledger:
    """The rows of turns in progress. Raises StoreUnavailable; Superseded where a turn is ours no more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, turn: int, confirm: Confirm | None = None) -> Turn | None:
        """Take a turn up: from now on it is ours alone. None where there is nothing left to do.

        `confirm` is asked in the same transaction whether we may; raises Superseded where not.
        """

        async def change(connection: AsyncConnection) -> Turn | None:
            if confirm is not None and not await confirm(connection):
                raise Superseded(_TAKEN)
            mine = update(turns).where(turns.c.id == turn, turns.c.state.in_((State.QUEUED, State.RUNNING)))
            taken = await connection.execute(mine.values(fence=turns.c.fence + 1))
            return await read_turn(connection, turn) if taken.rowcount else None

        return await self._database.write(change)

    async def note_sending(self, turn: Turn) -> None:
        """The question goes to Dify now: from here on it may have an answer there."""
        values = {"state": State.RUNNING, "sent_at": time.time(), "asks": turns.c.asks + 1}
        forgotten = {"asked_at": None, "task_id": "", "message_id": "", "run_id": "", "stop": _UNCUT}
        await self._save(turn, **values, **forgotten)

    async def note_unsent(self, turn: Turn) -> None:
        """Dify took nothing of the question after all."""
        await self._save(turn, state=State.QUEUED, asks=turns.c.asks - 1)

    async def note_ids(
        self,
        turn: Turn,
        *,
        task_id: str,
        message_id: str,
        run_id: str,
        conversation_id: str,
        asked_at: float | None,
    ) -> None:
        """Keep Dify's ids as soon as they are seen: a stop, a rating and a restart work from them."""
        ids = {"task_id": task_id, "message_id": message_id, "run_id": run_id, "asked_at": asked_at}
        known = {"dify_id": conversation_id} if conversation_id else {}

        async def change(connection: AsyncConnection) -> None:
            await _update(connection, turn, **ids)
            mapping = update(conversations).where(conversations.c.id == turn.conversation.id)
            await connection.execute(mapping.values(**known, last_at=time.time()))

        await self._database.write(change)

    async def note_cut(self, turn: Turn, *, cut: bool = True) -> None:
        """The answer is about to be cut short at Dify, or is not after all: is what is found there a part?"""
        await self._save(turn, stop=_CUT if cut else _UNCUT)

    async def note_text(self, turn: Turn, text: str) -> None:
        """Keep what the answer's messages show; every few seconds, of every answer that grows."""
        mine = {"its_id": turn.id, "its_queued_at": turn.queued_at, "its_fence": turn.fence}

        async def change(connection: AsyncConnection) -> None:
            if not (await connection.execute(_TEXT, {**mine, "its_text": _storable(text)})).rowcount:
                raise Superseded(_TAKEN)

        await self._database.write(change)

    async def park(self, turn: Turn, outcome: str, text: str, pause: Mapping[str, Any] | None = None) -> None:
        """The turn has no whole answer, and its message a button to go on: the question stays.

        `pause`: what its run waits for a person to decide, `until` then (seconds since the epoch).
        """
        until = max(time.time(), float((pause or {}).get("until") or 0))
        shown = {"text": _storable(text), "closed_at": until}
        await self._save(turn, state=State.PARKED, outcome=outcome, pause=pause or null(), **shown)

    async def close(self, turn: Turn, outcome: str) -> None:
        """The turn is over: question, answer and names leave the row, the ids stay."""
        gone = {"question": None, "text": None, "pause": null()}
        await self._save(turn, state=State.CLOSED, outcome=outcome, closed_at=time.time(), **gone)

    async def add_post(self, turn: Turn, page: int, ref: MessageRef, text: str = "") -> None:
        """Keep that a message of ours shows a page of a turn's answer, and the answer's text by now.

        The message is kept whoever has the turn now, the text only while it is ours.
        """
        row = {**key_of(ref), "turn": turn.id, "page": page}
        known = select(turns.c.id).where(turns.c.id == turn.id, turns.c.queued_at == turn.queued_at)

        async def change(connection: AsyncConnection) -> None:
            if (await connection.execute(known.with_for_update(read=True, key_share=True))).first() is None:
                raise Superseded(_TAKEN)
            await connection.execute(insert(connection, posts).values(row).on_conflict_do_nothing())
            if text:
                await connection.execute(_mine(turn).values(text=_storable(text)))

        await self._database.write(change)

    async def drop_post(self, turn: Turn, ref: MessageRef) -> None:
        """A message of a turn's answer is not one any more."""
        theirs = delete(posts).where(*is_at(posts, ref), posts.c.turn == turn.id)
        await self._database.write(lambda connection: connection.execute(theirs))

    async def is_known(self, ref: MessageRef) -> bool:
        """Whether a message is kept as one of ours already."""
        async with self._database.begin() as connection:
            found = await connection.execute(select(posts.c.turn).where(*is_at(posts, ref)))
            return found.first() is not None

    async def is_anothers(self, turn: Turn, dify_id: str) -> bool:
        """Whether an answer or a run at Dify belongs to another turn of the same channel."""
        if not dify_id:
            return False
        ref = turn.message.ref
        wanted = select(turns.c.id).where(
            turns.c.platform == ref.platform,
            turns.c.workspace == ref.workspace,
            turns.c.channel == ref.channel,
            turns.c.id != turn.id,
            or_(turns.c.message_id == dify_id, turns.c.run_id == dify_id),
        )
        async with self._database.begin() as connection:
            return (await connection.execute(wanted.limit(1))).first() is not None

    async def is_mapped(self, turn: Turn, dify_id: str) -> bool:
        """Whether a conversation at Dify is one of ours already, there where the turn was asked."""
        place = turn.conversation.place
        wanted = select(conversations.c.id).where(
            conversations.c.platform == place.platform,
            conversations.c.workspace == place.workspace,
            conversations.c.channel == place.channel,
            conversations.c.dify_id == dify_id,
        )
        async with self._database.begin() as connection:
            return (await connection.execute(wanted.limit(1))).first() is not None

    async def forget_memory(self, turn: Turn) -> None:
        """Drop the mapping to Dify's conversation: the next question begins a new one. Raises Superseded."""

        async def change(connection: AsyncConnection) -> None:
            await _update(connection, turn, fence=turn.fence)  # nothing new, where the turn is still ours
            mapping = update(conversations).where(conversations.c.id == turn.conversation.id)
            await connection.execute(mapping.values(dify_id=""))

        await self._database.write(change)

    async def _save(self, turn: Turn, **values: Any) -> None:
        await self._database.write(lambda connection: _update(connection, turn, **values))


_TEXT = (  # made once: to build it takes longer than to run it
    update(turns)
    .where(
        turns.c.id == bindparam("its_id"),
        turns.c.queued_at == bindparam("its_queued_at"),
        turns.c.fence == bindparam("its_fence"),
    )
    .values(text=bindparam("its_text"))
)


async def _update(connection: AsyncConnection, turn: Turn, **values: Any) -> None:
    if not (await connection.execute(_mine(turn).values(**values))).rowcount:
        raise Superseded(_TAKEN)


def _mine(turn: Turn) -> Update:
    # SQLite gives the id of a deleted row out again: the time tells the two apart
    same = (turns.c.id == turn.id, turns.c.queued_at == turn.queued_at)
    return update(turns).where(*same, turns.c.fence == turn.fence)


def _storable(text: str) -> str:
    """What a database takes: PostgreSQL has no NUL, and half a surrogate pair is no character."""
    return text.replace("\x00", "").encode(errors="replace").decode()
