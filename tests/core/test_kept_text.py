"""Thoughts that an agent streamed as part of its answer, and the answer as Dify keeps it."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from core.answer import Answer
from core.apps import App
from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.kept_text import TRIES, as_kept
from core.settings import AppSettings
from simulators.dify import DifySimulator
from simulators.dify.script import Answer as Script
from simulators.dify.script import Tool
from tests.core.dify.recordings import MISSING, ROOT, every
from tests.core.dify.replay import Replay, Reply

CLOCK = Tool("clock", "{}", "12:00")
ALOUD = [" I need the time.\n\n", CLOCK, " I know. \n", "It is late."]
STREAMED = " I need the time.\n\n I know. \nIt is late."
KEPT = "It is late."
READ = "GET /messages"


@asynccontextmanager
async def app_at(base_url, mode="agent-chat"):
    server = DifyServer(base_url, StreamLimits())
    try:
        dify = DifyApp("helpdesk", DifyClient(server, "app-k"), server, mode)
        yield App(AppSettings(api_key="app-k"), dify)
    finally:
        await server.aclose()


async def streamed(app, conversation_id=""):
    answer = Answer()
    question = Question("time?", "ann", conversation_id)
    async with app.dify.client.ask(question, run=False, mode=app.dify.mode) as events:
        async for event in events:
            answer.take(event)
    return answer


@pytest.fixture(params=["0.15.8", "1.16.1"])
async def dify(request):
    async with DifySimulator(version=request.param) as simulator:
        simulator.add_app("app-k", mode="agent-chat")
        yield simulator


@pytest.fixture
async def app(dify):
    async with app_at(dify.base_url) as made:
        yield made


async def test_what_dify_has_kept_stands(dify, app):
    dify.reply(Script(ALOUD, saved=KEPT))
    said = await streamed(app)
    answer = await as_kept(said, app, "ann")
    assert (said.text, answer.text) == (STREAMED, KEPT)
    assert (answer.message_id, answer.outcome, answer.usage) == (said.message_id, said.outcome, said.usage)
    [read] = dify.journal.named(READ)
    assert read.args["conversation_id"] == said.conversation_id
    assert read.args["user"] == "ann"


async def test_it_is_the_answer_of_this_question_not_of_another(dify, app):
    dify.reply(Script(ALOUD, saved=KEPT), Script(ALOUD, saved="It is early."))
    first = await streamed(app)
    await streamed(app, first.conversation_id)
    assert (await as_kept(first, app, "ann")).text == KEPT


async def test_an_agent_that_calls_functions_keeps_all_that_it_said(dify, app):
    dify.reply(Script(["Let me check. ", CLOCK, "It is late."]))
    said = await streamed(app)
    assert await as_kept(said, app, "ann") is said
    assert said.text == "Let me check. It is late."
    assert len(dify.journal.named(READ)) == 1


async def test_nothing_is_read_of_an_answer_without_tools(dify, app):
    dify.reply("It is late.")
    said = await streamed(app)
    assert await as_kept(said, app, "ann") is said
    assert not dify.journal.named(READ)


async def test_where_dify_has_kept_nothing_the_streamed_text_stands(dify, app, caplog):
    dify.reply(Script(ALOUD, saved=""))
    said = await streamed(app)
    assert await as_kept(said, app, "ann") is said
    assert len(dify.journal.named(READ)) == TRIES
    assert "Dify did not say what it has kept" in caplog.text
    assert "late" not in caplog.text


async def test_where_dify_can_not_be_read_the_streamed_text_stands(dify, app):
    dify.reply(Script(ALOUD, saved=KEPT))
    said = await streamed(app)
    assert await as_kept(said, app, "somebody else") is said  # 404
    await dify.stop()
    assert await as_kept(said, app, "ann") is said


async def test_a_dify_that_does_not_answer_is_not_waited_for(dify, app):
    dify.reply(Script(ALOUD, saved=KEPT))
    said = await streamed(app)
    open_ones = []

    async def silent(_reader, writer):
        open_ones.append(writer)

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with app_at(f"http://127.0.0.1:{port}/v1") as mute, asyncio.timeout(5):
            assert await as_kept(said, mute, "ann") is said
    assert open_ones
    for writer in open_ones:
        writer.close()
        await writer.wait_closed()


@pytest.mark.skipif(not ROOT.is_dir(), reason=MISSING)
@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_of_a_recorded_agent_that_reasons_the_kept_answer_stands(version):
    recorded = {each.name: each for each in every() if each.version == version}
    stream, kept = recorded["agent_react_stream"], recorded["agent_react_messages"]
    replies = [Reply(200, stream.body, stream.headers, stream.sizes), Reply(200, kept.body, kept.headers)]
    async with Replay(*replies) as dify, app_at(dify.base_url) as app:
        said = await streamed(app)
        answer = await as_kept(said, app, "ann")
    assert (said.text, answer.text) == (STREAMED, KEPT)
    assert "/v1/messages?" in dify.asked[1].target
