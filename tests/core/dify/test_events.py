"""Every event name that Dify sends is typed; what is unknown or broken never raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dify import events
from core.dify.events import KNOWN, Event, Malformed, Unknown, parse

# Dify api/core/app/entities/task_entities.py, StreamEvent, with the two that were retired in 1.9.0
NAMES = [
    "message",
    "message_file",
    "agent_message",
    "agent_thought",
    "message_replace",
    "message_end",
    "tts_message",
    "tts_message_end",
    "error",
    "ping",
    "workflow_started",
    "node_started",
    "node_finished",
    "node_retry",
    "iteration_started",
    "iteration_next",
    "iteration_completed",
    "loop_started",
    "loop_next",
    "loop_completed",
    "parallel_branch_started",
    "parallel_branch_finished",
    "text_chunk",
    "text_replace",
    "reasoning_chunk",
    "agent_log",
    "human_input_required",
    "workflow_paused",
    "human_input_form_filled",
    "human_input_form_timeout",
    "workflow_finished",
]
IDS = {"task_id": "t", "message_id": "m", "conversation_id": "c", "workflow_run_id": "r"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def parsed(**fields):
    return parse(json.dumps(fields).encode())


def test_the_known_names_are_exactly_those_of_dify():
    assert sorted(KNOWN) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_typed_with_its_ids_even_when_nothing_else_is_there(name):
    bare = parsed(event=name)
    assert type(bare) is KNOWN[name]
    assert (bare.task_id, bare.message_id, bare.conversation_id, bare.workflow_run_id) == (None,) * 4
    full = parsed(event=name, **IDS, data={}, created_at=1795224525, from_variable_selector=["llm", "text"])
    assert isinstance(full, KNOWN[name])
    assert {key: getattr(full, key) for key in IDS} == IDS


@pytest.mark.parametrize("name", NAMES)
def test_null_ids_are_let_through(name):
    assert isinstance(parsed(event=name, **dict.fromkeys(IDS)), KNOWN[name])


@given(st.sampled_from(NAMES), st.dictionaries(st.text(max_size=8).map(lambda key: f"x_{key}"), JSON))
def test_further_fields_change_nothing_and_stay_or_are_left_unread(name, extra):
    event = parsed(event=name, **extra)
    assert isinstance(event, KNOWN[name])
    plain = parsed(event=name)
    assert {field: getattr(event, field) for field in KNOWN[name].model_fields} == dict(plain)
    assert event.model_extra in (None, extra)  # unread, or as they came


@given(st.text(max_size=30).filter(lambda name: name not in NAMES), st.dictionaries(st.text(), JSON))
def test_another_name_is_unknown_and_not_an_error(name, extra):
    assert parsed(**(extra | {"event": name})) == Unknown(event=name)


@given(st.one_of(JSON.map(json.dumps).map(str.encode), st.binary(max_size=60), st.text().map(str.encode)))
@settings(max_examples=300)
def test_whatever_comes_nothing_is_raised(data):
    assert isinstance(parse(data), Event | Unknown | Malformed)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"event": null}',
        b'{"event": 7}',
        b'{"event": ["message"]}',
        b'{"event": "message", "answer": {"no": "text"}}',
        b'{"event": "message", "task_id": 5}',
        b'{"event": "workflow_finished", "data": "text"}',
        b'{"event": "message", "answer": "cut',
        b"<html>502 Bad Gateway</html>",
        b'{"event": "message", "answer": "\xff\xfe"}',
    ],
)
def test_rubbish_is_malformed_and_its_reason_repeats_none_of_it(data):
    event = parse(data)
    assert isinstance(event, Malformed)
    assert event.reason
    assert "Gateway" not in event.reason
    assert "cut" not in event.reason


def test_the_fields_a_client_uses_are_read():
    assert parsed(event="message", answer="Hi").answer == "Hi"
    file = parsed(event="message_file", id="f", type="image", belongs_to="assistant", url="/files/x?sign=1")
    assert (file.id, file.type, file.belongs_to, file.url, file.answer) == (
        "f", "image", "assistant", "/files/x?sign=1", None,
    )  # fmt: skip
    error = parsed(event="error", status=429, code="rate_limit_error", message="m")
    assert (error.status, error.code, error.message, error.task_id) == (429, "rate_limit_error", "m", None)
    finished = parsed(
        event="workflow_finished", data={"status": "partial-succeeded", "outputs": {"answer": "A"}}
    )
    assert (finished.data.status, finished.data.outputs) == ("partial-succeeded", {"answer": "A"})
    assert parsed(event="workflow_started", data={"reason": "resumption"}).data.reason == "resumption"
    assert parsed(event="text_chunk", data={"text": "T"}).data.text == "T"
    assert parsed(event="node_started", data={"title": "LLM", "node_type": "llm"}).data.title == "LLM"
    thought = parsed(event="agent_thought", id="th", tool="clock", thought="hm", position=1)
    assert (thought.id, thought.tool, thought.thought, thought.position) == ("th", "clock", "hm", 1)


def test_what_a_step_got_and_gave_is_not_kept():
    secret = {"sys.user_id": "ann", "key": "s3cret"}
    event = parsed(event="node_finished", data={"title": "Tool", "inputs": secret, "outputs": secret})
    assert isinstance(event, events.NodeEvent)
    assert "s3cret" not in repr(event)
    assert "s3cret" not in repr(parsed(event="workflow_started", data={"inputs": secret}))
