"""SQLite through aiosqlite: one connection that writes, one that reads beside it (WAL), one process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Opened
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.store.driver import Connection
from core.store.lock import FileLock

BUSY_SECONDS = 10.0
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an acknowledged message survives a power cut too
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}",
)


def connect(url: str, *, exclusive: bool) -> tuple[AsyncEngine, AsyncEngine, Callable[[], None]]:
    """Engines to read and to write with, and what gives the file's lock back. Raises StoreLocked."""
    path = Path(make_url(url).database or "parley.db")
    release = FileLock(path).acquire().release if exclusive else _nothing
    # A transaction that reads first and writes later would fail where another process wrote in between.
    return _engine(path, "BEGIN"), _engine(path, "BEGIN IMMEDIATE"), release


def _engine(path: Path, begin: str) -> AsyncEngine:
    async def connected() -> Any:
        return await Connection(path)

    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=connected,
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,  # a statement's values are people's words: in no error, in no log
    )

    def begun(connection: Opened) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", begun)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for setting in _SETTINGS:
        cursor.execute(setting)
    cursor.close()


def _nothing() -> None:
    """There is no lock to give back."""
