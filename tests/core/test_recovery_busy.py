"""A run that goes on without us is found while every stream to Dify is in use by others."""

import asyncio

from core.answer import Outcome
from core.dify.client import Question
from core.dify.server import StreamLimits
from core.lost import Lost
from core.recovery import Recovery
from core.running import Running
from simulators.dify.script import Answer, Gate
from tests.core.parts import house


def looks(dify):
    return sum("/workflows/run/" in call.method for call in dify.journal.calls)


async def test_a_run_that_ended_meanwhile_needs_no_stream(tmp_path, new_store, monkeypatch):
    new_store(tmp_path / "s.db")
    monkeypatch.setattr("core.recovery.PAUSES", (0.05,))
    monkeypatch.setattr("core.recovery.SETTLE_SECONDS", 0.05)
    gate = Gate()
    async with house(tmp_path, mode="advanced-chat", limits=StreamLimits(1, 1)) as home:
        home.dify.reply(Answer(["one ", "two"], gate=gate))
        question = Question("go", "fake:w:c:t")
        async with home.app.dify.client.ask(question, run=True, mode="advanced-chat") as events:
            begun = await anext(events)  # and hang up
        lost = Lost(question, sent_at=0.0, task_id=begun.task_id, run_id=begun.workflow_run_id)
        recovery = Recovery(home.app, home.ledger, Running(await home.turn()))
        async with home.app.dify.server.stream_slot(run=True):
            finding = asyncio.create_task(recovery.find(lost, 5.0))
            await home.dify.journal.wait(lambda: looks(home.dify) >= 2)
            gate.finish()
            async with asyncio.timeout(10):
                answer = await finding
    assert (answer.outcome, answer.text) == (Outcome.COMPLETE, "one two")
