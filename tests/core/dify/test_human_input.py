"""A run that waits for a person: its form, the answer to it, and the rest of the run."""

import json

import pytest

from core.answer import Answer, Outcome
from core.dify.client import DifyClient, Question
from core.dify.events import HumanInput, WorkflowPaused
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyRefused
from simulators.dify.script import Node, Pause
from tests.core.dify.replay import Replay, Reply

KINDS = ("advanced-chat", "workflow")
STEPS = ["Before. ", Node(), Pause(), "Approved."]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def told(stream, answer=None):
    """All events of a stream, and the answer that they make."""
    answer, seen = answer or Answer(), []
    async with stream as events:
        async for event in events:
            answer.take(event)
            seen.append(event)
    return answer, seen


async def paused(dify, us, steps=STEPS):
    dify.reply(list(steps))
    return await told(us.asking("go"))


def first(seen, kind):
    return next(event for event in seen if isinstance(event, kind))


@pytest.mark.parametrize("kind", KINDS)
async def test_the_event_the_pause_and_the_endpoint_tell_the_same_form(dify, asker, kind):
    us = asker(dify, kind)
    answer, seen = await paused(dify, us)
    assert answer.outcome is Outcome.PAUSED
    asked = first(seen, HumanInput).form
    [waited] = first(seen, WorkflowPaused).pause.forms
    fetched = await us.client.api.human_input.form(asked.form_token)
    for form in (asked, waited, fetched):
        assert form.text == "Please **approve** this."
        assert [(button.id, button.title, button.button_style) for button in form.buttons] == [
            ("approve", "Approve", "primary"),
            ("reject", "Reject", "default"),
        ]
        assert [(field.output_variable_name, field.type) for field in form.inputs] == [("note", "paragraph")]
        assert form.defaults == {"note": ""}
        assert form.expiration_time == asked.expiration_time > 1_700_000_000
    assert waited.form_token == asked.form_token == dify.runs[0].form.token
    assert asked.node_title == "Approval"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answered_form_lets_the_run_go_on_in_the_stream_of_its_events(dify, asker, kind):
    us = asker(dify, kind)
    answer, seen = await paused(dify, us)
    token = first(seen, HumanInput).form.form_token
    async with us.client.attach(answer.run_id, us.user) as events:
        await us.client.api.human_input.submit(token, {"note": "fine"}, "approve", "slack:T1:U9")
        rest = Answer()
        async for event in events:
            rest.take(event)
    assert rest.outcome is Outcome.COMPLETE
    assert "Approved." in rest.text
    form = dify.runs[0].form
    assert (form.inputs, form.action, form.by) == ({"note": "fine"}, "approve", "slack:T1:U9")


async def test_a_form_is_answered_only_once_and_in_time(dify, asker):
    us = asker(dify, "advanced-chat")
    _, seen = await paused(dify, us)
    api = us.client.api.human_input
    token = first(seen, HumanInput).form.form_token
    await api.submit(token, {"note": ""}, "reject", us.user)
    for call in (api.submit(token, {"note": ""}, "approve", us.user), api.form(token)):
        with pytest.raises(DifyRefused) as caught:
            await call
        assert (caught.value.code, caught.value.advice.sentence) == (
            "human_input_form_submitted",
            "form_closed",
        )
    _, seen = await paused(dify, us, [Pause(seconds=-1)])
    with pytest.raises(DifyRefused) as caught:
        await api.submit(first(seen, HumanInput).form.form_token, {"note": ""}, "approve", us.user)
    assert caught.value.advice.sentence == "form_expired"


async def test_a_form_that_is_answered_wrongly_stays_open(dify, asker):
    us = asker(dify, "advanced-chat")
    _, seen = await paused(dify, us)
    api = us.client.api.human_input
    token = first(seen, HumanInput).form.form_token
    for inputs, action in (({"note": "x"}, "perhaps"), ({}, "approve")):
        with pytest.raises(DifyRefused) as caught:
            await api.submit(token, inputs, action, us.user)
        assert (caught.value.code, caught.value.advice.sentence) == ("invalid_form_data", "form_incomplete")
    await api.submit(token, {"note": "x"}, "approve", us.user)
    with pytest.raises(DifyRefused) as caught:
        await api.form("no-such-token")
    assert caught.value.status == 404


async def test_a_form_without_a_token_can_only_be_answered_elsewhere(dify, asker):
    us = asker(dify, "advanced-chat")
    _, seen = await paused(dify, us, [Pause(with_token=False)])
    assert first(seen, HumanInput).form.form_token is None
    assert first(seen, HumanInput).form.approval_channels == ("console",)


