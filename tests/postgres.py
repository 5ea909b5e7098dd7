"""PostgreSQL for tests: an empty database for each that asks for one, and ways to look in and to hurt it.

`PARLEY_TEST_POSTGRES` names another server than the one of this machine: the URL of a database on it, as a
role that may make databases. Where no server answers, the tests that need one are skipped.
"""

import asyncio
import inspect
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from core.store.database import Database

ADMIN = os.environ.get("PARLEY_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
_NAME = f"parley_test_{os.getpid()}"  # workers of pytest-xdist are processes
_numbers = itertools.count()
_OTHERS = """FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'"""


@pytest.fixture(scope="session")
def postgres_server():
    """A connection to the server, for making and dropping databases."""
    try:
        server = psycopg.connect(ADMIN, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        where = urlsplit(ADMIN).netloc.rpartition("@")[2]
        pytest.skip(f"no PostgreSQL at {where} (PARLEY_TEST_POSTGRES): {type(error).__name__}")
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server):
    """The URL of a database with our schema, one for all tests: to make one takes half a second."""
    with _database(postgres_server) as url:
        with ThreadPoolExecutor(1) as beside:  # the tests' own loop stays what it is
            beside.submit(asyncio.run, _migrate(url)).result()
        yield url


@pytest.fixture
def postgres(postgres_migrated):
    """The URL of a database with our schema, without rows and connections."""
    with psycopg.connect(postgres_migrated, autocommit=True) as connection:
        while connection.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}").fetchall():
            pass  # those that an earlier test left; asked until they are gone
        _empty(connection)
    return postgres_migrated


@pytest.fixture
def empty_postgres(postgres_server):
    """The URL of a new database in which nothing is, not even our schema; dropped afterwards."""
    with _database(postgres_server) as url:
        yield url


@contextmanager
def _database(server):
    name = f"{_NAME}_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    # No test crashes the server itself: nobody need wait for the disk.
    server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    try:
        yield urlsplit(ADMIN)._replace(path=f"/{name}").geturl()
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _migrate(url):
    await (await Database.open(url)).aclose()


def _empty(connection):
    """Deleting from small tables takes a tenth of the time of TRUNCATE."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    statements = [f'DELETE FROM "{name}"' for (name,) in connection.execute(tables).fetchall()]
    sequences = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
    statements += [f'ALTER SEQUENCE "{name}" RESTART' for (name,) in sequences]
    connection.execute(";".join(statements))


async def rows(url, query, *values):
    """What a statement gives, in a connection and a transaction of its own."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute(query, values)
        return await cursor.fetchall() if cursor.description else []


async def value(url, query, *values):
    """The one value that a statement gives."""
    return (await rows(url, query, *values))[0][0]


async def cut_connections(url):
    """End every connection to a database at the server, as its restart would; how many there were."""
    return len(await rows(url, f"SELECT pg_terminate_backend(pid) {_OTHERS}"))


@asynccontextmanager
async def outage(url):
    """The server is gone for those who use this database: connections end, and no new one is made."""
    name = urlsplit(url).path.removeprefix("/")
    async with await psycopg.AsyncConnection.connect(ADMIN, autocommit=True) as admin:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            await admin.execute(ended, (name,))
            yield
        finally:
            await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def eventually(condition, timeout=15.0):
    """Ask again and again (a function, or one that is awaited) until the answer is a true one; the answer."""
    async with asyncio.timeout(timeout):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.02)  # what is looked at is in another process: nobody tells us
