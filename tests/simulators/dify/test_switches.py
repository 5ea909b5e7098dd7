"""The demo's switches (fail, drop, pace), the journal, and several servers at once."""

import asyncio
import time

import httpx
import pytest

from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Gate


def names(events):
    return [event["event"] for event in events]


@pytest.mark.parametrize("mode", ["chat", "workflow"])
async def test_the_switches_of_the_demo_hit_once(dify, caller, mode):
    ann = await caller(dify, mode)
    dify.fail_next = True
    failed = await ann.ask("a b c d e")
    assert failed[-1]["event"] == ("error" if mode == "chat" else "workflow_finished")
    assert dify.runs[0].pieces == 3
    dify.drop_next = True
    with pytest.raises(httpx.RemoteProtocolError):
        await ann.ask("a b c d e")
    assert names(await ann.ask())[-1] in {"message_end", "workflow_finished"}
    assert (dify.fail_next, dify.drop_next) == (False, False)


async def test_short_answers_are_hit_at_their_end(dify, caller):
    ann = await caller(dify)
    dify.reply("one")
    dify.fail_next = True
    assert names(await ann.ask()) == ["message", "message", "error"]


async def test_the_pace_is_kept_and_can_change_while_a_run_waits(dify, caller):
    ann = await caller(dify)
    dify.pace = 50
    begun = time.monotonic()
    await ann.ask("one two three")  # with the echo's words: 10 pieces
    assert time.monotonic() - begun > 9 / 50
    dify.pace = 0.01  # 100 s per piece
    asking = asyncio.create_task(ann.ask())
    await dify.started(2)
    dify.pace = None
    assert names(await asking)[-1] == "message_end"


async def test_stop_lag_lets_some_more_text_through(dify, caller):
    ann = await caller(dify)
    dify.pace, dify.stop_lag = 200, 0.05
    async with ann.stream("word " * 400) as listening:
        run = await dify.started()
        await listening.next()
        before = run.pieces
        await ann.stop(run.task_id)
        await listening.rest()
    assert before < run.pieces < 400
    assert run.status == "stopped"


async def test_every_request_is_in_the_journal_with_what_was_sent(dify, caller):
    ann = await caller(dify)
    end = (await ann.ask("hello"))[-1]
    await ann.get("/messages", conversation_id=end["conversation_id"])
    await ann.stop("task-1")
    await ann.client.get("/nope?x=1")
    asked, listed, stopped, lost = dify.journal.calls
    assert (asked.method, asked.args["user"], asked.args["query"]) == ("POST /chat-messages", "ann", "hello")
    assert listed.args == {"user": "ann", "conversation_id": end["conversation_id"]}
    assert (stopped.method, stopped.args) == (
        "POST /chat-messages/{task_id}/stop",
        {"user": "ann", "task_id": "task-1"},
    )
    assert (lost.method, lost.status, lost.args) == ("GET /v1/nope", 404, {"x": "1"})


async def test_a_stream_is_in_the_journal_as_soon_as_it_starts(dify, caller):
    ann = await caller(dify)
    gate = Gate()
    dify.reply(Answer(["one"], gate=gate))
    asking = asyncio.create_task(ann.ask())
    await dify.journal.wait(lambda: dify.journal.named("POST /chat-messages"))
    assert not asking.done()
    gate.finish()
    await asking


async def test_two_simulators_live_side_by_side():
    async with DifySimulator() as one, DifySimulator("0.15.8") as other:
        assert one.base_url != other.base_url
        assert one.base_url.startswith("http://127.0.0.1:")
