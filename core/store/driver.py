"""aiosqlite's connection for SQLAlchemy, which crosses to the database's thread once per statement.

A crossing costs as much as a small statement, and SQLAlchemy asks for four: cursor, execute, fetch, close.
"""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import aiosqlite

_CHUNK = 64  # rows; aiosqlite's own default


class Connection(aiosqlite.Connection):
    """A connection whose cursors bring their rows along."""

    def __init__(self, path: Path) -> None:
        # transactions begin as we say, not as the driver guesses
        super().__init__(lambda: sqlite3.connect(path, isolation_level=None), _CHUNK)
        self._thread.daemon = True  # as SQLAlchemy does it: a forgotten connection does not keep the process
        self._asked = 0  # statements, counted here …
        self._done = 0  # … and by the thread: who was cancelled does not wait for what still runs there

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """A cursor; nothing is asked of the database."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back, where there is something to roll back: SQLAlchemy always does it to be sure."""
        if self.in_transaction or self._asked != self._done:
            await super().rollback()

    async def run(self, statement: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> sqlite3.Cursor:
        """Call it in the thread; what it gives back."""

        def there() -> sqlite3.Cursor:
            try:
                return statement(self._conn)
            finally:
                self._done += 1

        self._asked += 1
        done: sqlite3.Cursor = await self._execute(there)  # type: ignore[no-untyped-call]
        return done


class Cursor:
    """One statement and all its rows (DB-API 2.0, as SQLAlchemy's adapter for asyncio uses it)."""

    def __init__(self, connection: Connection) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        """Entered by SQLAlchemy; there is nothing to do."""
        return self

    async def execute(self, statement: str, parameters: Iterable[Any] = ()) -> Self:
        """Run a statement and fetch its rows."""
        await self._run("execute", statement, parameters)
        return self

    async def executemany(self, statement: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Run a statement once for each set of parameters."""
        await self._run("executemany", statement, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _run(self, method: str, statement: str, parameters: Any) -> None:
        def there(database: sqlite3.Connection) -> sqlite3.Cursor:
            cursor = database.cursor()
            getattr(cursor, method)(statement, parameters)
            self._rows = cursor.fetchall() if cursor.description else []
            return cursor

        done = await self._connection.run(there)
        self.description, self.rowcount, self.lastrowid = done.description, done.rowcount, done.lastrowid
