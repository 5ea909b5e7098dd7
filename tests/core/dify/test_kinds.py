"""Completion and workflow apps asked and stopped: what Dify received, and what became of the answer."""

import pytest

from core.answer import Answer, Outcome
from core.dify.questions import CHAT_MODES, Question, ask_body, ask_path, stop_path
from core.errors import DifyLost, DifyRefused
from simulators.dify.script import Answer as Script
from simulators.dify.script import Drop, Fail, Gate, pieces

KINDS = ("completion", "workflow")
PATHS = {"completion": "POST /completion-messages", "workflow": "POST /workflows/run"}
STOPS = {
    "completion": "POST /completion-messages/{task_id}/stop",
    "workflow": "POST /workflows/tasks/{task_id}/stop",
}
FORM = [{"paragraph": {"variable": "topic", "required": True}}]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_question_goes_into_its_variable(either, asker, kind):
    us = asker(either, kind, input_form=FORM)
    answer = await us.ask("cats", query_input="topic", inputs={"lang": "en", "topic": "dogs"})
    assert answer.text == "You said: lang: en, topic: cats"
    assert answer.outcome is Outcome.COMPLETE
    run = either.runs[0]
    assert answer.task_id == run.task_id
    assert answer.conversation_id == ""
    assert answer.message_id == (run.message.id if kind == "completion" else "")
    assert answer.run_id == (run.id if kind == "workflow" else "")
    assert answer.identified
    [sent] = either.journal.named(PATHS[kind])
    assert sent.args == {
        "inputs": {"lang": "en", "topic": "cats"},
        "user": us.user,
        "response_mode": "streaming",
    }


async def test_a_completion_app_without_a_form_is_asked_as_query(either, asker):
    answer = await asker(either, "completion").ask("cats")
    assert answer.text == "You said: query: cats"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_form_that_is_not_filled_in_is_refused_or_fails(either, asker, kind):
    us = asker(either, kind, input_form=FORM)
    if kind == "workflow" and either.version > "1":
        assert (await us.ask("cats", query_input="other")).outcome is Outcome.FAILED
    else:
        with pytest.raises(DifyRefused) as caught:
            await us.ask("cats", query_input="other")
        assert caught.value.code == "invalid_param"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_text_before_a_failure_is_kept(either, asker, kind):
    us = asker(either, kind)
    either.reply(["One ", "two ", Fail()])
    answer = await us.ask()
    assert (answer.text, answer.outcome) == ("One two ", Outcome.FAILED)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stop_goes_where_the_kind_has_it(either, asker, kind):
    us, gate, answer = asker(either, kind), Gate(), Answer()
    either.reply(Script(pieces("The quick brown fox"), gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        while answer.text != "The quick ":
            answer.take(await anext(events))
        await us.client.stop(answer.task_id, us.user, mode=kind)
        async for event in events:
            answer.take(event)
    assert answer.text == "The quick "
    assert answer.outcome is (Outcome.STOPPED if kind == "workflow" else Outcome.COMPLETE)
    assert either.runs[0].status == "stopped"
    [stop] = either.journal.named(STOPS[kind])
    assert stop.args == {"user": us.user, "task_id": answer.task_id}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_is_dropped_is_lost(either, asker, kind):
    us, answer, gate = asker(either, kind), Answer(), Gate()
    either.reply(Script(["One ", "two ", Drop()], gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        while answer.text != "One two ":
            answer.take(await anext(events))
        gate.finish()
        with pytest.raises(DifyLost):
            await anext(events)
    assert answer.outcome is Outcome.LOST


@pytest.mark.parametrize("kind", KINDS)
async def test_a_completion_is_rated_as_any_message(either, asker, kind):
    us = asker(either, kind)
    answer = await us.ask()
    if kind == "completion":
        await us.client.rate(answer.message_id, us.user, "like")
        assert either.runs[0].message.feedback["rating"] == "like"
    else:
        assert answer.message_id == ""  # a workflow's answer is no message: there is nothing to rate


@pytest.mark.parametrize("mode", sorted(CHAT_MODES))
def test_all_chat_kinds_are_asked_alike(mode):
    question = Question("hi", "u", "conv", {"a": 1})
    assert ask_path(mode) == "/chat-messages"
    assert stop_path(mode, "t") == "/chat-messages/t/stop"
    assert ask_body(question, mode) == ask_body(question, "chat")
    assert ask_body(question, mode)["conversation_id"] == "conv"


def test_asking_does_not_change_the_question():
    question = Question("hi", "u", inputs={"a": 1})
    assert ask_body(question, "workflow")["inputs"] == {"a": 1, "query": "hi"}
    assert question.inputs == {"a": 1}
