"""The connection to SQLite: rows come with the statement, and nothing stays open behind who was cancelled."""

import asyncio
import sqlite3

import pytest

from core.store.driver import Connection
from tests.postgres import eventually


@pytest.fixture
async def connection(tmp_path):
    opened = await Connection(tmp_path / "s.db")
    yield opened
    await opened.close()


async def said(connection, statement, *values):
    cursor = connection.cursor()
    await cursor.execute(statement, values)
    return cursor


async def test_a_statement_brings_its_rows_and_what_is_known_of_it(connection):
    await said(connection, "CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    added = await said(connection, "INSERT INTO t (b) VALUES (?), (?)", "x", "y")
    assert (added.rowcount, added.lastrowid, added.description) == (2, 2, None)
    found = await said(connection, "SELECT b FROM t ORDER BY a")
    assert [column[0] for column in found.description] == ["b"]
    assert await found.fetchall() == [("x",), ("y",)]
    assert await found.fetchall() == []


async def test_many_sets_of_parameters_go_at_once(connection):
    await said(connection, "CREATE TABLE t (a)")
    await connection.cursor().executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert await (await said(connection, "SELECT sum(a) FROM t")).fetchall() == [(3,)]


async def test_an_error_is_the_statements_own(connection):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await said(connection, "SELECT * FROM nowhere")
    await connection.rollback()
    assert await (await said(connection, "SELECT 1")).fetchall() == [(1,)]


async def test_a_transaction_that_began_for_somebody_cancelled_is_rolled_back(connection, tmp_path):
    await said(connection, "PRAGMA journal_mode=WAL")
    await said(connection, "PRAGMA busy_timeout=10000")
    beside = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    beside.execute("BEGIN IMMEDIATE")
    beginning = asyncio.create_task(said(connection, "BEGIN IMMEDIATE"))
    await eventually(lambda: connection._tx.empty() and connection._asked > connection._done)
    beginning.cancel()
    await asyncio.wait([beginning])
    assert not connection.in_transaction
    rolling_back = asyncio.create_task(connection.rollback())
    await asyncio.sleep(0)
    beside.execute("COMMIT")
    beside.close()
    await rolling_back
    assert not connection.in_transaction
    await said(connection, "BEGIN IMMEDIATE")
    await said(connection, "COMMIT")


async def test_nothing_to_roll_back_costs_nothing(connection):
    await said(connection, "SELECT 1")
    waiting = connection._tx.qsize()
    await connection.rollback()
    assert connection._tx.qsize() == waiting
