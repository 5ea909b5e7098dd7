"""What people say is safe before it is acknowledged; one question is one answer, however often it comes."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing

import httpx
import pytest
from shared import asked, says_only, shows

from simulators.dify.script import Answer, Gate


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def locked(world, monkeypatch):
    """Lock the store as another program may, which the bot does not wait for."""
    impatient = ("PRAGMA journal_mode=WAL", "PRAGMA foreign_keys=ON", "PRAGMA busy_timeout=50")
    monkeypatch.setattr("core.store.sqlite._SETTINGS", impatient)

    @asynccontextmanager
    async def locked():
        file = world.folder / "bot.db"
        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as lock:
            # beside this loop, in which the bot may have to end what it writes
            await asyncio.to_thread(lock.execute, "BEGIN IMMEDIATE")
            yield
            lock.execute("ROLLBACK")

    return locked


async def test_a_question_told_again_is_answered_once(world, chat, spot, dify, gate):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.bot():
        question = spot.ask("count")
        gate.allow()
        await shows(chat, spot.answers, "one")
        chat.repeat(question)  # while it is answered
        await chat.taken()
        gate.finish()
        await says_only(chat, spot.answers, "one two")
        chat.repeat(question)  # when it has been
        await chat.taken()
        spot.ask("next")
        await shows(chat, spot.answers, "You said: next", count=2)
    async with world.bot():
        chat.repeat(question)  # to the next process
        await chat.taken()
        spot.ask("last")
        await shows(chat, spot.answers, "You said: last", count=3)
    assert len(spot.answers()) == 3
    assert [call.args["query"] for call in asked(dify)] == ["count", "next", "last"]


async def test_a_command_told_again_is_obeyed_once(world, chat, dm, dify):
    async with world.bot():
        dm.ask("one")
        await shows(chat, dm.answers, "turn 1")
        said = dm.ask("new")
        await shows(chat, dm.answers, "start afresh", count=2)
        dm.ask("two")
        await shows(chat, dm.answers, "turn 1", count=3)
        chat.repeat(said)
        await chat.taken()
        dm.ask("three")
        await shows(chat, dm.answers, "turn 2", count=4)
    assert len(dm.answers()) == 4


async def refused(chat, caplog):
    """Wait until the bot has been told of something in vain."""
    if chat.name == "slack":
        await chat.journal.wait(lambda: chat.server.deliveries[-1].paused)  # the first two were no use
        assert not chat.server.deliveries[-1].acked
    else:
        await chat.journal.wait(lambda: "not stored yet" in caplog.text)


@pytest.fixture
def hasty(chat):
    """Slack does not wait three seconds for an acknowledgement."""
    if chat.name == "slack":
        chat.server.socket.ack_timeout = 0.2


async def test_what_can_t_be_stored_is_not_acknowledged_and_taken_later(
    world, chat, dm, dify, locked, hasty, caplog
):
    async with world.bot():
        async with locked():
            dm.ask("hello")
            await refused(chat, caplog)
        if chat.name == "slack":
            chat.server.redeliver_now()
        await shows(chat, dm.answers, "turn 1")
        await chat.taken()
        dm.ask("next")
        await shows(chat, dm.answers, "turn 2", count=2)
    assert len(asked(dify)) == 2


async def test_a_store_that_can_t_be_written_is_not_ready(world, chat, dm, locked, hasty, caplog):
    async with world.bot() as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        async with locked():
            dm.ask("hello")
            await refused(chat, caplog)
            told = await client.get("/readyz")
        if chat.name == "slack":
            chat.server.redeliver_now()
        await shows(chat, dm.answers, "turn 1")
        assert (await client.get("/readyz")).status_code == 200
    assert told.status_code == 503
    assert "can't be used" in told.json()["store"]


async def test_the_ids_of_an_answer_outlive_a_locked_store(world, chat, dm, dify, gate, locked):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.bot():
        dm.ask("hello")
        await dify.journal.wait(lambda: asked(dify))
        async with locked():
            gate.finish()
            await shows(chat, dm.answers, "one two")  # people see the answer all the same
        dm.ask("and again")
        await shows(chat, dm.answers, "turn 2", count=2)
    assert asked(dify)[1].args["conversation_id"]


async def test_a_kill_while_the_store_is_locked_leaves_one_answer(world, chat, dm, dify, gate, locked):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.doomed():
        dm.ask("count")
        await dify.journal.wait(lambda: asked(dify))
        async with locked():
            gate.finish()
            await says_only(chat, dm.answers, "one two")
    async with world.bot():
        dm.ask("next")
        await shows(chat, dm.answers, "You said: next", count=2)
    assert len(dm.answers()) == 2
    assert chat.text(dm.answers()[0]).strip() == "one two"
    assert [call.args["query"] for call in asked(dify)] == ["count", "next"]
