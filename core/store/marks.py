"""The queries about marks: reactions of admins that make an answer an annotation at Dify.

A mark stands among the votes; its `rating` says how far it is. Its turn is due (`rating_due`) like that of a
vote until Dify was told.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import MessageRef
from core.store.database import Database
from core.store.queries import insert
from core.store.tables import conversations, posts, turns, votes


class Stage(StrEnum):
    """How far a mark is."""

    NEW = "annotate"  # Dify is to be told
    KEPT = "annotated"
    TAKEN = "withdrawn"  # taken away, and Dify is to be told; then the row goes


IS_MARK = votes.c.rating.in_(tuple(Stage))
_STANDS = (Stage.NEW, Stage.KEPT)
_WAITS = (Stage.NEW, Stage.TAKEN)


@dataclass(frozen=True, slots=True)
class Mark:
    """One person's mark on one message of an answer."""

    ref: MessageRef
    person: str
    emoji: str
    stage: Stage
    at: float


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of an answer."""

    dify_id: str  # the conversation at Dify that the answer's place is in now; "" for none
    marks: tuple[Mark, ...]


class Marks:
    """Marks on answers. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, turn: int, post: MessageRef, person: str, emoji: str) -> None:
        """A person's mark stands; told twice, it is the same one."""
        row = _key(turn, post, person, emoji)

        async def change(connection: AsyncConnection) -> None:
            new = insert(connection, votes).values(**row, rating=Stage.NEW, at=time.time())
            await connection.execute(
                new.on_conflict_do_update(
                    index_elements=list(row),
                    set_={"rating": new.excluded.rating, "at": new.excluded.at},
                    where=votes.c.rating.not_in(_STANDS),
                )
            )
            await connection.execute(_due(turn))

        await self._database.write(change, urgent=True)

    async def withdraw(self, turn: int, post: MessageRef, person: str, emoji: str) -> None:
        """A person took a mark away."""
        row = _key(turn, post, person, emoji)
        standing = [*(votes.c[name] == value for name, value in row.items()), votes.c.rating.in_(_STANDS)]

        async def change(connection: AsyncConnection) -> None:
            taken = update(votes).where(*standing).values(rating=Stage.TAKEN, at=time.time())
            if (await connection.execute(taken)).rowcount:
                await connection.execute(_due(turn))

        await self._database.write(change, urgent=True)

    async def of(self, turn: int) -> Marked:
        """The marks of an answer, oldest first."""
        place = select(conversations.c.dify_id).join(turns, turns.c.conversation == conversations.c.id)
        async with self._database.begin() as connection:
            dify_id = (await connection.execute(place.where(turns.c.id == turn))).scalar()
            marks = [_mark(*row) for row in await connection.execute(_cast(turn))]
        return Marked(dify_id or "", tuple(marks))

    async def settle(self, turn: int, marks: Sequence[Mark], *, kept: bool) -> list[Mark]:
        """Dify was told of these marks; those that have not changed since are settled, and given back.

        `kept`: the annotation is there; else a new mark goes, too, and can be set again.
        """

        async def change(connection: AsyncConnection) -> list[Mark]:
            return [mark for mark in marks if await _settle(connection, turn, mark, kept=kept)]

        return await self._database.write(change)

    async def marked(self, conversation: int, author: str | None = None) -> list[str]:
        """Dify's ids of the marked answers in a conversation, all or those to one person's questions."""
        wanted = select(turns.c.message_id).join(votes, votes.c.turn == turns.c.id).distinct()
        here = [turns.c.conversation == conversation, turns.c.message_id != "", IS_MARK]
        here += [turns.c.author == author] if author is not None else []
        async with self._database.begin() as connection:
            return list((await connection.execute(wanted.where(*here))).scalars())


async def waits(connection: AsyncConnection, turn: int) -> bool:
    """Whether Dify is still to be told of a mark of this answer."""
    wanted = select(votes.c.turn).where(votes.c.turn == turn, votes.c.rating.in_(_WAITS)).limit(1)
    return (await connection.execute(wanted)).first() is not None


async def _settle(connection: AsyncConnection, turn: int, mark: Mark, *, kept: bool) -> bool:
    row = _key(turn, mark.ref, mark.person, mark.emoji) | {"rating": mark.stage, "at": mark.at}
    same = [votes.c[name] == value for name, value in row.items()]
    stands = mark.stage is Stage.NEW and kept
    told: Any = update(votes).where(*same).values(rating=Stage.KEPT) if stands else delete(votes).where(*same)
    return bool((await connection.execute(told)).rowcount)


def _key(turn: int, post: MessageRef, person: str, emoji: str) -> dict[str, Any]:
    return {"turn": turn, "message": post.id, "person": person, "emoji": emoji}


def _cast(turn: int) -> Select[Any]:
    post = and_(posts.c.turn == votes.c.turn, posts.c.message == votes.c.message)
    where = [func.coalesce(posts.c[name], turns.c[name]) for name in ("platform", "workspace", "channel")]
    wanted = select(*where, votes.c.message, votes.c.person, votes.c.emoji, votes.c.rating, votes.c.at)
    joined = votes.join(turns, turns.c.id == votes.c.turn).outerjoin(posts, post)
    return wanted.select_from(joined).where(votes.c.turn == turn, IS_MARK).order_by(votes.c.at)


def _mark(
    platform: str, workspace: str, channel: str, message: str, person: str, emoji: str, stage: str, at: float
) -> Mark:
    return Mark(MessageRef(platform, workspace, channel, message), person, emoji, Stage(stage), at)


def _due(turn: int) -> Any:
    return update(turns).where(turns.c.id == turn).values(rating_due=True)
