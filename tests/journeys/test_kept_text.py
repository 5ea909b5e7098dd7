"""An agent that reasons aloud (ReAct): its thoughts do not stand in the answer in the end."""

import pytest
from shared import another, asked, says_only, serve, shows

from simulators.dify.script import Answer, Gate, Tool

CLOCK = Tool("clock", "{}", "12:00")
ALOUD = [" I need the time.\n\n", CLOCK, " I know. \n", "It is late."]
READ = "GET /messages"
PLAIN = {"apps__support__show": {"steps": False}}  # the text alone
VERSIONS = pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])


@VERSIONS
async def test_an_agent_that_reasons_aloud_leaves_only_its_answer(world, chat, spot, version):
    async with another(version) as dify:
        serve(world, "agent-chat", dify)
        dify.reply(Answer(ALOUD, saved="It is late."), "You are welcome.")
        async with world.bot(**PLAIN):
            spot.ask("time?")
            answer = await says_only(chat, spot.answers, "It is late.")
            spot.ask("thanks")
            await shows(chat, spot.answers, "You are welcome.", count=2)
        assert chat.text(answer).strip() == "It is late."
        assert len(asked(dify)) == len(dify.runs) == 2
        [read] = dify.journal.named(READ)
        assert read.args["user"] == asked(dify)[0].args["user"]


@VERSIONS
async def test_an_agent_that_calls_functions_keeps_what_it_said(world, chat, spot, version):
    async with another(version) as dify:
        serve(world, "agent-chat", dify)
        dify.reply(Answer(["Let me check. ", CLOCK, "It is late."]))
        async with world.bot(**PLAIN):
            spot.ask("time?")
            await says_only(chat, spot.answers, "Let me check. It is late.")
        assert len(dify.journal.named(READ)) == 1


@VERSIONS
async def test_who_dies_in_the_middle_shows_no_thoughts_either(world, chat, dm, version):
    async with another(version) as dify:
        serve(world, "agent-chat", dify)
        gate = Gate()
        dify.reply(Answer(ALOUD, gate=gate, saved="It is late."), Answer(ALOUD, saved="It is late."))
        async with world.doomed(**PLAIN):
            dm.ask("time?")
            gate.allow(2)
            await shows(chat, dm.answers, "I need the time.")
        async with world.bot(**PLAIN):
            await says_only(chat, dm.answers, "It is late.")
        assert len(dm.answers()) == 1
