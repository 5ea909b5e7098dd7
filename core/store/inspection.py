"""Looking at a store without touching it: for `check`, and for the commands that need one that is there."""

import os
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.contract import Finding
from core.errors import Advice, ParleyError
from core.store.schema import HEAD

_SUBJECT = "store"
_VERSION = "SELECT version_num FROM alembic_version"
_BUSY_SECONDS = 5.0
# What libpq says → what to do; its own words may hold the user and the host.
_REFUSALS = (
    ("authentication failed", "refuses the user or the password"),
    ("does not exist", "has no such user or database: create it"),
    ("too many", "has no connection left: raise its max_connections"),
    ("no pg_hba.conf entry", "does not let us in from here: see its pg_hba.conf"),
)


def file_of(url: str) -> Path | None:
    """The file of an embedded store; None where the store is a server."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:") else None


def existing(url: str) -> Path | None:
    """The same, where it is there. Raises ParleyError."""
    file = file_of(url)
    if file is not None and not file.is_file():
        hint = f"there is no store at {file}: is this the configuration that the bot runs with?"
        raise ParleyError(Advice("internal", hint))
    return file


async def inspect_store(url: str) -> Finding:
    """Whether a bot could use the store, and the mend if not. Changes nothing, makes nothing."""
    file = file_of(url)
    return _embedded(file) if file is not None else await _server(url)


def _embedded(file: Path) -> Finding:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        return _bad(f"{folder} is not a folder: set another store.url")
    if not os.access(folder, os.W_OK | os.X_OK):
        return _bad(f"{folder} can't be written: give it to the user that runs parley, or set store.url")
    if not file.exists():
        return _good(f"{file} is made at the first start")
    if not os.access(file, os.R_OK | os.W_OK):
        return _bad(f"{file} can't be written: give it to the user that runs parley")
    try:
        version = _version_of(file)
    except sqlite3.Error as error:
        return _bad(f"{file} can't be read ({error}): restore a backup, or set another store.url")
    return _schema(str(file), version)


def _version_of(file: Path) -> str | None:
    address = f"{file.absolute().as_uri()}?mode=rw"  # it never makes the file
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute(_VERSION).fetchone() if known else None
    return str(row[0]) if row else None


async def _server(url: str) -> Finding:
    postgresql = import_module("core.store.postgresql")  # psycopg is loaded only where it is used
    engines: list[AsyncEngine] = []
    try:
        engines += postgresql.connect(url, exclusive=False)[:2]
        async with engines[0].connect() as connection:
            version, may_create = await connection.run_sync(_look)
    except (ArgumentError, ValueError):
        return _bad("store.url can't be read: characters such as @ : / % of a password are written as %40 …")
    except (DBAPIError, OSError) as error:
        return _bad(f"PostgreSQL {_refusal(str(error))}")
    finally:
        for engine in engines:
            await engine.dispose()
    if version != HEAD and not may_create:
        return _bad("the user may not create tables in PostgreSQL: make it the owner of the database")
    return _schema("PostgreSQL", version)


def _look(connection: Connection) -> tuple[str | None, bool]:
    known = inspect(connection).has_table("alembic_version")
    version = connection.execute(text(_VERSION)).scalar() if known else None
    may = text("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)")
    return version, bool(connection.execute(may).scalar())


def _refusal(said: str) -> str:
    for words, meaning in _REFUSALS:
        if words in said:
            return f"{meaning}: check store.url"
    return "can't be reached: is it up, is the host in store.url right?"


def _schema(name: str, version: str | None) -> Finding:
    if version is not None and version > HEAD:
        return _bad(f"{name} was made by a newer version of this program: run that version")
    if version == HEAD:
        return _good(f"{name} can be used")
    then = "brought up to date" if version else "made"
    return _good(f"{name} can be used; its tables are {then} at the next start")


def _good(text: str) -> Finding:
    return Finding(_SUBJECT, ok=True, text=text)


def _bad(text: str) -> Finding:
    return Finding(_SUBJECT, ok=False, text=text)
