"""Blocking replies read as the events of a stream: the same answer comes out of both."""

import asyncio

import pytest

from core.answer import Answer, Outcome
from core.dify.blocking import events_of
from core.dify.client import BLOCKING_SECONDS, DifyClient, Question
from core.dify.events import HumanInput, MessageEnd
from core.dify.questions import RUN_MODES
from core.dify.server import DifyServer, StreamLimits
from core.errors import ConversationGone, DifyBusy, DifyError, DifyLost, DifyRefused
from simulators.dify.script import Answer as Script
from simulators.dify.script import Fail, Gate, Node, Pause
from tests.core.dify.replay import Replay, Reply

KINDS = ("chat", "advanced-chat", "completion", "workflow")


async def blocked(us, query="hello", **more):
    answer, seen = Answer(), []
    question = us.question(query, **more)
    asking = us.client.ask(question, run=us.mode in RUN_MODES, mode=us.mode, blocking=True)
    async with asking as events:
        async for event in events:
            answer.take(event)
            seen.append(event)
    return answer, seen


@pytest.mark.parametrize("kind", KINDS)
async def test_a_blocking_answer_is_that_of_a_stream(either, asker, kind):
    us = asker(either, kind)
    either.reply("One two", "One two")
    streamed = await us.ask()
    whole, seen = await blocked(us)
    assert (whole.text, whole.outcome) == (streamed.text, streamed.outcome) == ("One two", Outcome.COMPLETE)
    run = either.runs[1]
    assert whole.task_id == run.task_id
    assert whole.message_id == (run.message.id if run.message else "")
    assert whole.conversation_id == (run.conversation.id if run.conversation else "")
    assert whole.run_id == (run.id if kind == "workflow" else "")
    if kind == "workflow":
        assert (seen[-1].data.created_at, seen[-1].data.finished_at > 0) == (run.created_at, True)
    else:
        assert (seen[-1].mode, seen[-1].created_at) == (kind, run.message.created_at)
    path = {"completion": "POST /completion-messages", "workflow": "POST /workflows/run"}
    sent = either.journal.named(path.get(kind, "POST /chat-messages"))[1].args
    assert sent["response_mode"] == "blocking"


@pytest.mark.parametrize("kind", ["agent-chat", "agent"])
async def test_an_agent_is_never_asked_blocking(dify, asker, kind):
    us = asker(dify, kind)
    answer, _ = await blocked(us)
    assert answer.outcome is Outcome.COMPLETE
    assert dify.journal.named("POST /chat-messages")[0].args["response_mode"] == "streaming"


async def test_what_comes_with_the_answer_comes_here_as_well(dify, asker):
    us = asker(dify)
    dify.reply(Script(["One"], sources=[{"position": 1, "document_name": "a.pdf"}]))
    _, seen = await blocked(us)
    [end] = [event for event in seen if isinstance(event, MessageEnd)]
    assert end.told.retriever_resources[0].document_name == "a.pdf"
    assert end.told.usage.total_tokens > 0


@pytest.mark.parametrize("kind", ["chat", "advanced-chat", "completion"])
async def test_a_message_that_fails_is_refused(either, asker, kind):
    us = asker(either, kind)
    either.reply(["One ", Fail()])
    with pytest.raises(DifyRefused) as caught:
        await blocked(us)
    assert caught.value.status == 400
    assert caught.value.advice.retry
    assert caught.value.advice.sentence in {"model_failed", "dify_failed"}


async def test_a_workflow_that_fails_is_a_200_and_a_failure(either, asker):
    us = asker(either, "workflow")
    either.reply([Node(), Fail()])
    answer, _ = await blocked(us)
    assert (answer.text, answer.outcome) == ("", Outcome.FAILED)


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_a_run_that_pauses_brings_its_form(dify, asker, kind):
    us = asker(dify, kind)
    dify.reply(["Before. ", Pause()])
    answer, seen = await blocked(us)
    assert answer.outcome is Outcome.PAUSED
    assert answer.run_id == dify.runs[0].id
    [form] = [event.form for event in seen if isinstance(event, HumanInput)]
    assert form.form_token == dify.runs[0].form.token
    assert [button.id for button in form.buttons] == ["approve", "reject"]


async def test_refusals_are_those_of_a_stream(either, asker):
    us, gate = asker(either, max_active_requests=1), Gate()
    either.reply(Script(["Hi"], gate=gate))
    first = asyncio.create_task(us.ask())
    await either.started()
    with pytest.raises(DifyBusy):
        await blocked(us)
    gate.finish()
    conversation = (await first).conversation_id
    us.user = "slack:T1:U9"
    with pytest.raises(ConversationGone):
        await blocked(us, conversation_id=conversation)


@pytest.fixture
async def answered():
    """What comes of a blocking question that is replied to so, and the request that was made."""

    async def answered(reply):
        async with Replay(reply) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            answer, question = Answer(), Question("hi", "u", trace_id="t-1", session_id="s-1")
            try:
                async with DifyClient(server, "key").ask(question, run=False, blocking=True) as events:
                    async for event in events:
                        answer.take(event)
                return answer, dify.asked[0]
            finally:
                await server.aclose()

    return answered


@pytest.mark.parametrize("reply", [Reply.page(504), Reply.page(524), Reply(mute=True)])
async def test_what_a_proxy_no_longer_waits_for_is_lost_not_refused(answered, reply):
    with pytest.raises(DifyLost):
        await answered(reply)


async def test_a_web_page_of_200_is_no_answer(answered):
    answer, _ = await answered(Reply.page(200))
    assert (answer.text, answer.outcome) == ("", Outcome.LOST)


async def test_a_500_is_refused(answered):
    with pytest.raises(DifyError) as caught:
        await answered(Reply.page(500))
    assert not isinstance(caught.value, DifyLost)


async def test_the_trace_is_in_the_body(answered):
    _, asked = await answered(Reply.of({"answer": "Hi", "message_id": "m", "task_id": "t"}))
    assert (asked.json["trace_id"], asked.json["trace_session_id"]) == ("t-1", "s-1")


def test_a_blocking_answer_is_waited_for_longer_than_a_run_may_take():
    assert BLOCKING_SECONDS > 1200


@pytest.mark.parametrize("body", [None, [], "text", {}, {"answer": 7}, {"data": []}, {"event": "message"}])
def test_a_body_that_is_something_else_has_no_events(body):
    assert list(events_of(body)) == []
