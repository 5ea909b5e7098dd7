"""The queries about votes: which reactions stand on which answer, and what Dify was told of them.

Marks (core.store.marks) are no votes; but with one that Dify was not told of, an answer stays due.
"""

import time
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import MessageRef
from core.store.database import Database
from core.store.marks import IS_MARK, waits
from core.store.queries import insert, is_at
from core.store.rows import Answered, State, Vote
from core.store.tables import DUE, conversations, posts, turns, votes

_ANSWERED = (
    turns.c.id.label("turn"),
    conversations.c.app,
    conversations.c.identity,  # that Dify was asked with
    turns.c.message_id,
    turns.c.author,
    turns.c.rating,
)


class Ratings:
    """Votes on answers. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer_at(self, post: MessageRef) -> int | None:
        """The turn whose answer stands in this message of ours."""
        wanted = select(posts.c.turn).where(*is_at(posts, post))
        async with self._database.begin() as connection:
            return (await connection.execute(wanted)).scalar()

    async def vote(self, turn: int, post: MessageRef, person: str, emoji: str, rating: str) -> None:
        """A person's reaction stands."""
        row = {"turn": turn, "message": post.id, "person": person, "emoji": emoji}

        async def change(connection: AsyncConnection) -> None:
            new = insert(connection, votes).values(**row, rating=rating, at=time.time())
            await connection.execute(
                new.on_conflict_do_update(
                    index_elements=list(row), set_={"rating": new.excluded.rating, "at": new.excluded.at}
                )
            )
            await connection.execute(_due(turn, due=True))

        await self._database.write(change, urgent=True)

    async def unvote(self, turn: int, post: MessageRef, person: str, emoji: str) -> None:
        """A person took a reaction away."""
        row = {"turn": turn, "message": post.id, "person": person, "emoji": emoji}

        async def change(connection: AsyncConnection) -> None:
            gone = await connection.execute(
                delete(votes).where(*(votes.c[name] == value for name, value in row.items()))
            )
            if gone.rowcount:
                await connection.execute(_due(turn, due=True))

        await self._database.write(change, urgent=True)

    async def standing(self, turn: int) -> tuple[Answered, list[Vote]] | None:
        """What is known of an answer, and the votes that stand on it, oldest first. None: it is gone."""
        joined = turns.join(conversations, turns.c.conversation == conversations.c.id)
        answered = select(*_ANSWERED).select_from(joined).where(turns.c.id == turn)
        async with self._database.begin() as connection:
            row = (await connection.execute(answered)).first()
            return None if row is None else (Answered(*row), await _votes(connection, turn))

    async def due(self) -> list[int]:
        """The answers whose votes or marks changed since Dify was told."""
        wanted = select(turns.c.id).where(DUE, turns.c.state.in_((State.CLOSED, State.PARKED)))
        async with self._database.begin() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def told(self, turn: int, rating: str, counted: list[Vote]) -> None:
        """Dify knows this rating now ("" for none), made of these votes; with others since, it stays due."""

        async def change(connection: AsyncConnection) -> None:
            row = select(turns.c.id).where(turns.c.id == turn)
            await connection.execute(row.with_for_update())  # a vote waits, and makes it due again
            due = await _votes(connection, turn) != counted or await waits(connection, turn)
            await connection.execute(_due(turn, due=due, rating=rating))

        await self._database.write(change)


async def _votes(connection: AsyncConnection, turn: int) -> list[Vote]:
    cast = select(votes.c.person, votes.c.rating, votes.c.at).where(votes.c.turn == turn, ~IS_MARK)
    return [Vote(*row) for row in await connection.execute(cast.order_by(votes.c.at))]


def _due(turn: int, *, due: bool, **values: Any) -> Any:
    return update(turns).where(turns.c.id == turn).values(rating_due=due, **values)