async def test_the_snapshot_of_a_paused_run_repeats_its_form_and_ends(dify, asker):
    us = asker(dify, "advanced-chat")
    answer, _ = await paused(dify, us)
    again, seen = await told(us.client.attach(answer.run_id, us.user, snapshot=True))
    assert again.outcome is Outcome.PAUSED
    assert first(seen, HumanInput).form.form_token == dify.runs[0].form.token
    assert seen[-1].event == "workflow_paused"


async def test_past_pauses_the_stream_has_to_be_left_at_the_end(dify, asker):
    us = asker(dify, "advanced-chat")
    answer, seen = await paused(dify, us)
    token, rest = first(seen, HumanInput).form.form_token, Answer()
    async with us.client.attach(answer.run_id, us.user, past_pauses=True) as events:
        await us.client.api.human_input.submit(token, {"note": ""}, "approve", us.user)
        while not (rest.decided and seen[-1].event == "workflow_finished"):
            seen.append(await anext(events))
            rest.take(seen[-1])
    assert rest.outcome is Outcome.COMPLETE
    assert dify.journal.named("GET /workflow/{workflow_run_id}/events")[0].args["continue_on_pause"] == "true"


async def test_an_old_server_has_no_forms(either, asker):
    api = asker(either, "workflow").client.api.human_input
    for call in (api.form(UNKNOWN), api.submit(UNKNOWN, {}, "approve", "u")):
        with pytest.raises(DifyRefused) as caught:
            await call
        assert caught.value.code == ("too_old" if either.version < "1" else "not_found")


# A run may ask two people at once, in branches side by side: the stream names both forms, then it ends. One
# is shown at a time. Once that is answered the run goes on and pauses again for the other.

IDS = {"task_id": "t", "workflow_run_id": "r", "message_id": "m", "conversation_id": "c"}
BOTH = [{"form_id": name, "form_token": f"token-{name}", "node_id": name} for name in ("first", "second")]


def of(name, data):
    return {"event": name, **IDS, "data": data}


def pause(*forms):
    reasons = [{"TYPE": "human_input_required", **form} for form in forms]
    return {"status": "paused", "workflow_run_id": "r", "reasons": reasons}


@pytest.fixture
async def two_forms():
    """What a client makes of a question whose run goes so, and of listening to it again."""

    async def two_forms(*streams, blocking=False):
        bodies = ["".join(f"data: {json.dumps(event)}\n\n" for event in stream) for stream in streams]
        replies = [Reply.stream(body.encode()) for body in bodies]
        async with Replay(*([Reply.of(streams[0][0])] if blocking else replies)) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            client = DifyClient(server, "key")
            try:
                question = Question("go", "u")
                asking = client.ask(question, run=True, mode="advanced-chat", blocking=blocking)
                again = [client.attach("r", "u") for _ in replies[1:]]
                answers = [(await told(stream))[0] for stream in (asking, *again)]
            finally:
                await server.aclose()
            return [(answer.outcome, answer.form and answer.form.form_token) for answer in answers]

    return two_forms


def asks(*forms):
    return [*(of("human_input_required", form) for form in forms), of("workflow_paused", pause(*forms))]


def filled(form):
    return of("human_input_form_filled", {"node_id": form["node_id"], "action_id": "approve"})


@pytest.mark.parametrize("answered", [0, 1])
async def test_of_two_forms_one_is_asked_after_the_other_whichever_is_answered_first(two_forms, answered):
    now, left = BOTH[answered], BOTH[1 - answered]
    rest = [filled(left), of("workflow_finished", {"status": "succeeded"}), {"event": "message_end", **IDS}]
    found = await two_forms(asks(*BOTH), [filled(now), *asks(left)], rest)
    assert found == [
        (Outcome.PAUSED, "token-first"),
        (Outcome.PAUSED, left["form_token"]),
        (Outcome.COMPLETE, None),
    ]


async def test_of_two_forms_the_other_is_still_asked_where_its_event_is_not_repeated(two_forms):
    again = [filled(BOTH[0]), of("workflow_paused", pause(BOTH[1]))]
    assert (await two_forms(asks(*BOTH), again))[1] == (Outcome.PAUSED, "token-second")


async def test_of_two_forms_a_blocking_reply_asks_the_first_too(two_forms):
    body = {"event": "workflow_paused", **IDS, "answer": "", "data": pause(*BOTH)}
    assert await two_forms([body], blocking=True) == [(Outcome.PAUSED, "token-first")]
