"""The traps that every peer falls into (T1 to T14 of peers.md), and each order in which streams end.

Over sockets, against the simulated servers of two releases.
"""

import asyncio
from itertools import groupby

import pytest

from core.answer import Answer, Outcome
from core.dify.client import DifyClient
from core.dify.events import HumanInput, MessageFile, WorkflowFinished
from core.dify.file_types import FileInput
from core.dify.questions import Question, ask_body
from core.errors import ConversationGone, DifyLost, DifyRefused
from simulators.dify import DifySimulator
from simulators.dify.cut import Cut
from simulators.dify.script import Answer as Script
from simulators.dify.script import (
    Event,
    Fail,
    File,
    Gate,
    Log,
    Node,
    Pause,
    Raw,
    Reasoning,
    Replace,
    Silence,
    Tool,
    pieces,
)

EASY = ("chat", "agent-chat", "completion")
KINDS = (*EASY, "advanced-chat", "workflow")


async def folded(stream):
    """The answer of a stream, and its events."""
    answer, seen = Answer(), []
    async with stream as events:
        async for event in events:
            answer.take(event)
            seen.append(event)
    return answer, seen


@pytest.mark.parametrize("kind", ["chat", "completion", "agent-chat"])
async def test_t1_text_that_is_labelled_as_a_file_is_text(either, asker, kind):
    us = asker(either, kind)
    either.reply(Script([File(b"PNG"), "Hello ", "world"], text_event="message_file"))
    answer = await us.ask()
    assert (answer.text, len(answer.files), answer.outcome) == ("Hello world", 1, Outcome.COMPLETE)


async def test_t2_the_closing_message_of_a_new_agent_is_no_extra_text(dify, asker):
    us = asker(dify, "agent")
    dify.reply([Tool("clock"), "Hello ", "world"])
    answer = await us.ask()
    assert (answer.text, answer.redraws, answer.outcome) == ("Hello world", 0, Outcome.COMPLETE)


@pytest.mark.parametrize("kind", [*EASY, "advanced-chat"])
async def test_t3_what_moderation_replaces_is_gone(either, asker, kind):
    us = asker(either, kind)
    either.reply(["a secret", Replace("Withheld."), Replace("Withheld twice.")], [Replace("So "), "be it."])
    answer = await us.ask()
    assert (answer.text, answer.outcome) == ("Withheld twice.", Outcome.COMPLETE)
    assert answer.redraws == 2
    assert (await us.ask()).text == "So be it."


@pytest.mark.parametrize("kind", KINDS)
async def test_t4_an_error_in_a_stream_of_200_is_a_failure_and_its_text_stays(either, asker, kind):
    us = asker(either, kind)
    either.reply(["Half ", Fail()])
    answer = await us.ask()
    assert (answer.text, answer.outcome) == ("Half ", Outcome.FAILED)


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "advanced-chat"])
async def test_t5_a_conversation_is_of_one_user_and_one_app(either, asker, kind):
    us = asker(either, kind)
    conversation = (await us.ask()).conversation_id
    either.add_app("app-other", mode=kind)
    strangers = [(us.client, "slack:T1:U9"), (DifyClient(us.server, "app-other"), us.user)]
    for client, user in strangers:
        question = Question("hi", user, conversation_id=conversation)
        with pytest.raises(ConversationGone):
            await folded(client.ask(question, run=False, mode=kind))


async def test_t6_after_a_conversation_is_gone_the_same_question_begins_a_new_one(either, asker):
    us = asker(either)
    gone = (await us.ask()).conversation_id
    await us.client.delete_conversation(gone, us.user)
    with pytest.raises(ConversationGone):
        await us.ask("again", conversation_id=gone)
    answer = await us.ask("again")
    assert answer.outcome is Outcome.COMPLETE
    assert answer.conversation_id not in {"", gone}


async def test_t7_an_id_that_dify_did_not_give_is_our_mistake_and_no_conversation_lost(either, asker):
    us = asker(either)
    with pytest.raises(DifyRefused) as caught:
        await us.ask(conversation_id="1700000000.000100")
    assert (type(caught.value), caught.value.code) == (DifyRefused, "invalid_param")


async def test_t8_an_upload_is_of_the_user_that_asks(dify, asker):
    us = asker(dify)
    kept = await us.client.api.files.upload(us.user, "a.png", b"PNG", "image/png")
    file = FileInput.uploaded(kept.id, "image")
    assert (await us.ask(files=[file])).outcome is Outcome.COMPLETE
    with pytest.raises(DifyRefused) as caught:
        await us.ask(user="slack:T1:U9", files=[file])
    assert caught.value.advice.sentence == "file_refused"


