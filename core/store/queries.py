"""What the queries have in common: keys as conditions, and rows read into values."""

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, Select, Table, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import MessageRef, Place
from core.store.rows import FILES_FROM, Conversation, State, Turn, Wish, question
from core.store.tables import conversations, posts, turns

log = logging.getLogger(__name__)


def insert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that can take an ON CONFLICT, which both databases have but spell apart."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Any:
    """The same for a dialect by its name; loads that one alone."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def key_of(ref: MessageRef) -> dict[str, str]:
    """A message's key as columns."""
    return {
        "platform": ref.platform,
        "workspace": ref.workspace,
        "channel": ref.channel,
        "message": ref.id,
    }


def is_at(table: Table, ref: MessageRef) -> Sequence[Any]:
    """The conditions for a table's row about a message."""
    return [table.c[name] == value for name, value in key_of(ref).items()]


def in_place(place: Place) -> Any:
    """The condition for the conversations at a place."""
    return and_(
        conversations.c.platform == place.platform,
        conversations.c.workspace == place.workspace,
        conversations.c.channel == place.channel,
        conversations.c.thread == place.thread,
    )


_CONVERSATION = [
    conversations.c[name].label(f"conversation_{name}")
    for name in (
        "id",
        "platform",
        "workspace",
        "channel",
        "thread",
        "direct",
        "app",
        "identity",
        "dify_id",
        "inputs",
    )
]


def select_conversations() -> Select[Any]:
    """All that `conversation_from` reads."""
    return select(*_CONVERSATION).select_from(conversations)


def conversation_from(row: Row[Any]) -> Conversation:
    """A conversation of a row."""
    place = Place(
        row.conversation_platform,
        row.conversation_workspace,
        row.conversation_channel,
        row.conversation_thread,
        row.conversation_direct,
    )
    return Conversation(
        row.conversation_id,
        place,
        row.conversation_app,
        row.conversation_identity,
        row.conversation_dify_id,
        inputs_of(row),
    )


def inputs_of(row: Row[Any]) -> dict[str, Any]:
    """What was filled in: for the whole channel, and over that for the conversation itself."""
    return {**(getattr(row, "channel_inputs", None) or {}), **(row.conversation_inputs or {})}


def channel_inputs() -> Any:
    """The column `channel_inputs` for a query of conversations."""
    around = conversations.alias("around")
    same = [around.c[name] == conversations.c[name] for name in ("platform", "workspace", "channel", "app")]
    wanted = select(around.c.inputs).where(*same, around.c.thread == "", conversations.c.thread != "")
    return wanted.correlate(conversations).scalar_subquery().label("channel_inputs")


_TURN = (  # made once: to build it takes longer than to run it
    select(turns, *_CONVERSATION, channel_inputs())
    .select_from(turns.join(conversations, turns.c.conversation == conversations.c.id))
    .where(turns.c.id == bindparam("turn"))
)


async def read_turn(connection: AsyncConnection, turn: int) -> Turn | None:
    """A turn with the messages posted for it; None, and a line in the log, where its row can't be read."""
    row = (await connection.execute(_TURN, {"turn": turn})).one()
    shown = select(posts).where(posts.c.turn == turn).order_by(posts.c.page)
    pages = {
        post.page: MessageRef(post.platform, post.workspace, post.channel, post.message)
        for post in await connection.execute(shown)
    }
    try:
        return _turn(row, pages)
    except ValidationError as error:  # written by another version of this program
        log.error("turn %d can't be read (%d problems): it stays as it is", turn, error.error_count())  # noqa: TRY400
        return None


def _turn(row: Row[Any], pages: Mapping[int, MessageRef]) -> Turn:
    return Turn(
        id=row.id,
        conversation=conversation_from(row),
        message=question().validate_python(row.question),
        state=State(row.state),
        task_id=row.task_id,
        message_id=row.message_id,
        run_id=row.run_id,
        queued_at=row.queued_at,
        fence=row.fence,
        asks=row.asks,
        stop=Wish(row.stop),
        sent_at=row.sent_at,
        asked_at=row.asked_at,
        text=row.text or "",
        posts=tuple(ref for page, ref in pages.items() if page < FILES_FROM),
        files={page - FILES_FROM: ref for page, ref in pages.items() if page >= FILES_FROM},
        pause=row.pause or {},
    )
