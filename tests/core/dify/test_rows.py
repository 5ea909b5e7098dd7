"""Dify's rows read as facts: of both dialects, of real servers, and of rows that are something else."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.history import conversations_in, messages_in, run_in, runs_in

RECORDINGS = Path(__file__).parents[4] / "shared" / "reference" / "dify-transcripts"
MESSAGE = {"id": "m", "conversation_id": "c", "query": "q", "answer": "a", "status": "normal", "error": None}


def page(*rows):
    return {"data": list(rows)}


def test_messages_are_given_newest_last_whatever_their_order():
    rows = [MESSAGE | {"id": name, "created_at": at} for name, at in [("b", 2), ("c", 2), ("a", 1), ("d", 3)]]
    assert [message.id for message in messages_in(page(*rows))] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("row", "status", "error"),
    [
        ({}, "normal", False),
        ({"status": "paused"}, "paused", False),
        ({"status": "error", "error": "host:9001"}, "error", True),
        ({"error": "host:9001"}, "normal", True),
        ({"status": "error"}, "error", True),
        ({"status": "new in 2.0"}, "normal", False),
        ({"status": None}, "normal", False),
    ],
)
def test_an_errors_text_is_left_behind(row, status, error):
    [message] = messages_in(page(MESSAGE | row))
    assert (message.status, message.error) == (status, error)
    assert "9001" not in repr(message)


def test_conversations_are_given_newest_first():
    rows = [{"id": name, "created_at": at} for name, at in [("a", 1), ("c", 3), ("b", 2), ("b2", 2)]]
    assert [found.id for found in conversations_in(page(*rows))] == ["c", "b", "b2", "a"]


RUN = {"id": "r", "status": "succeeded", "outputs": {"answer": "Hello"}, "created_at": 1795225455}


@pytest.mark.parametrize(
    ("status", "finished"),
    [
        ("running", False),
        ("paused", False),
        ("succeeded", True),
        ("partial-succeeded", True),
        ("failed", True),
        ("stopped", True),
    ],
)
def test_a_run_is_finished_when_nothing_more_can_come(status, finished):
    run = run_in(RUN | {"status": status})
    assert (run.status, run.finished) == (status, finished)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({"answer": "Hello"}, "Hello"),
        (json.dumps({"answer": "Hello"}), "Hello"),
        (json.dumps({"result": "one", "echo": "two"}), "one\ntwo"),
        ("{broken", ""),
        ("", ""),
        (None, ""),
        ({}, ""),
    ],
)
def test_a_runs_text_is_that_of_its_outputs(outputs, text):
    assert run_in(RUN | {"outputs": outputs}).text == text


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        (1795225455, 1795225455.0),
        ("Sat, 21 Nov 2026 01:30:25 -0000", 1795224625.0),
        ("Sat, 21 Nov 2026 02:30:25 +0100", 1795224625.0),
        ("yesterday", 0.0),
        (None, 0.0),
    ],
)
def test_a_runs_time_is_read_in_both_dialects(when, seconds):
    assert run_in(RUN | {"created_at": when}).created_at == seconds


@pytest.fixture
def far_east(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_time_without_a_zone_is_not_taken_for_ours(far_east):
    assert run_in(RUN | {"created_at": "Sat, 21 Nov 2026 01:30:25 -0000"}).created_at == 1795224625.0


def test_a_run_that_is_not_known_is_none():
    assert run_in(dict.fromkeys(RUN)) is None
    assert run_in({}) is None
    assert run_in(None) is None


def log(name, user, at=1):
    by = {"session_id": user} if user else None
    return {
        "id": f"log-{name}",
        "workflow_run": {"id": name, "status": "running", "created_at": at},
        "created_by_end_user": by,
    }


def test_only_a_users_own_runs_are_taken_from_a_log_newest_first():
    rows = [log("a", "ann", 1), log("b", "bob", 2), log("c", "ann", 3), log("d", None, 4)]
    assert [run.id for run in runs_in(page(*rows), "ann")] == ["c", "a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RUN, "data"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_a_body_that_is_something_else_is_no_error(body):
    messages_in(body)
    conversations_in(body)
    runs_in(body, "ann")
    run_in(body)


@given(JSON, st.sampled_from(["id", "status", "answer", "created_at", "error", "workflow_run"]))
def test_a_row_that_is_something_else_is_no_error(value, key):
    rows = page(MESSAGE | {key: value}, log("a", "ann") | {key: value})
    messages_in(rows)
    conversations_in(rows)
    runs_in(rows, "ann")
    run_in(RUN | {key: value, "outputs": value})


@pytest.fixture(params=["0.15.8", "1.16.1"])
def recorded(request):
    folder = RECORDINGS / request.param
    if not folder.is_dir():
        pytest.skip("the recordings of real Dify servers are not on this machine")
    return lambda name: json.loads((folder / f"{name}.json").read_text())


def test_recorded_messages(recorded):
    [message] = messages_in(recorded("messages"))
    assert (message.query, message.answer) == ("seed 2 [[n=3]]", "The quick brown")
    assert (message.status, message.error) == ("normal", False)
    assert message.created_at > 1_795_000_000


def test_a_recorded_answer_that_was_lost_is_empty_and_normal(recorded):
    message = messages_in(recorded("disconnect_chat_messages_after_8"))[-1]
    assert (message.answer, message.status, message.error) == ("", "normal", False)


def test_recorded_conversations(recorded):
    found = conversations_in(recorded("conversations_list"))
    assert len(found) == 3
    assert found[0].created_at >= found[-1].created_at > 1_795_000_000


def test_a_recorded_run(recorded):
    run = run_in(recorded("workflow_run_detail"))
    assert run.text == "The quick brown \nx [[n=3]]"
    assert run.finished
    assert 1_795_224_000 < run.created_at < 1_795_227_000


def test_a_recorded_run_that_is_not_known(recorded):
    body = recorded("workflow_run_detail_unknown")
    assert body.get("code") == "not_found" or run_in(body) is None


def test_recorded_logs(recorded):
    [run] = runs_in(recorded("workflow_logs"), "convuser")
    assert run.status == "succeeded"
    assert runs_in(recorded("workflow_logs"), "nobody") == []


@pytest.mark.parametrize(
    "when", [10**400, -(10**400), float("inf"), float("nan"), True, "9999999999999-01-01", []]
)
def test_a_time_that_is_none_is_none(when):
    assert run_in(RUN | {"created_at": when}).created_at == 0.0
    [message] = messages_in(page(MESSAGE | {"created_at": when}))
    assert message.created_at == 0.0


def test_an_iso_time_is_read_with_and_without_a_zone():
    for when in ("2026-11-21T01:30:25", "2026-11-21T01:30:25Z", "2026-11-21T02:30:25+01:00"):
        assert run_in(RUN | {"created_at": when}).created_at == 1795224625.0
