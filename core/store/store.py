"""The queries about conversations and turns. Every method is one transaction."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, Select, Table, and_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import IncomingMessage, MessageRef, Place
from core.store.database import Database
from core.store.rows import QUESTION, Accepted, Conversation, OpenTurn, State, Turn
from core.store.tables import conversations, notes, posts, turns

log = logging.getLogger(__name__)


class Store:
    """Conversations, turns and the messages that we posted. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def accept(self, message: IncomingMessage, app: str) -> Accepted | None:
        """Make a message a turn of its place's conversation with the app; None where it is one already."""
        async with self.database.begin() as connection:
            conversation = await _conversation_id(connection, message, app)
            row = {
                "conversation": conversation,
                "platform": message.ref.platform,
                "workspace": message.ref.workspace,
                "channel": message.ref.channel,
                "message": message.ref.id,
                "author": message.author.id,
                "identity": message.identity,
                "state": State.QUEUED,
                "question": QUESTION.dump_python(message, mode="json"),
                "queued_at": time.time(),
            }
            inserted = insert(connection, turns).values(row).on_conflict_do_nothing().returning(turns.c.id)
            turn: int | None = (await connection.execute(inserted)).scalar()
            return None if turn is None else Accepted(turn, conversation)

    async def knows(self, place: Place) -> bool:
        """Whether a place is a conversation of ours: one indexed read."""
        wanted = select(conversations.c.id).where(_at(place), conversations.c.app != "").limit(1)
        async with self.database.begin() as connection:
            return (await connection.execute(wanted)).scalar() is not None

    async def conversation_of(self, post: MessageRef) -> Conversation | None:
        """The conversation that a message of ours belongs to."""
        wanted = _conversations().join(turns, turns.c.conversation == conversations.c.id)
        wanted = wanted.join(posts, posts.c.turn == turns.c.id).where(*_is(posts, post))
        async with self.database.begin() as connection:
            row = (await connection.execute(wanted)).first()
        return None if row is None else _conversation(row)

    async def open_turn_at(self, ref: MessageRef) -> OpenTurn | None:
        """The open turn whose question, or a message of whose answer, this is."""
        asked = select(turns.c.id, turns.c.author).where(*_is(turns, ref))
        answered = select(turns.c.id, turns.c.author).join(posts, posts.c.turn == turns.c.id)
        async with self.database.begin() as connection:
            for wanted in (asked, answered.where(*_is(posts, ref))):
                row = (await connection.execute(wanted.where(turns.c.state != State.CLOSED))).first()
                if row is not None:
                    return OpenTurn(*row)
        return None

    async def conversation(self, turn: int) -> Conversation:
        """The conversation of a turn, as it is now."""
        wanted = _conversations().join(turns, turns.c.conversation == conversations.c.id)
        async with self.database.begin() as connection:
            return _conversation((await connection.execute(wanted.where(turns.c.id == turn))).one())

    async def open_turns(self) -> list[Turn]:
        """Every turn that is not closed, oldest first, with the messages posted for it."""
        wanted = select(turns.c.id).where(turns.c.state != State.CLOSED).order_by(turns.c.id)
        async with self.database.begin() as connection:
            ids = (await connection.execute(wanted)).scalars().all()
            found = [await _readable_turn(connection, turn) for turn in ids]
        return [turn for turn in found if turn is not None]

    async def ping(self) -> None:
        """See whether the database answers."""
        async with self.database.begin() as connection:
            await connection.execute(select(1))

    async def turn(self, turn: int) -> Turn:
        """One open turn."""
        async with self.database.begin() as connection:
            return await _turn(connection, turn)

    async def set_turn(self, turn: int, **values: Any) -> None:
        """Change columns of a turn."""
        async with self.database.begin() as connection:
            await connection.execute(update(turns).where(turns.c.id == turn).values(**values))

    async def note_ids(
        self,
        turn: Turn,
        *,
        task_id: str,
        message_id: str,
        run_id: str,
        conversation_id: str,
        asked_at: float,
    ) -> None:
        """Keep Dify's ids as soon as they are seen: a stop, a rating and a restart work from them."""
        ids = {"task_id": task_id, "message_id": message_id, "run_id": run_id}
        async with self.database.begin() as connection:
            await connection.execute(
                update(turns).where(turns.c.id == turn.id).values(**ids, asked_at=asked_at)
            )
            known = {"dify_id": conversation_id} if conversation_id else {}
            await connection.execute(
                update(conversations)
                .where(conversations.c.id == turn.conversation.id)
                .values(**known, last_at=time.time())
            )

    async def forget_memory(self, conversation: int) -> None:
        """Drop the mapping to Dify's conversation: the next question begins a new one."""
        async with self.database.begin() as connection:
            await connection.execute(
                update(conversations).where(conversations.c.id == conversation).values(dify_id="")
            )

    async def close_turn(self, turn: int, outcome: str) -> None:
        """The turn is over: question and names leave the row, the ids stay."""
        await self.set_turn(turn, state=State.CLOSED, outcome=outcome, question=None, closed_at=time.time())

    async def add_post(self, turn: int, page: int, ref: MessageRef) -> None:
        """Keep that a message of ours shows a page of a turn's answer."""
        row = {**_key(ref), "turn": turn, "page": page}
        async with self.database.begin() as connection:
            await connection.execute(insert(connection, posts).values(row).on_conflict_do_nothing())

    async def get(self, key: str) -> str | None:
        """A note (core.contract.Notes)."""
        async with self.database.begin() as connection:
            return (await connection.execute(select(notes.c.value).where(notes.c.key == key))).scalar()

    async def put(self, key: str, value: str) -> None:
        """Keep a note (core.contract.Notes)."""
        async with self.database.begin() as connection:
            new = insert(connection, notes).values(key=key, value=value)
            await connection.execute(
                new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value})
            )