@pytest.mark.parametrize("kind", ["agent-chat", "agent"])
async def test_t9_agents_are_asked_streaming_also_where_blocking_is_wanted(dify, asker, kind):
    us = asker(dify, kind)
    answer, _ = await folded(us.client.ask(us.question(), run=False, mode=kind, blocking=True))
    assert answer.outcome is Outcome.COMPLETE


async def test_t10_a_stream_may_last_longer_than_any_of_its_silences(dify, asker):
    us = asker(dify)
    dify.reply(Script(pieces("one two three four five six"), pace=10), ["Half ", Silence(seconds=None)])

    def asking():
        body = ask_body(us.question(), "chat")
        return us.client._connection.stream("POST", "/chat-messages", json=body, silence=0.4)

    answer, _ = await folded(asking())
    assert answer.text == "one two three four five six"
    with pytest.raises(DifyLost):
        await folded(asking())


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_t11_a_run_that_waits_for_a_person_is_neither_empty_nor_lost(dify, asker, kind):
    us = asker(dify, kind)
    dify.reply(["Look: ", Pause()])
    answer, seen = await folded(us.asking())
    assert (answer.text, answer.outcome) == ("Look: ", Outcome.PAUSED)
    assert [event.form.buttons[0].id for event in seen if isinstance(event, HumanInput)] == ["approve"]


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({"whatever": "Hello"}, "Hello"),
        ({"a": "Hello", "b": {"n": 1}, "c": None}, 'Hello\n{"n": 1}'),
        ({}, ""),
        (None, ""),
    ],
)
async def test_t12_outputs_may_have_any_name_and_files_may_be_null(either, asker, outputs, text):
    us = asker(either, "workflow")
    finish = Event("workflow_finished", {"data": {"status": "succeeded", "outputs": outputs, "files": None}})
    either.reply(Script([finish]))
    answer, seen = await folded(us.asking())
    assert (answer.text, answer.outcome) == (text, Outcome.COMPLETE)
    assert next(event for event in seen if isinstance(event, WorkflowFinished)).data.made == ()


async def test_t13_a_relative_address_of_a_file_is_found_at_the_apps_dify(either, asker):
    us = asker(either)
    either.files_url = ""
    either.reply([File(b"PNG"), "Here."])
    _, seen = await folded(us.asking())
    [file] = [event for event in seen if isinstance(event, MessageFile)]
    assert file.url.startswith("/files/")
    assert us.client.api.downloads.address(file.url) == either.origin + file.url
    assert (await us.client.api.downloads.fetch(file.url, 100)).data == b"PNG"


async def test_t14_thinking_and_logs_are_no_text_of_the_answer(dify, asker):
    us = asker(dify, "advanced-chat")
    dify.reply([Reasoning("hm"), Log("searches"), "Hello", Reasoning(" done", final=True), " world"])
    answer, seen = await folded(us.asking())
    assert (answer.text, answer.outcome) == ("Hello world", Outcome.COMPLETE)
    told = {event.event: event.data for event in seen if event.event in {"reasoning_chunk", "agent_log"}}
    assert (told["reasoning_chunk"].reasoning, told["agent_log"].label) == (" done", "searches")


async def test_whatever_a_release_to_come_sends_is_skipped(either, asker):
    us = asker(either)
    either.reply(["One ", Event("new_in_2_0", {"answer": "no"}), Raw(b"id: 7\nretry: 1\ndata: x\n\n"), "two"])
    answer = await us.ask()
    assert (answer.text, answer.malformed, answer.outcome) == ("One two", 1, Outcome.COMPLETE)


# dify-live.md section 2: how a stream ends, by release and kind
GOOD = {
    "0.15.8": {
        "chat": ["message_end"],
        "agent-chat": ["message_end"],
        "completion": ["message_end"],
        "advanced-chat": ["workflow_finished", "message_end"],
        "workflow": ["workflow_finished"],
    },
    "1.16.1": {
        "chat": ["message_end"],
        "agent-chat": ["message_end"],
        "agent": ["message", "message_end"],
        "completion": ["message_end"],
        "advanced-chat": ["message_end", "workflow_finished"],
        "workflow": ["workflow_finished"],
    },
}
FAILED = {
    "0.15.8": {
        **{kind: ["error"] for kind in EASY},
        "advanced-chat": ["workflow_finished", "error"],
        "workflow": ["workflow_finished"],
    },
    "1.16.1": {
        **{kind: ["error"] for kind in (*EASY, "agent")},
        "advanced-chat": ["workflow_finished"],
        "workflow": ["workflow_finished"],
    },
}
STOPPED = {
    "0.15.8": {
        **{kind: ["message_end"] for kind in EASY},
        "advanced-chat": ["workflow_finished", "message_end"],
        "workflow": ["workflow_finished"],
    },
    "1.16.1": {
        **{kind: ["message_end"] for kind in (*EASY, "agent")},
        "advanced-chat": ["workflow_finished"],
        "workflow": ["workflow_finished"],
    },
}


