"""Stopping, hanging up, re-attaching, forms, and the counts."""

import asyncio

import httpx
import pytest

from simulators.dify.script import Answer, Drop, Eof, Fail, Gate, Node, Pause, pieces

FULL = "one two three four"
CHATS = ("chat", "agent-chat", "completion")


def gated(dify, text=FULL):
    gate = Gate()
    dify.reply(Answer(pieces(text), gate=gate))
    return gate


async def text_reached(listening, text):
    said = ""
    while text not in said:
        event = await listening.next()
        said += event.get("answer") or event.get("data", {}).get("text", "") or ""
    return said


def stored(speaker):
    return next(iter(speaker.app.messages.values()))


@pytest.mark.parametrize("mode", ["chat", "agent-chat", "completion", "advanced-chat", "workflow"])
async def test_the_askers_stop_ends_the_stream_and_keeps_the_part(either, caller, mode):
    ann = await caller(either, mode)
    gate = gated(either)
    gate.allow(2)
    async with ann.stream() as listening:
        run = await either.started()
        await text_reached(listening, "two")
        assert (await ann.stop(run.task_id)).json() == {"result": "success"}
        last = (await listening.rest())[-1]
    ends_with_finish = mode == "workflow" or (mode == "advanced-chat" and either.version > "1")
    assert last["event"] == ("workflow_finished" if ends_with_finish else "message_end")
    assert run.status == "stopped"
    if mode != "workflow":
        lost = mode == "agent-chat" and either.version > "1"
        assert stored(ann).answer.strip() == ("" if lost else "one two")


@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_another_users_stop(either, caller, mode):
    ann, bob = await caller(either, mode), await caller(either, mode, user="bob")
    gate = gated(either)
    gate.allow(1)
    async with ann.stream() as listening:
        run = await either.started()
        await text_reached(listening, "one")
        assert (await bob.stop(run.task_id)).json() == {"result": "success"}
        gate.finish()
        names = [event["event"] for event in await listening.rest()]
    assert run.answer == FULL
    late = mode == "advanced-chat" and either.version > "1"  # it takes effect, but only at the end
    assert run.status == ("stopped" if late else "succeeded")
    assert ("message_end" in names) != late


async def test_stopping_what_does_not_run_is_a_success_but_not_on_the_wrong_route(either, caller):
    ann, flow = await caller(either), await caller(either, "workflow")
    await ann.ask()
    assert (await ann.stop(either.runs[0].task_id)).json() == {"result": "success"}
    assert (await ann.stop("nothing")).json() == {"result": "success"}
    wrong = await flow.post("/chat-messages/nothing/stop")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "not_chat_app")


@pytest.mark.parametrize("mode", [*CHATS, "advanced-chat"])
async def test_hanging_up_loses_the_answer_unless_the_run_is_detached(either, caller, mode):
    ann = await caller(either, mode)
    gate = gated(either)
    gate.allow(2)
    async with ann.stream() as listening:
        run = await either.started()
        await text_reached(listening, "two")
    await either.journal.wait(lambda: either.open_streams == 0)
    gate.finish()
    await either.ended()
    kept = mode == "advanced-chat" and either.version > "1"
    assert run.status == ("succeeded" if kept else "lost")
    assert (stored(ann).query, stored(ann).answer, stored(ann).status) == (
        "hello",
        FULL if kept else "",
        "normal",
    )


async def test_a_hang_up_before_the_first_token_leaves_an_empty_message(either, caller):
    ann = await caller(either)
    gated(either)
    with pytest.raises(httpx.ReadTimeout):  # not even headers come before the first token
        await ann.client.post(
            "/chat-messages",
            json={"user": "ann", "inputs": {}, "query": "hello", "response_mode": "streaming"},
            headers=ann.headers,
            timeout=0.2,
        )
    run = await either.ended()
    assert run.status == "lost"
    listing = await ann.get("/messages", conversation_id=run.conversation.id)
    assert [row["answer"] for row in listing.json()["data"]] == [""]


async def test_a_form_pauses_the_run_until_somebody_answers_it_once(dify, caller):
    ann, bob = await caller(dify, "advanced-chat"), await caller(dify, "advanced-chat", user="bob")

    def script(run):
        def steps():
            yield "Draft. "
            yield Pause()
            yield f"Said {run.form.action} by {run.form.by}: {run.form.inputs['note']}"

        return Answer(steps())

    dify.reply(script)
    events = await ann.ask()
    paused, asked = events[-1], events[-2]
    assert (paused["event"], asked["event"]) == ("workflow_paused", "human_input_required")
    assert paused["data"]["reasons"][0]["form_token"] == asked["data"]["form_token"]
    run_id, path = paused["workflow_run_id"], f"/form/human_input/{asked['data']['form_token']}"
    row = (await ann.get("/messages", conversation_id=paused["conversation_id"])).json()["data"][0]
    assert (row["status"], row["extra_contents"][0]["workflow_run_id"]) == ("paused", run_id)
    shown = (await bob.get(path)).json()
    assert [action["id"] for action in shown["user_actions"]] == ["approve", "reject"]
    bad = await bob.post(path, inputs={"note": "x"}, action="explode")
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_form_data")
    async with ann.attach(run_id) as listening:
        assert (await bob.post(path, inputs={"note": "fine"}, action="approve")).json() == {}
        rest = await listening.rest()
    assert rest[1]["data"]["reason"] == "resumption"
    assert "Said approve by bob: fine" in [event.get("answer") for event in rest]
    assert rest[-1]["data"]["status"] == "succeeded"
    again = await bob.post(path, inputs={"note": "x"}, action="reject")
    assert (again.status_code, again.json()["code"]) == (412, "human_input_form_submitted")


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_a_paused_run_hears_of_a_stop_when_its_form_is_answered(dify, caller, kind):
    ann = await caller(dify, kind)
    dify.reply(["Draft. ", Pause(inputs=(), content="Well?"), "Never said."])
    paused = (await ann.ask())[-1]
    stop = "/workflows/tasks" if kind == "workflow" else "/chat-messages"
    assert (await ann.post(f"{stop}/{paused['task_id']}/stop")).json() == {"result": "success"}
    assert dify.runs[0].status == "paused"
    token = paused["data"]["reasons"][0]["form_token"]
    assert (await ann.get(f"/form/human_input/{token}")).status_code == 200
    await ann.post(f"/form/human_input/{token}", inputs={}, action="approve")
    run = await dify.ended()
    assert (run.status, run.answer) == ("stopped", "Draft. ")


