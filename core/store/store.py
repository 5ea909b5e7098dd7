"""The queries of the intake and of the start: messages that become turns, and whose turn stands where."""

import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import IncomingMessage, MessageRef, Place
from core.store.database import Database
from core.store.intake import add_turn, conversation_id, row_of
from core.store.queries import conversation_from, in_place, insert, is_at, select_conversations
from core.store.rows import Accepted, Conversation, OpenTurn, State, Waiting, Wish
from core.store.tables import OPEN, conversations, notes, posts, turns

# Called in the transaction that makes a turn of a message, with its id and line: its job is made there too.
Enlist = Callable[[AsyncConnection, int, int], Awaitable[None]]


class Store:
    """Conversations, turns and the messages that we posted. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def accept(
        self,
        message: IncomingMessage,
        app: str,
        enlist: Enlist,
        *,
        command: bool = False,
        aside: bool = False,
        stops: int | None = None,
    ) -> Accepted | None:
        """Make a message a turn of its place's conversation with the app; None where it is one already.

        `command`: it is not asked of the app. `aside`: it does not wait for the conversation's other turns.
        `stops`: the turn that it wants stopped; where that is over by now, there was nothing to stop.
        """
        row = row_of(message, command=command)

        async def change(connection: AsyncConnection) -> Accepted | None:
            conversation = await conversation_id(connection, message, app)
            turn = await add_turn(connection, {**row, "conversation": conversation})
            if turn is None:
                return None
            if stops is not None and await _wish(connection, stops, Wish.STOP):
                heard = update(turns).where(turns.c.id == turn)
                await connection.execute(heard.values(stop=Wish.STOP))  # it says so, however often it is run
            accepted = Accepted(turn, -turn if aside else conversation)
            await enlist(connection, turn, accepted.line)
            return accepted

        return await self.database.write(change, urgent=True)

    async def ask_again(self, ref: MessageRef, enlist: Enlist) -> Accepted | None:
        """Queue the parked turn again whose answer stands in this message; None where there is none."""

        async def change(connection: AsyncConnection) -> Accepted | None:
            wanted = select(posts.c.turn).where(*is_at(posts, ref)).scalar_subquery()
            parked = update(turns).where(turns.c.id == wanted, turns.c.state == State.PARKED)
            again = {"state": State.QUEUED, "asks": 0, "stop": Wish.NONE, "closed_at": None}
            anew = parked.values(**again, fence=turns.c.fence + 1)  # a late save of its parking is refused
            row = (await connection.execute(anew.returning(turns.c.id, turns.c.conversation))).first()
            if row is None:
                return None
            accepted = Accepted(*row)
            await enlist(connection, accepted.turn, accepted.line)
            return accepted

        return await self.database.write(change, urgent=True)

    async def wish_stop(self, turn: int, wish: Wish) -> bool:
        """Somebody wants an open turn stopped: whoever has it will see it. Whether it was open still."""
        return await self.database.write(lambda connection: _wish(connection, turn, wish), urgent=True)

    async def wishes(self, running: Sequence[int]) -> list[tuple[int, Wish]]:
        """Which of these turns are to be stopped."""
        wanted = select(turns.c.id, turns.c.stop).where(turns.c.id.in_(running), turns.c.stop >= Wish.STOP)
        async with self.database.begin() as connection:
            return [(turn, Wish(stop)) for turn, stop in await connection.execute(wanted)]

    async def knows(self, place: Place) -> bool:
        """Whether a place is a conversation of ours: one indexed read."""
        wanted = select(conversations.c.id).where(in_place(place), conversations.c.app != "").limit(1)
        async with self.database.begin() as connection:
            return (await connection.execute(wanted)).scalar() is not None

    async def conversation_of(self, post: MessageRef) -> Conversation | None:
        """The conversation whose answer stands in a message of ours."""
        wanted = (
            select_conversations()
            .join(turns, turns.c.conversation == conversations.c.id)
            .join(posts, posts.c.turn == turns.c.id)
        )
        async with self.database.begin() as connection:
            row = (await connection.execute(wanted.where(*is_at(posts, post)))).first()
        return None if row is None else conversation_from(row)

    async def open_turn_at(self, ref: MessageRef) -> OpenTurn | None:
        """The open turn whose question, or a message of whose answer, this is."""
        asked = select(turns.c.id, turns.c.author).where(*is_at(turns, ref))
        answered = select(turns.c.id, turns.c.author).join(posts, posts.c.turn == turns.c.id)
        async with self.database.begin() as connection:
            for wanted in (asked, answered.where(*is_at(posts, ref))):
                row = (await connection.execute(wanted.where(OPEN))).first()
                if row is not None:
                    return OpenTurn(*row)
        return None

    async def running_at(self, place: Place, author: str) -> int | None:
        """The person's newest question that a process has taken up: at the place, or else in its channel."""
        channel = (
            conversations.c.platform == place.platform,
            conversations.c.workspace == place.workspace,
            conversations.c.channel == place.channel,
        )
        wanted = (
            select(turns.c.id, conversations.c.thread)
            .join(conversations, turns.c.conversation == conversations.c.id)
            .where(OPEN, *channel, turns.c.author == author)
            .where(turns.c.state.in_((State.QUEUED, State.RUNNING)), turns.c.fence > 0)
            .where(~turns.c.command)
            .order_by(turns.c.id.desc())
        )
        async with self.database.begin() as connection:
            found = (await connection.execute(wanted)).all()
        here = [turn for turn, thread in found if thread == place.thread]
        return next(iter(here), found[0][0] if found else None)

    async def open_turns(self) -> list[Waiting]:
        """Every turn that is to be run, oldest first."""
        wanted = (
            select(turns.c.id, turns.c.conversation, turns.c.platform)
            .where(OPEN, turns.c.state.in_((State.QUEUED, State.RUNNING)))
            .order_by(turns.c.conversation, turns.c.id)  # by id alone, SQLite would read every turn there is
        )
        async with self.database.begin() as connection:
            found = [Waiting(*row) for row in await connection.execute(wanted)]
        return sorted(found, key=lambda waiting: waiting.turn)

    async def ping(self) -> None:
        """See whether the database answers; where writing failed, whether it can be written again."""
        async with self.database.begin() as connection:
            await connection.execute(select(1))
        if self.database.status != "ok":
            await self.put("ping", str(time.time()))

    async def get(self, key: str) -> str | None:
        """A note (core.contract.Notes)."""
        async with self.database.begin() as connection:
            return (await connection.execute(select(notes.c.value).where(notes.c.key == key))).scalar()

    async def put(self, key: str, value: str) -> None:
        """Keep a note (core.contract.Notes)."""

        async def change(connection: AsyncConnection) -> None:
            new = insert(connection, notes).values(key=key, value=value)
            await connection.execute(
                new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value})
            )

        await self.database.write(change)

    async def active(self, platform: str, seconds: float) -> list[Place]:
        """Where somebody talked to us lately (core.contract.Notes)."""
        wanted = select_conversations().where(conversations.c.last_at > time.time() - seconds)
        async with self.database.begin() as connection:
            latest = await connection.execute(wanted.order_by(conversations.c.last_at.desc()))
            places = [conversation_from(row).place for row in latest]
        # sorted out here: by platform, SQLite would take another index, and read every conversation there is
        return [place for place in places if place.platform == platform]


async def _wish(connection: AsyncConnection, turn: int, wish: Wish) -> bool:
    """Keep the wish; whether the turn was still open."""
    stronger = case((turns.c.stop < wish, wish), else_=turns.c.stop)
    kept = await connection.execute(update(turns).where(turns.c.id == turn, OPEN).values(stop=stronger))
    if wish is Wish.QUIET:  # the question was deleted: nobody is to ask it again
        parked = update(turns).where(
            turns.c.id == turn, turns.c.state == State.PARKED, turns.c.pause.is_(None)
        )  # (a run that waits for a person is to be stopped at Dify first)
        await connection.execute(parked.values(state=State.CLOSED, question=None, text=None))
    return bool(kept.rowcount)
