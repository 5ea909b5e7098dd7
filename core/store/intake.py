"""The statements of the intake, made once: to build one takes longer than to run it."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import IncomingMessage
from core.store.queries import insert_of, key_of
from core.store.rows import State, question
from core.store.tables import conversations, turns


@cache
def _adding(table: Table, dialect: str) -> Any:
    """An INSERT, as the database spells it, that gives the new row's id and leaves alone what is there."""
    return insert_of(dialect, table).on_conflict_do_nothing().returning(table.c.id)


_KEY = ("platform", "workspace", "channel", "thread", "app")
_FIND_CONVERSATION = (
    select(conversations.c.id)
    .where(*(conversations.c[name] == bindparam(name) for name in _KEY))
    # PostgreSQL: from here to the end of the transaction nobody deletes the row
    .with_for_update(read=True, key_share=True)
)


def row_of(message: IncomingMessage, *, command: bool) -> dict[str, object]:
    """A message's row, but for its conversation."""
    return {
        **key_of(message.ref),
        "author": message.author.id,
        "identity": message.identity,
        "state": State.QUEUED,
        "question": question().dump_python(message, mode="json"),
        "queued_at": time.time(),
        "command": command,
    }


async def add_turn(connection: AsyncConnection, row: Mapping[str, object]) -> int | None:
    """The new turn's id; None where the message is one already."""
    inserted = await connection.execute(_adding(turns, connection.dialect.name), row)
    turn: int | None = inserted.scalar()
    return turn


async def conversation_id(connection: AsyncConnection, message: IncomingMessage, app: str) -> int:
    """The conversation of a message's place with an app, made where there is none."""
    place, now = message.place, time.time()
    key = {**{name: getattr(place, name) for name in _KEY[:-1]}, "app": app}
    known: int | None = (await connection.execute(_FIND_CONVERSATION, key)).scalar()
    if known is not None:
        return known
    row = {**key, "direct": place.direct, "identity": message.identity, "created_at": now, "last_at": now}
    chosen = await _chosen(connection, key) if place.direct and place.thread else ""
    made: int | None = (
        await connection.execute(_adding(conversations, connection.dialect.name), {**row, "dify_id": chosen})
    ).scalar()
    if made is not None:
        return made
    theirs: int = (await connection.execute(_FIND_CONVERSATION, key)).scalar_one()
    return theirs


async def _chosen(connection: AsyncConnection, key: Mapping[str, object]) -> str:
    """The conversation at Dify that somebody chose to go on with: for one new thread of direct messages."""
    top = [conversations.c[name] == value for name, value in {**key, "thread": ""}.items()]
    chosen: str | None = (await connection.execute(select(conversations.c.dify_id).where(*top))).scalar()
    if chosen:
        await connection.execute(update(conversations).where(*top).values(dify_id=""))
    return chosen or ""