def rows(table):
    return [(kind, ends, release) for release, kinds in table.items() for kind, ends in kinds.items()]


def last(seen, number):
    """The names of the last events, each once where it is repeated."""
    return [name for name, _ in groupby(event.event for event in seen)][-number:]


@pytest.fixture
async def server(release):
    """A server of the release that the row is about."""
    async with DifySimulator(version=release) as simulator:
        yield simulator


@pytest.mark.parametrize(("kind", "ends", "release"), rows(GOOD))
async def test_order_of_an_answer_that_is_complete(server, asker, kind, ends, release):
    us = asker(server, kind)
    answer, seen = await folded(us.asking())
    assert last(seen, len(ends)) == ends
    assert answer.outcome is Outcome.COMPLETE
    assert answer.text.startswith("You said: ")


@pytest.mark.parametrize(("kind", "ends", "release"), rows(FAILED))
async def test_order_of_an_answer_that_fails(server, asker, kind, ends, release):
    server.reply([Node(), "Half ", Fail()] if kind in {"advanced-chat", "workflow"} else ["Half ", Fail()])
    answer, seen = await folded(asker(server, kind).asking())
    assert last(seen, len(ends)) == ends
    assert (answer.text, answer.outcome) == ("Half ", Outcome.FAILED)
    assert bool(answer.error_code) == (ends[-1] == "error")


@pytest.mark.parametrize(("kind", "ends", "release"), rows(STOPPED))
async def test_order_of_an_answer_that_is_stopped(server, asker, kind, ends, release):
    us, gate, answer, seen = asker(server, kind), Gate(), Answer(), []
    server.reply(Script(pieces("The quick brown fox"), gate=gate))
    gate.allow(2)
    async with us.asking() as events:
        async for event in events:
            answer.take(event)
            seen.append(event)
            if answer.text == "The quick " and answer.task_id:
                await us.client.stop(answer.task_id, us.user, mode=kind)
                break
        async for event in events:
            answer.take(event)
            seen.append(event)
    flow = kind in {"advanced-chat", "workflow"}
    assert last(seen, len(ends)) == ends
    assert (answer.text, answer.outcome) == ("The quick ", Outcome.STOPPED if flow else Outcome.COMPLETE)


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_order_of_a_run_that_pauses(dify, asker, kind):
    dify.reply([Node(), Pause()])
    answer, seen = await folded(asker(dify, kind).asking())
    assert last(seen, 2) == ["human_input_required", "workflow_paused"]
    assert answer.outcome is Outcome.PAUSED


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_order_of_a_run_with_bad_inputs(dify, asker, kind):
    """1.15+ says so in a stream, without ids of a message."""
    us = asker(dify, kind, input_form=[{"paragraph": {"variable": "who", "required": True}}])
    answer, seen = await folded(us.asking())
    assert [event.event for event in seen] == ["workflow_started", "workflow_finished"]
    assert (answer.outcome, answer.message_id, answer.conversation_id) == (Outcome.FAILED, "", "")
    assert "in input form" in seen[-1].data.error


async def test_order_of_an_annotation_in_a_chatflow_is_no_failure(dify, asker):
    """1.15+ adds a failed finish to it (dify-api.md 2.3)."""
    us = asker(dify, "advanced-chat")
    await us.client.api.annotations.create("hello", "Annotated.")
    await us.client.api.annotations.switch("enable", threshold=1, provider="p", model="m")
    answer, seen = await folded(us.asking())
    assert last(seen, 3) == ["message_end", "workflow_started", "workflow_finished"]
    assert seen[-1].data.status == "failed"
    assert (answer.text, answer.outcome) == ("Annotated.", Outcome.COMPLETE)


async def test_order_of_a_stop_by_another_user(either, asker):
    """All text comes; a chatflow of 1.16 then calls itself stopped (dify-live.md 3.5)."""
    us, gate = asker(either, "advanced-chat"), Gate()
    either.reply(Script(pieces("The quick brown fox"), gate=gate))
    gate.allow(2)
    asking = asyncio.create_task(folded(us.asking()))
    run = await either.started()
    await gate.passed(2)
    await us.client.stop(run.task_id, "slack:T1:U9")
    gate.finish()
    answer, _ = await asking
    assert answer.text == "The quick brown fox"
    assert answer.outcome is (Outcome.STOPPED if either.version > "1" else Outcome.COMPLETE)


async def test_order_of_nothing_at_all(dify, asker):
    """No free worker: a ping, and a clean end after 300 s (dify-live.md 3.20)."""
    us = asker(dify, "advanced-chat")
    dify.cut_next = Cut(1, clean=True)
    answer, seen = await folded(us.asking())
    assert (seen, answer.outcome, answer.run_id) == ([], Outcome.LOST, "")
