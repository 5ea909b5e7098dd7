"""Smaller things that Dify's guides name, as people and operators have them."""

import httpx
import pytest
from extras import Sent, answered, send
from shared import another, asked, says_only, serve, shows

from simulators.dify.script import Answer, Fail, Pause

KINDS = ("png", "jpg", "jpeg", "webp", "gif")
SUGGESTED = "GET /messages/{message_id}/suggested"


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "advanced-chat", "completion", "workflow"])
async def test_an_answer_that_comes_as_a_whole(world, chat, dm, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply("All of it.")
        async with world.bot(apps__support__response="blocking"):
            dm.ask("hi")
            await says_only(chat, dm.answers, "All of it.")
        [call] = asked(dify)
        assert call.args["response_mode"] == "blocking"


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_an_agent_is_streamed_whatever_is_wished(world, chat, dm, version):
    async with another(version) as dify:
        serve(world, "agent-chat", dify)
        dify.reply("All of it.")
        async with world.bot(apps__support__response="blocking", apps__support__mode="agent-chat"):
            dm.ask("hi")
            await says_only(chat, dm.answers, "All of it.")
        [call] = asked(dify)
        assert call.args["response_mode"] == "streaming"


async def test_an_agent_that_an_old_dify_calls_a_chat_is_streamed_all_the_same(world, chat, dm):
    async with another("0.15.8") as old:
        serve(world, "agent-chat", old)
        old.reply("All of it.", "And more.")
        async with world.bot(apps__support__response="blocking"):
            dm.ask("hi")
            await says_only(chat, dm.answers, "All of it.")
            dm.ask("and?")
            await says_only(chat, dm.answers, "And more.", count=2)
        assert [call.args["response_mode"] for call in asked(old)] == ["blocking", "streaming", "streaming"]
        assert len(old.runs) == 2


async def test_a_workflow_that_fails_as_a_whole_is_said_to_have_failed(world, chat, dm, dify):
    serve(world, "workflow")
    dify.reply(Answer([Fail()]))
    async with world.bot(apps__support__response="blocking"):
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "The app")
        await chat.journal.wait(lambda: chat.buttons(answer))
    assert len(asked(dify)) == 1


async def test_a_run_that_pauses_as_a_whole_shows_its_form(world, chat, dm, dify):
    serve(world, "advanced-chat")
    dify.reply(Answer(["one ", Pause(inputs=()), "two"]))
    async with world.bot(apps__support__response="blocking"):
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "Please")
        await chat.journal.wait(lambda: chat.buttons(answer) == ["Approve", "Reject"])


@pytest.mark.parametrize("kind", KINDS)
async def test_pictures_of_every_common_kind_reach_the_app(world, chat, dify, kind):
    async with world.bot():
        mime = f"image/{kind.replace('jpg', 'jpeg')}"
        send(chat, "what is this?", Sent(f"a.{kind}", b"picture " + kind.encode(), mime))
        await answered(chat, "You said: what is this?")
    [file] = dify.runs[0].files
    assert (file.type, file.extension, file.data) == ("image", kind, b"picture " + kind.encode())


async def test_an_app_that_suggests_nothing_is_not_asked_for_it(world, chat, dm, dify):
    async with world.bot():
        dm.ask("one")
        await shows(chat, dm.answers, "You said: one")
        dm.ask("two")
        await shows(chat, dm.answers, "You said: two", count=2)
    assert dify.journal.named(SUGGESTED) == []


async def test_a_new_key_of_the_same_app_goes_on_with_its_conversations(world, chat, dm, dify):
    async with world.bot():
        dm.ask("one")
        await shows(chat, dm.answers, "You said: one (turn 1")
    dify.apps["app-rotated"] = dify.apps.pop("app-support")
    async with world.bot(apps__support__api_key="app-rotated"):
        dm.ask("two")
        await shows(chat, dm.answers, "You said: two (turn 2", count=2)


async def test_what_answers_cost_is_counted(world, chat, dm, dify):
    async with world.bot() as address:
        dm.ask("one")
        await shows(chat, dm.answers, "You said: one")
        dm.ask("two")  # is asked when the first is counted
        await shows(chat, dm.answers, "You said: two", count=2)
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://{address}/metrics")).text
    [tokens] = [line for line in told.splitlines() if line.startswith('parley_tokens_total{app="support"}')]
    assert float(tokens.split()[1]) > 0


async def test_a_failure_is_logged_with_the_trace_that_dify_has(world, chat, dm, dify, caplog):
    dify.reply(Answer([Fail()]))
    async with world.bot(apps__support__response="blocking"):
        dm.ask("hi")
        await shows(chat, dm.answers, "model")
    [call] = asked(dify)
    assert f"(trace {call.args['trace_id']})" in caplog.text


async def test_where_the_app_has_no_citations_none_are_shown(world, chat, dm, dify):
    dify.apps["app-support"].citations = False
    source = {"position": 1, "document_id": "d1", "document_name": "Handbook.pdf"}
    dify.reply(Answer(["As the handbook says."], sources=[source]))
    async with world.bot():
        dm.ask("what does it say?")
        await says_only(chat, dm.answers, "As the handbook says.")
