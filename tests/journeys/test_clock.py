"""The clock of the machine jumps: nothing is lost, nothing said twice."""

import time

import pytest
from shared import asked, shows

from simulators.dify.script import Answer, Gate

REAL = time.time
DAY = 86_400.0


@pytest.fixture
def clock(monkeypatch):
    """How far the wall clock is off by now."""
    off = [0.0]
    monkeypatch.setattr(time, "time", lambda: REAL() + off[0])
    return off


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
async def test_an_answer_goes_on_while_the_clock_jumps(world, chat, dify, clock, jump):
    gate = Gate()
    dify.reply(Answer(["first ", "half"], gate=gate))
    async with world.bot():
        question = chat.mention(chat.alice, "one")
        gate.allow()
        await shows(chat, lambda: chat.in_thread(question), "first")
        clock[0] = jump
        chat.follow(question, chat.alice, "two")
        gate.finish()
        await shows(chat, lambda: chat.in_thread(question), "first half")
        await shows(chat, lambda: chat.in_thread(question), "You said: two", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["one", "two"]


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
async def test_a_run_is_followed_after_a_restart_with_another_time(world, chat, dify, clock, jump):
    dify.add_app("app-flow", mode="advanced-chat", name="Flow")
    gate = Gate()
    dify.reply(Answer(["first ", "half"], gate=gate))
    async with world.bot(apps__support__api_key="app-flow", server__grace=0):
        question = chat.mention(chat.alice, "one")
        gate.allow()
        await shows(chat, lambda: chat.in_thread(question), "first")
    clock[0] = jump
    gate.finish()
    async with world.bot(apps__support__api_key="app-flow"):
        await shows(chat, lambda: chat.in_thread(question), "first half")
    assert len(asked(dify)) == 1
    assert len(chat.in_thread(question)) == 1
