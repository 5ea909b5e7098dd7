"""Large stores, made quickly: rows as years of use leave them, written past the product.

A SQLite file of this kind is kept in the temporary folder: the next run starts with it.
"""

import asyncio
import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.store.questions import APP, PLATFORM, WORKSPACE, channel, thread
from core.store import schema
from core.store.database import Database

THREADS = 1_000  # conversations of a channel
OPEN = DUE = 100  # turns of either kind in every store, large or not
_STEP = (
    7_919  # a prime: the turns of a conversation lie far apart, as those of other conversations come between
)
_BATCH = 20_000
_YEAR = 365 * 86_400.0

_CONVERSATION = "platform workspace channel thread direct app identity dify_id created_at last_at"
_TURN = (
    "id conversation platform workspace channel message author identity state outcome question "
    "task_id message_id run_id rating_due rating queued_at sent_at asked_at closed_at command fence asks stop"
)
_POST = "platform workspace channel message turn page"


@dataclass(frozen=True)
class Size:
    """How much is in a store."""

    conversations: int
    per_conversation: int

    @property
    def turns(self) -> int:
        """Of all conversations."""
        return self.conversations * self.per_conversation

    @property
    def channels(self) -> int:
        """In which the conversations are."""
        return max(1, self.conversations // THREADS)


EMPTY = Size(2 * OPEN, 1)  # not quite: what is open or due is the same everywhere


async def large_file(size: Size) -> Path:
    """A SQLite store of this size; made if it is not there yet."""
    folder = Path(tempfile.gettempdir()) / "parley-bench"
    folder.mkdir(exist_ok=True)
    name = f"{size.conversations}x{size.per_conversation}"
    path = folder / f"store-{_schema()}-{name}.db"
    if not path.exists():
        for stale in folder.glob(f"store-*-{name}.*"):  # of another schema, and large
            stale.unlink()
        making = path.with_suffix(f".{os.getpid()}")
        await fill_file(making, size)
        making.rename(path)
        making.with_name(f"{making.name}.lock").unlink()
    return path


def _schema() -> str:
    """A word that is another one as soon as a migration is."""
    sources = sorted((Path(schema.__file__).parent / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


async def fill_file(path: Path, size: Size) -> None:
    """Make a SQLite store of this size."""
    await (await Database.open(f"sqlite:///{path}")).aclose()
    await asyncio.to_thread(_fill_sqlite, path, size)


def _fill_sqlite(path: Path, size: Size) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        for setting in ("synchronous=OFF", "cache_size=-2000000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        for table, columns, rows in _tables(size):
            marks = ", ".join("?" * len(columns.split()))
            connection.executemany(
                f"INSERT INTO {table} ({columns.replace(' ', ', ')}) VALUES ({marks})",  # noqa: S608 (ours)
                rows,
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


async def fill_postgres(url: str, size: Size) -> None:
    """Fill a migrated, empty PostgreSQL store."""
    await asyncio.to_thread(_fill_postgres, url, size)


def _fill_postgres(url: str, size: Size) -> None:
    psycopg: Any = import_module("psycopg")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, columns, rows in _tables(size):
            with cursor.copy(f"COPY {table} ({columns.replace(' ', ', ')}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        cursor.execute(
            "SELECT setval('turns_id_seq', (SELECT max(id) FROM turns)), "
            "setval('conversations_id_seq', (SELECT max(id) FROM conversations))"
        )
    with psycopg.connect(url, autocommit=True) as connection:  # as autovacuum would have long done
        connection.execute("ANALYZE")


def _tables(size: Size) -> Iterator[tuple[str, str, Iterable[tuple[Any, ...]]]]:
    now = time.time()
    yield "conversations", f"id {_CONVERSATION}", (_conversation(at, now) for at in range(size.conversations))
    yield "turns", _TURN, (_turn(number, size, now) for number in range(size.turns))
    yield "posts", _POST, (_post(number, size) for number in range(size.turns))


def _conversation(at: int, now: float) -> tuple[Any, ...]:
    where, root = channel(at // THREADS), thread(at)
    identity, dify_id = f"{PLATFORM}:{WORKSPACE}:{where}:{root}", _uuid(3, at)
    began = now - _YEAR + at
    return (at + 1, PLATFORM, WORKSPACE, where, root, False, APP, identity, dify_id, began, began)


def _turn(number: int, size: Size, now: float) -> tuple[Any, ...]:
    """One turn, oldest first; the latest ones are open, those before them due."""
    at = number * _STEP % size.conversations
    where = channel(at // THREADS)
    age = size.turns - number
    is_open, is_due = age <= OPEN, OPEN < age <= OPEN + DUE
    asked = now - _YEAR * age / size.turns
    state, question = ("running", "{}") if is_open else ("closed", None)
    return (
        *(number + 1, at + 1, PLATFORM, WORKSPACE, where, f"{asked:.6f}-{number}", f"U{at % 5000:010d}"),
        *(f"{PLATFORM}:{WORKSPACE}:{where}:{thread(at)}", state, "" if is_open else "complete", question),
        *(_uuid(1, number), _uuid(2, number), "", is_due, ""),
        *(asked, asked, asked, None if is_open else asked + 10, False, 1, 1, 0),
    )


def _post(number: int, size: Size) -> tuple[Any, ...]:
    at = number * _STEP % size.conversations
    return (PLATFORM, WORKSPACE, channel(at // THREADS), f"answer-{number:012d}", number + 1, 0)


def _uuid(kind: int, number: int) -> str:
    return f"{number * 2_654_435_761 % 2**32:08x}-{kind:04d}-4000-8000-{number:012x}"
