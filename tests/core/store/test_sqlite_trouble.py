"""SQLite when the file is locked by another, or the disk is full: nothing is lost, nothing twice."""

import asyncio
import resource
import sqlite3
import traceback
from contextlib import contextmanager

import pytest

from core.errors import StoreUnavailable
from core.store import sqlite
from core.store.database import Database
from core.store.store import Store
from tests.core.store.conftest import WORDS, asked, fetch

MANY = 20


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
async def impatient(url, monkeypatch):
    """A store whose busy time-out a test can wait for."""
    monkeypatch.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS[:-1], "PRAGMA busy_timeout=100"))
    database = await Database.open(url)
    yield Store(database)
    await database.aclose()


@pytest.fixture
def another(tmp_path):
    """Another connection's lock on the file, as of a copying tool."""

    @contextmanager
    def locked():
        connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    return locked


async def accepted_all(store, text=WORDS):
    """What became of many questions asked at once: turns, None, or errors."""
    many = (asked(store, f"q{number}", text=text) for number in range(MANY))
    return await asyncio.gather(*many, return_exceptions=True)


async def assert_each_is_a_turn_once(store):
    names = [row.message for row in await fetch(store.database, "SELECT message FROM turns")]
    assert sorted(names) == sorted(f"q{number}" for number in range(MANY))
    assert len(await store.open_turns()) == MANY


async def test_who_comes_while_it_is_locked_waits(store, another):
    with another():
        accepting = asyncio.create_task(asked(store))
        await asyncio.wait([accepting], timeout=0.2)
        assert not accepting.done()
        assert await store.get("key") is None  # who only reads does not wait
    assert (await accepting).turn == 1


async def test_who_waits_too_long_is_told_so_and_may_come_again(impatient, another):
    with another():
        refused = await accepted_all(impatient)
    assert {type(outcome) for outcome in refused} == {StoreUnavailable}
    assert await impatient.open_turns() == []
    taken = await accepted_all(impatient)
    assert None not in taken
    assert await accepted_all(impatient) == [None] * MANY
    await assert_each_is_a_turn_once(impatient)


async def test_a_locked_database_says_so_and_nothing_of_what_people_wrote(impatient, another):
    with another(), pytest.raises(StoreUnavailable) as caught:
        await asked(impatient)
    status = impatient.database.status
    assert WORDS not in f"{caught.value} {caught.value.advice} {status}"
    assert WORDS not in "".join(traceback.format_exception(caught.value))
    assert caught.value.advice.retry
    assert "OperationalError" in str(caught.value)
    assert status != "ok"
    await asked(impatient)
    assert impatient.database.status == "ok"


@pytest.mark.long
async def test_locked_for_ten_seconds_while_people_go_on_asking(store, another):
    async def ask(number):
        while True:
            try:
                return await asked(store, f"q{number}")
            except StoreUnavailable:
                continue  # as Slack does: the same again

    with another():
        asking = [asyncio.create_task(ask(number)) for number in range(MANY)]
        _, waiting = await asyncio.wait(asking, timeout=sqlite.BUSY_SECONDS + 0.5)
        assert len(waiting) == MANY
    await asyncio.gather(*asking)
    await assert_each_is_a_turn_once(store)


async def limit_pages(database, count):
    """No page more than so many (0: than there are): then SQLite says that the disk is full."""

    async def limit(connection):
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={count or pages}")

    await database.write(limit)


async def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(store, database):
    await limit_pages(database, 0)
    refused = await accepted_all(store, WORDS * 500)
    assert {type(outcome) for outcome in refused} == {StoreUnavailable}
    assert all(WORDS not in "".join(traceback.format_exception(outcome)) for outcome in refused)
    assert database.status != "ok"
    assert await store.open_turns() == []  # it can be read all the same
    await limit_pages(database, 1_000_000)
    assert None not in await accepted_all(store, WORDS * 500)
    assert await accepted_all(store) == [None] * MANY
    await assert_each_is_a_turn_once(store)


async def test_a_file_that_can_not_grow_is_told_and_nothing_is_lost_when_it_can(store, tmp_path):
    log = tmp_path / "parley.db-wal"  # it grows as a change is committed, when all else has been done
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        refused = await accepted_all(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {type(outcome) for outcome in refused} == {StoreUnavailable}
    assert await store.open_turns() == []
    assert None not in await accepted_all(store)
    await assert_each_is_a_turn_once(store)
