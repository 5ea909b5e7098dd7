"""The connection to the database: read transactions, and changes that are committed in groups."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import Advice, StoreUnavailable
from core.store.group import Change, Conflict, GroupWriter
from core.store.schema import migrate

T = TypeVar("T")
_IN_EACH_OTHERS_WAY = {"40P01", "40001"}  # PostgreSQL: deadlock_detected, serialization_failure
_OURS = (DataError, IntegrityError, ProgrammingError)  # faults of the statement: trying again can't help


class Database:
    """Transactions on one database. Raises StoreUnavailable while it is locked, full or gone."""

    def __init__(self, reading: AsyncEngine, writing: AsyncEngine, release: Callable[[], None]) -> None:
        self._reading = reading
        self._writing = writing
        self._release = release
        self._writer = GroupWriter(lambda: self._transaction(self._writing))
        self._troubles: dict[AsyncEngine, str] = {}  # that reading works says nothing about writing

    @classmethod
    async def open(cls, url: str, *, exclusive: bool = True) -> "Database":
        """Connect and migrate. `exclusive`: as the one process that an embedded database allows.

        The URL is `sqlite:///FILE` or `postgresql://…`; only the library of the one that is used is loaded.
        Raises StoreLocked, StoreTooNew, StoreUnavailable.
        """
        backend = import_module("core.store.sqlite" if url.startswith("sqlite:") else "core.store.postgresql")
        database = cls(*backend.connect(url, exclusive=exclusive))
        try:
            await database.write(lambda connection: connection.run_sync(migrate))
        except BaseException:
            await database.aclose()
            raise
        return database

    @property
    def status(self) -> str:
        """The word `ok`, or why the last transaction of a kind failed, for /readyz."""
        return next(iter(self._troubles.values()), "ok")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction to read in."""
        async with self._transaction(self._reading) as connection:
            yield connection

    async def write(self, change: Change[T], *, urgent: bool = False) -> T:
        """Apply a change and commit it, together with others that wait; it must be safe to apply twice."""
        return await self._writer.write(change, urgent=urgent)

    async def aclose(self) -> None:
        """Commit what was asked for, close the connections, then give the lock back."""
        await self._writer.aclose()
        await self._reading.dispose()
        await self._writing.dispose()
        self._release()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with engine.begin() as connection:
                yield connection
            self._troubles.pop(engine, None)
        except _OURS:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error, OSError) as error:
            # only the kind of failure: the statement's values are people's words
            kind = type(getattr(error, "orig", error)).__name__
            hint = Advice("internal", f"the database can't be used now ({kind})", retry=True)
            if getattr(getattr(error, "orig", None), "sqlstate", "") in _IN_EACH_OTHERS_WAY:
                raise Conflict(hint) from error
            self._troubles[engine] = f"can't be used now ({kind})"
            raise StoreUnavailable(hint) from error
