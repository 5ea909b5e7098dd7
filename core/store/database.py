"""The connection to the database: SQLite through aiosqlite, one connection, WAL."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import Advice, StoreUnavailable
from core.store.lock import FileLock
from core.store.schema import migrate

BUSY_SECONDS = 10.0
_SQLITE_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an acknowledged message survives a power cut too
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}",
)


class Database:
    """Transactions on one database. Raises StoreUnavailable while it is locked, full or gone."""

    def __init__(self, engine: AsyncEngine, lock: FileLock | None = None) -> None:
        self._engine = engine
        self._lock = lock
        self.status = "ok"  # or why the last transaction failed, for /readyz

    @classmethod
    async def open(cls, url: str, *, exclusive: bool = True) -> "Database":
        """Connect, take the store's lock (if `exclusive`), migrate. The URL is `sqlite:///FILE`."""
        path = Path(make_url(url).database or "parley.db")
        lock = FileLock(path).acquire() if exclusive else None
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            pool_size=1,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            hide_parameters=True,  # a statement's values are people's words: in no error, in no log
        )
        event.listen(engine.sync_engine, "connect", _configure)
        database = cls(engine, lock)
        try:
            async with database.begin() as connection:
                await connection.run_sync(migrate)
        except BaseException:
            await database.aclose()
            raise
        return database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end of the context, rolled back if it raises."""
        try:
            async with self._engine.begin() as connection:
                yield connection
            self.status = "ok"
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            # only the kind of failure: the statement's values are people's words
            kind = type(getattr(error, "orig", error)).__name__
            self.status = f"can't be used now ({kind})"
            raise StoreUnavailable(
                Advice("internal", f"the database can't be used now ({kind})", retry=True)
            ) from error

    async def aclose(self) -> None:
        """Close the connection, then give the lock back."""
        await self._engine.dispose()
        if self._lock is not None:
            self._lock.release()


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for setting in _SQLITE_SETTINGS:
        cursor.execute(setting)
    cursor.close()
