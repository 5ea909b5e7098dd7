"""The body, path and headers of a question by kind; trace ids."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.file_types import FileInput
from core.dify.questions import Question, ask_body, ask_headers, ask_path, trace_id, traces

TRACE = re.compile(r"[A-Za-z0-9_-]{1,128}")  # dify-api.md 3.14


@given(st.text(), st.text())
def test_a_trace_id_is_the_same_for_the_same_event_and_another_for_another(one, other):
    assert trace_id(one) == trace_id(one)
    assert (trace_id(one) == trace_id(other)) == (one == other)
    assert str(uuid.UUID(trace_id(one))) == trace_id(one)


def test_a_trace_id_is_the_same_in_every_process():
    assert trace_id("slack:T1:C1:1700000000.000100") == "26c4873c-e71a-59b8-b379-f452f0cae9da"


@given(st.text(min_size=1), st.text())
def test_whatever_is_given_dify_takes_it(trace, session):
    found = traces(Question("q", "u", trace_id=trace, session_id=session))
    assert TRACE.fullmatch(found["trace_id"])
    if session.strip():
        assert 1 <= len(found["trace_session_id"]) <= 200
    for value in ask_headers(Question("q", "u", trace_id=trace, session_id=session)).values():
        assert value.isascii()
        assert value.isprintable()


@pytest.mark.parametrize("trace", ["parley-7", "a" * 128, "A_b-3"])
def test_a_trace_id_that_dify_takes_stays_as_it_is(trace):
    assert ask_headers(Question("q", "u", trace_id=trace)) == {"X-Trace-Id": trace}


@pytest.mark.parametrize("trace", ["a" * 129, "slack:1.2", "ü", "a b", "a\n"])
def test_another_becomes_one_that_dify_takes(trace):
    assert ask_headers(Question("q", "u", trace_id=trace)) == {"X-Trace-Id": trace_id(trace)}


def test_without_a_trace_there_is_no_header():
    assert ask_headers(Question("q", "u")) == {}


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow"])
async def test_every_run_carries_its_trace(dify, asker, kind):
    us, seen = asker(dify, kind), []

    async def look(request):
        seen.append((request.headers.get("x-trace-id"), request.headers.get("x-trace-session-id")))

    us.server.runs_client.event_hooks = {"request": [look]}
    event = trace_id("discord:1:2:3")
    await us.ask(trace_id=event, session_id="discord:1:2")
    assert seen == [(event, "discord:1:2")]


def test_files_and_versions_are_named_only_where_there_are_some():
    file = FileInput.uploaded("f", "image")
    plain = ask_body(Question("q", "u"), "chat")
    assert not {"files", "workflow_id"} & set(plain)
    full = ask_body(Question("q", "u", files=[file], workflow_id="w", auto_name=True), "advanced-chat")
    assert full["files"] == [{"type": "image", "transfer_method": "local_file", "upload_file_id": "f"}]
    assert (full["workflow_id"], full["auto_generate_name"]) == ("w", True)
    run = ask_body(Question("q", "u", files=[file], workflow_id="w"), "workflow")
    assert (run["files"], "workflow_id" in run) == (full["files"], False)


def test_a_version_of_a_workflow_is_in_the_path():
    assert ask_path("workflow", "w") == "/workflows/w/run"
    assert ask_path("workflow") == "/workflows/run"
    assert ask_path("advanced-chat", "w") == "/chat-messages"


def test_a_question_is_not_changed_by_being_asked():
    inputs = {"doc": FileInput.remote("https://x/y.pdf", "document")}
    question = Question("q", "u", inputs=inputs)
    ask_body(question, "workflow")
    assert question.inputs == {"doc": FileInput.remote("https://x/y.pdf", "document")}
