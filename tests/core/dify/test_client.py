"""Questions, stops and ratings over real sockets: what Dify received and what we made of its replies."""

import asyncio
import socket

import pytest

from core.answer import Answer, Outcome
from core.dify.client import CHAT_SILENCE_SECONDS, RUN_SILENCE_SECONDS, DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.errors import ConversationGone, DifyBusy, DifyError, DifyLost, DifyRefused, DifyUnreachable
from simulators.dify.script import Answer as Script
from simulators.dify.script import Drop, Eof, Fail, Gate, Raw, Refuse, pieces

KINDS = ("chat", "agent-chat", "advanced-chat")
HTML = "<html><h1>502 Bad Gateway</h1>secret-host.internal</html>"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_question_is_answered_and_the_next_one_remembers(either, asker, kind):
    us = asker(either, kind)
    first = await us.ask("What is up?", inputs={"name": "Ann"})
    assert first.text == "You said: What is up? (turn 1 of this conversation)"
    assert first.outcome is Outcome.COMPLETE
    run = either.runs[0]
    assert (first.task_id, first.message_id) == (run.task_id, run.message.id)
    assert first.conversation_id == run.conversation.id
    second = await us.ask("And now?", conversation_id=first.conversation_id)
    assert second.text == "You said: And now? (turn 2 of this conversation)"
    assert second.conversation_id == first.conversation_id
    assert us.client.server_version == either.version
    sent = either.journal.named("POST /chat-messages")[0].args
    assert sent == {
        "query": "What is up?",
        "user": us.user,
        "inputs": {"name": "Ann"},
        "conversation_id": "",
        "response_mode": "streaming",
        "auto_generate_name": False,
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_the_text_before_a_failure_is_kept(either, asker, kind):
    us = asker(either, kind)
    either.reply(["One ", "two ", Fail()])
    answer = await us.ask()
    assert (answer.text, answer.outcome) == ("One two ", Outcome.FAILED)


async def test_events_arrive_while_the_answer_is_still_being_made(dify, asker):
    us, gate = asker(dify), Gate()
    dify.reply(Script(["One ", "two"], gate=gate))
    answer = Answer()
    gate.allow(1)
    async with us.asking() as events:
        while not answer.text:
            answer.take(await anext(events))
        assert answer.text == "One "
        assert answer.identified
        gate.finish()
        async for event in events:
            answer.take(event)
    assert answer.text == "One two"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_conversation_that_is_gone_says_so(either, asker, kind):
    us = asker(either, kind)
    first = await us.ask()
    us.user = "slack:T1:U2"
    with pytest.raises(ConversationGone) as caught:
        await us.ask(conversation_id=first.conversation_id)
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert len(either.runs) == 1


async def test_a_404_that_is_no_envelope_of_dify_is_not_a_lost_conversation(dify, asker):
    us = asker(dify)
    first = await us.ask()
    dify.reply(Refuse(404, html=HTML))
    with pytest.raises(DifyRefused) as caught:
        await us.ask(conversation_id=first.conversation_id)
    assert not isinstance(caught.value, ConversationGone)


async def test_a_404_without_a_conversation_of_ours_is_a_refusal(dify, asker):
    us = asker(dify)
    dify.reply(Refuse(404, "not_found", "Workflow not found"))
    with pytest.raises(DifyRefused) as caught:
        await us.ask()
    assert not isinstance(caught.value, ConversationGone)


async def test_a_full_app_is_busy_and_nothing_has_begun(either, asker):
    us, gate = asker(either, max_active_requests=1), Gate()
    either.reply(Script(["Hi"], gate=gate))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(us.ask())
        await either.started()
        with pytest.raises(DifyBusy) as caught:
            await us.ask()
        assert caught.value.advice.retry
        assert len(either.runs) == 1
        gate.finish()
    assert first.result().text == "Hi"


async def test_a_429_is_busy_but_a_used_up_quota_is_not(dify, asker):
    us = asker(dify)
    dify.reply(Refuse(429, "too_many_requests"), Refuse(429, "rate_limit_error"))
    with pytest.raises(DifyBusy):
        await us.ask()
    with pytest.raises(DifyRefused) as caught:
        await us.ask()
    assert (caught.value.advice.sentence, caught.value.advice.retry) == ("quota_exceeded", False)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_a_refused_connection_is_unreachable():
    server = DifyServer(f"http://127.0.0.1:{closed_port()}", StreamLimits())
    client = DifyClient(server, "app-x")
    with pytest.raises(DifyUnreachable):
        async with client.ask(Question("hi", "u"), run=False):
            pass
    with pytest.raises(DifyUnreachable):
        await client.info()
    with pytest.raises(DifyUnreachable):
        await client.stop("task", "u")
    assert client.server_version == ""
    await server.aclose()


async def test_a_connection_that_is_dropped_before_the_reply_is_lost_not_unreachable(dify, asker):
    us = asker(dify)
    dify.reply([Drop()])
    with pytest.raises(DifyLost):
        async with us.asking():
            pass
    assert len(dify.runs) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_is_dropped_is_lost_and_its_text_was_given(either, asker, kind):
    us, answer, gate = asker(either, kind), Answer(), Gate()
    either.reply(Script(["One ", "two ", Drop()], gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        while answer.text != "One two ":
            answer.take(await anext(events))
        gate.finish()
        with pytest.raises(DifyLost):
            await anext(events)
    assert (answer.text, answer.outcome) == ("One two ", Outcome.LOST)


async def test_a_clean_end_without_a_verdict_ends_the_events(either, asker):
    us = asker(either)
    either.reply(["One ", Eof()])
    answer = await us.ask()
    assert (answer.text, answer.outcome) == ("One ", Outcome.LOST)


async def test_broken_events_are_counted_and_skipped(dify, asker):
    us = asker(dify)
    dify.reply(["One ", Raw(b"data: {broken\n\n"), Raw(b": comment\n\n"), Raw(b"data: 7\r\n\r\n"), "two"])
    answer = await us.ask()
    assert (answer.text, answer.malformed, answer.outcome) == ("One two", 2, Outcome.COMPLETE)


@pytest.mark.parametrize("status", [413, 502, 503])
async def test_a_page_of_a_proxy_is_a_refusal_that_repeats_nothing_of_it(dify, asker, status):
    us = asker(dify)
    dify.reply(Refuse(status, html=HTML))
    with pytest.raises(DifyRefused) as caught:
        await us.ask()
    assert (caught.value.status, caught.value.code) == (status, f"http_{status}")
    assert caught.value.advice.retry is (status >= 500)
    assert "secret-host" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("status", [408, 504, 522, 524])
async def test_a_proxy_that_waits_no_longer_says_nothing_of_the_answer(dify, asker, status):
    us = asker(dify)
    dify.reply(Refuse(status, html=HTML), Refuse(status, html="no healthy upstream"))
    with pytest.raises(DifyLost):
        await us.ask()
    with pytest.raises(DifyUnreachable if status == 504 else DifyLost):
        await us.ask()


async def test_a_wrong_key_is_said_to_the_operator_without_the_key(either, asker):
    us = asker(either, key="app-wrong")
    for call in (us.ask(), us.client.info(), us.client.stop("t", "u"), us.client.rate("m", "u", "like")):
        with pytest.raises(DifyRefused) as caught:
            await call
        assert (caught.value.status, caught.value.code) == (401, "unauthorized")
        assert "api_key" in caught.value.advice.hint
        assert "app-wrong" not in f"{caught.value}"


async def test_a_refusals_own_words_are_not_repeated(dify, asker):
    us = asker(dify)
    dify.reply(Refuse(400, "invalid_param", "the prompt of Ann at 10.0.0.1"))
    with pytest.raises(DifyError) as caught:
        await us.ask()
    assert "Ann" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("kind", KINDS)
async def test_stop_ends_the_stream_and_names_the_user_that_asked(either, asker, kind):
    us, gate, answer = asker(either, kind), Gate(), Answer()
    either.reply(Script(pieces("The quick brown fox"), gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        while answer.text != "The quick ":
            answer.take(await anext(events))
        await us.client.stop(answer.task_id, us.user)
        async for event in events:
            answer.take(event)
    assert answer.text == "The quick "
    assert answer.outcome is (Outcome.STOPPED if kind == "advanced-chat" else Outcome.COMPLETE)
    assert either.runs[0].status == "stopped"
    [stop] = either.journal.named("POST /chat-messages/{task_id}/stop")
    assert stop.args == {"user": us.user, "task_id": answer.task_id}


async def test_a_stop_that_dify_does_not_obey_is_no_error(either, asker):
    us = asker(either)
    await us.client.stop("00000000-0000-4000-8000-000000000000", "somebody else")


async def test_ratings_go_to_the_message_with_the_user_that_asked(either, asker):
    us = asker(either)
    answer = await us.ask()
    message = either.runs[0].message
    for rating in ("like", "dislike", "dislike"):
        await us.client.rate(answer.message_id, us.user, rating)
        assert message.feedback["rating"] == rating
    await us.client.rate(answer.message_id, us.user, None)
    assert message.feedback is None
    await us.client.rate(answer.message_id, us.user, None)  # none is left: done already
    statuses = [call.status for call in either.journal.named("POST /messages/{message_id}/feedbacks")]
    assert statuses == [200, 200, 200, 200, 400]


async def test_a_rating_by_somebody_else_is_refused(either, asker):
    us = asker(either)
    answer = await us.ask()
    for rating in ("like", None):
        with pytest.raises(DifyRefused) as caught:
            await us.client.rate(answer.message_id, "slack:T1:U9", rating)
        assert caught.value.status == 404


async def test_how_long_a_silence_may_last_depends_on_the_kind(dify, asker):
    us, waits = asker(dify), []

    async def look(request):
        waits.append((request.extensions["timeout"]["read"], request.headers["x-trace-id"]))

    us.server.runs_client.event_hooks = {"request": [look]}
    for run in (False, True):
        async with us.client.ask(us.question(trace_id="parley-7"), run=run) as events:
            async for _ in events:
                pass
    assert waits == [(CHAT_SILENCE_SECONDS, "parley-7"), (RUN_SILENCE_SECONDS, "parley-7")]
    assert RUN_SILENCE_SECONDS > 310  # a queued run is silent for 300 s (dify-live.md 3.20)
    assert CHAT_SILENCE_SECONDS > 30  # pings come every 10 s


async def test_leaving_early_closes_the_connection(dify, asker):
    us, gate = asker(dify), Gate()
    dify.reply(Script(pieces("a b c"), gate=gate))
    gate.allow(1)
    async with us.asking() as events:
        await anext(events)
    await dify.journal.wait(lambda: dify.open_streams == 0)
    assert dify.most_streams == 1
