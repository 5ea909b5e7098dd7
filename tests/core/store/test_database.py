"""Transactions on either database: whole or not at all, and silent about what people wrote."""

import asyncio
import traceback

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import IntegrityError

from core.errors import StoreUnavailable
from core.store.database import Database
from core.store.store import Store
from tests.core.store.conftest import WORDS, asked, fetch


async def test_a_change_that_fails_leaves_nothing_behind(database):
    async def fail(connection):
        await connection.exec_driver_sql("INSERT INTO notes VALUES ('k', 'v')")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(fail)
    assert await fetch(database, "SELECT * FROM notes") == []
    assert database.status == "ok"


async def test_what_is_written_is_read_at_once(database, store):
    await store.put("key", "value")
    assert await store.get("key") == "value"
    assert await database.write(lambda _: asyncio.sleep(0, "result")) == "result"


async def test_a_fault_of_a_statement_is_no_trouble_of_the_database_and_repeats_no_words(database, store):
    await store.put("key", "value")

    async def twice(connection):
        await connection.exec_driver_sql(f"INSERT INTO notes SELECT 'key', '{'x' * 10}'")

    async def with_words(connection):
        value = select(literal("key"), literal(WORDS))
        from core.store.tables import notes  # noqa: PLC0415

        await connection.execute(notes.insert().from_select(["key", "value"], value))

    for change in (twice, with_words):
        with pytest.raises(IntegrityError) as caught:
            await database.write(change)
        assert WORDS not in "".join(traceback.format_exception(caught.value))
    assert database.status == "ok"


async def test_a_reader_that_is_cut_off_leaves_the_store_as_it_was(database, store):
    await asked(store)
    for _ in range(20):
        reading = asyncio.create_task(store.open_turns())
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert len(await store.open_turns()) == 1
    await store.ping()
    assert database.status == "ok"


async def test_many_readers_are_served(store):
    await asked(store)
    found = await asyncio.gather(*(store.open_turns() for _ in range(40)))
    assert [len(turns) for turns in found] == [1] * 40


async def test_what_was_asked_for_is_kept_though_the_store_is_closed_meanwhile(url):
    database = await Database.open(url)
    accepting = [asyncio.create_task(asked(Store(database), f"q{number}")) for number in range(30)]
    await asyncio.sleep(0)
    await database.aclose()
    accepted = await asyncio.gather(*accepting)
    again = await Database.open(url)
    assert [waiting.turn for waiting in await Store(again).open_turns()] == [new.turn for new in accepted]
    await again.aclose()


async def test_a_store_that_is_closed_takes_nothing(url):
    database = await Database.open(url)
    await database.aclose()
    with pytest.raises(StoreUnavailable, match="closed"):
        await asked(Store(database))
