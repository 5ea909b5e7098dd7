"""An agent that an old Dify calls a chat: its answer ends with its stream; nothing is left to wait for."""

import asyncio

import pytest

from core.answer import Outcome
from core.dify.client import Question
from core.lost import Lost
from core.recovery import Recovery
from core.running import Running
from simulators.dify.script import Answer, Gate, Tool
from tests.core.parts import house

CLOCK = Tool("clock", "{}", "12:00")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("core.recovery.PAUSES", (0.05,))


async def lost_at(home, question):
    """A question whose stream was left in its middle."""
    async with home.app.dify.client.ask(question, run=False) as events:
        begun = await anext(events)
    return Lost(question, sent_at=0.0, task_id=begun.task_id, message_id=begun.message_id)


async def test_an_agents_lost_answer_is_given_up_though_whole_ones_are_wished(tmp_path, new_store, quick):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, version="0.15.8", mode="agent-chat") as home:
        home.app.dify.wants_blocking = True
        home.dify.reply(Answer([CLOCK, "It is late."], gate=Gate()))
        lost = await lost_at(home, Question("time?", "fake:w:c:t"))
        assert home.app.dify.outlives  # as far as it is known
        async with asyncio.timeout(10):
            assert await Recovery(home.app, home.ledger, Running(await home.turn())).find(lost, 0.5) is None
        assert home.dify.journal.named(
            "GET /messages"
        )  # its row is there: without an answer, but with thoughts


async def test_a_chats_whole_answer_is_waited_for(tmp_path, new_store, quick):
    new_store(tmp_path / "s.db")
    gate = Gate()
    async with house(tmp_path, version="0.15.8", mode="chat") as home:
        home.app.dify.wants_blocking = True
        home.dify.reply(Answer(["It is ", "late."], gate=gate))
        question = Question("time?", "fake:w:c:t")
        asking = asyncio.create_task(home.app.dify.ask(question).__aenter__())
        await home.dify.started(1)
        lost = Lost(question, sent_at=0.0)
        finding = asyncio.create_task(
            Recovery(home.app, home.ledger, Running(await home.turn())).find(lost, 0.2)
        )
        await home.dify.journal.wait(lambda: len(home.dify.journal.named("GET /messages")) > 10)
        gate.finish()
        async with asyncio.timeout(10):
            found = await finding
        await asking
    assert (found.outcome, found.text) == (Outcome.COMPLETE, "It is late.")
