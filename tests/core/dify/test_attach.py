"""Listening again to a run that goes on: what still comes, and how the server itself may break it off."""

import pytest

from core.answer import Answer, Outcome
from core.dify.client import CHAT_SILENCE_SECONDS, RUN_SILENCE_SECONDS
from core.errors import ConversationGone, DifyLost, DifyRefused
from simulators.dify.script import Answer as Script
from simulators.dify.script import Gate, pieces

FLOWS = ("advanced-chat", "workflow")
FULL = "one two three four five six"


async def left(dify, us):
    """A run that stands still after "one two ", and that we have left."""
    gate, answer = Gate(), Answer()
    dify.reply(Script(pieces(FULL), gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        while answer.text != "one two ":
            answer.take(await anext(events))
    await dify.journal.wait(lambda: dify.open_streams == 0)
    return answer, gate


async def noticed(dify, gate):
    gate.allow(2)
    await dify.journal.wait(lambda: dify.unnoticed == 0)


async def take_all(answer, events):
    async for event in events:
        answer.take(event)


async def heard(us, run_id, answer=None):
    answer = answer or Answer()
    async with us.client.attach(run_id, us.user) as events:
        async for event in events:
            answer.take(event)
    return answer


@pytest.mark.parametrize("kind", FLOWS)
async def test_the_rest_comes_without_the_text_of_the_gap(dify, asker, kind):
    us, rest = asker(dify, kind), Answer()
    answer, gate = await left(dify, us)
    await noticed(dify, gate)
    async with us.client.attach(answer.run_id, us.user) as events:
        gate.finish()
        async for event in events:
            rest.take(event)
    told = FULL if kind == "workflow" else "five six"  # the finish of a workflow tells its outputs whole
    assert (rest.text, rest.outcome) == (told, Outcome.COMPLETE)
    assert rest.run_id == answer.run_id
    assert (await us.client.run_state(answer.run_id)).text == FULL
    [call] = dify.journal.named("GET /workflow/{workflow_run_id}/events")
    assert call.args == {"user": us.user, "workflow_run_id": answer.run_id}


async def test_of_a_run_that_has_ended_its_end_comes(dify, asker):
    us = asker(dify, "advanced-chat")
    answer = await us.ask("hello")
    again = await heard(us, answer.run_id)
    assert (again.text, again.outcome) == (answer.text, Outcome.COMPLETE)


@pytest.mark.parametrize("kind", FLOWS)
async def test_listening_before_the_server_noticed_the_cut_is_lost(dify, asker, kind):
    us, rest = asker(dify, kind), Answer()
    answer, gate = await left(dify, us)
    async with us.client.attach(answer.run_id, us.user) as events:
        gate.finish()
        with pytest.raises(DifyLost):
            await take_all(rest, events)
    assert rest.outcome is Outcome.LOST
    await dify.ended()
    assert (await heard(us, answer.run_id)).outcome is Outcome.COMPLETE


async def test_leaving_again_does_not_lose_the_answer(dify, asker):
    us = asker(dify, "workflow")
    answer, gate = await left(dify, us)
    await noticed(dify, gate)
    async with us.client.attach(answer.run_id, us.user):
        pass
    gate.finish()
    await dify.ended()
    assert (await us.client.run_state(answer.run_id)).text == FULL


@pytest.mark.parametrize("kind", FLOWS)
async def test_another_user_and_an_unknown_run_are_refused(dify, asker, kind):
    us = asker(dify, kind)
    answer = await us.ask()
    for run_id, user in [(answer.run_id, "bob"), ("00000000-0000-4000-8000-000000000000", us.user)]:
        with pytest.raises(DifyRefused) as caught:
            async with us.client.attach(run_id, user):
                pass
        assert caught.value.status == 404
        assert not isinstance(caught.value, ConversationGone)


async def test_an_old_server_has_nothing_to_listen_to(either, asker):
    us = asker(either, "workflow")
    answer = await us.ask()
    if either.version > "1":
        assert (await heard(us, answer.run_id)).decided
        return
    with pytest.raises(DifyRefused) as caught:
        await heard(us, answer.run_id)
    assert caught.value.status == 404


async def test_how_long_a_silence_may_last(dify, asker):
    waits = []

    async def look(request):
        waits.append(request.extensions["timeout"]["read"])

    answers = {}
    for kind in ("completion", "workflow", "advanced-chat"):
        us = asker(dify, kind)
        us.server.runs_client.event_hooks = {"request": [look]}
        answers[kind] = await us.ask()
    await heard(us, answers["advanced-chat"].run_id)
    assert waits == [CHAT_SILENCE_SECONDS, *[RUN_SILENCE_SECONDS] * 3]