def insert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that can take an ON CONFLICT, which both databases have but spell apart."""
    return (sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert)(table)


def _key(ref: MessageRef) -> dict[str, str]:
    return {
        "platform": ref.platform,
        "workspace": ref.workspace,
        "channel": ref.channel,
        "message": ref.id,
    }


def _is(table: Table, ref: MessageRef) -> Sequence[Any]:
    return [table.c[name] == value for name, value in _key(ref).items()]


def _at(place: Place) -> Any:
    return and_(
        conversations.c.platform == place.platform,
        conversations.c.workspace == place.workspace,
        conversations.c.channel == place.channel,
        conversations.c.thread == place.thread,
    )


async def _conversation_id(connection: AsyncConnection, message: IncomingMessage, app: str) -> int:
    place, now = message.place, time.time()
    row = {
        "platform": place.platform,
        "workspace": place.workspace,
        "channel": place.channel,
        "thread": place.thread,
        "direct": place.direct,
        "app": app,
        "identity": message.identity,
        "created_at": now,
        "last_at": now,
    }
    await connection.execute(insert(connection, conversations).values(row).on_conflict_do_nothing())
    wanted = select(conversations.c.id).where(_at(place), conversations.c.app == app)
    found: int = (await connection.execute(wanted)).scalar_one()
    return found


_CONVERSATION = [
    conversations.c[name].label(f"conversation_{name}")
    for name in ("id", "platform", "workspace", "channel", "thread", "direct", "app", "identity", "dify_id")
]


def _conversations() -> Select[Any]:
    return select(*_CONVERSATION).select_from(conversations)


def _conversation(row: Row[Any]) -> Conversation:
    place = Place(
        row.conversation_platform,
        row.conversation_workspace,
        row.conversation_channel,
        row.conversation_thread,
        row.conversation_direct,
    )
    return Conversation(
        row.conversation_id, place, row.conversation_app, row.conversation_identity, row.conversation_dify_id
    )


async def _readable_turn(connection: AsyncConnection, turn: int) -> Turn | None:
    try:
        return await _turn(connection, turn)
    except ValidationError as error:  # written by another version of this program
        log.error("turn %d can't be read (%d problems): it stays as it is", turn, error.error_count())  # noqa: TRY400
        return None


async def _turn(connection: AsyncConnection, turn: int) -> Turn:
    joined = turns.join(conversations, turns.c.conversation == conversations.c.id)
    wanted = select(turns, *_CONVERSATION).select_from(joined).where(turns.c.id == turn)
    row = (await connection.execute(wanted)).one()
    shown = select(posts).where(posts.c.turn == turn).order_by(posts.c.page)
    refs = [
        MessageRef(post.platform, post.workspace, post.channel, post.message)
        for post in await connection.execute(shown)
    ]
    return Turn(
        id=row.id,
        conversation=_conversation(row),
        message=QUESTION.validate_python(row.question),
        state=State(row.state),
        task_id=row.task_id,
        message_id=row.message_id,
        run_id=row.run_id,
        queued_at=row.queued_at,
        posts=tuple(refs),
    )