async def test_forms_expire_and_unknown_ones_are_404(dify, caller):
    ann = await caller(dify, "workflow")
    dify.reply([Node(), Pause(seconds=-1)])
    paused = (await ann.ask())[-1]
    token = paused["data"]["reasons"][0]["form_token"]
    expired = await ann.get(f"/form/human_input/{token}")
    assert (expired.status_code, expired.json()["code"]) == (412, "human_input_form_expired")
    assert (await ann.get("/form/human_input/nothing")).status_code == 404


async def test_blocking_returns_a_pause_and_a_failure(dify, caller):
    flow, chat, workflow = [await caller(dify, mode) for mode in ("advanced-chat", "chat", "workflow")]
    dify.reply([Pause()], [Pause()], [Fail("boom")], [Fail("boom")], [Fail("boom")])
    assert (await flow.block()).json()["event"] == "workflow_paused"
    assert (await workflow.block()).json()["data"]["status"] == "paused"
    failed = await flow.block()
    assert (failed.status_code, failed.json()["message"]) == (400, "Run failed: boom")
    assert (await chat.block()).json()["code"] == "completion_request_error"
    whole = await workflow.block()
    assert (whole.status_code, whole.json()["data"]["status"]) == (200, "failed")


@pytest.mark.parametrize("cut", [Drop(), Eof()])
async def test_a_lost_connection_loses_a_chats_answer_but_not_a_chatflows(dify, caller, cut):
    for mode, answer in (("chat", ""), ("advanced-chat", "one two")):
        ann = await caller(dify, mode)
        dify.reply(["one ", cut, "two"])
        if isinstance(cut, Drop):
            with pytest.raises(httpx.RemoteProtocolError):
                await ann.ask()
        else:
            assert "message_end" not in [event["event"] for event in await ann.ask()]
        await dify.ended(len(dify.runs))
        assert stored(ann).answer == answer


async def test_no_free_worker_is_one_ping_and_a_clean_end(dify, caller):
    ann = await caller(dify, "advanced-chat")
    dify.reply(Answer([Eof(), *pieces(FULL)], begins=False))
    assert await ann.ask() == [{"event": "ping"}]
    await dify.ended()
    assert stored(ann).answer == FULL  # it ran later, and nobody told the client


async def test_the_peaks_of_streams_and_runs_are_counted(dify, caller):
    ann = await caller(dify)
    gates = [gated(dify) for _ in range(3)]
    asks = [asyncio.create_task(ann.ask()) for _ in gates]
    await dify.started(3)
    assert dify.stats == {"open_streams": 3, "most_streams": 3, "open_runs": 3, "most_runs": 3}
    for gate in gates:
        gate.finish()
    await asyncio.gather(*asks)
    await dify.journal.wait(lambda: dify.open_streams == 0 == dify.open_runs)
    assert dify.stats["most_streams"] == dify.stats["most_runs"] == 3


async def test_a_full_worker_lets_even_a_stop_call_hang(caller, dify):
    ann = await caller(dify)
    gate = gated(dify)
    dify.limit_connections(1)
    asking = asyncio.create_task(ann.ask())
    run = await dify.started()
    stopping = asyncio.create_task(ann.stop(run.task_id))
    await dify.journal.wait(lambda: dify.waiting == 1)
    assert dify.journal.named("POST /chat-messages/{task_id}/stop") == []
    gate.finish()
    await asyncio.gather(asking, stopping)
    assert run.status == "succeeded"  # the stop was served when nothing was left to stop


async def test_the_apps_own_limit_is_a_400(either, caller):
    ann = await caller(either, max_active_requests=1)
    gate = gated(either)
    asking = asyncio.create_task(ann.ask())
    await either.started()
    refused = await ann.block()
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert refused.json()["message"].startswith("Too many requests. Please try again later.")
    gate.finish()
    await asking
    assert (await ann.block()).status_code == 200


async def test_stopping_the_simulator_ends_open_streams(dify, caller):
    ann = await caller(dify)
    gate = gated(dify)
    gate.allow(1)
    async with ann.stream() as listening:
        await text_reached(listening, "one")
        await dify.stop()
        assert dify.open_runs == 0
