"""Every stream recorded from real Dify servers, replayed and judged by an independent reader."""

import json
from pathlib import Path

import pytest

from core.answer import Answer, Outcome
from core.dify.events import Malformed, Unknown, parse
from core.dify.sse import PING, EventSplitter
from tests.core.dify.streams import plain, text_of, verdict_of

RECORDINGS = Path(__file__).parents[4] / "shared" / "reference" / "dify-transcripts"
STREAMS = sorted(RECORDINGS.glob("*/*.sse"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in STREAMS]
if not STREAMS:
    pytest.skip("the recordings of real Dify servers are not on this machine", allow_module_level=True)


def stored_answers():
    """The answers that the servers themselves kept: message id -> row, from every recorded GET /messages."""
    rows = {}
    for path in sorted(RECORDINGS.glob("*/*messages*.json")):
        if path.name.endswith(".meta.json"):
            continue
        try:
            body = json.loads(path.read_text())
        except ValueError:
            continue
        for row in body.get("data") or []:
            if row.get("answer"):
                rows[row["id"]] = row
    return rows


STORED = stored_answers()


def first(events, name):
    return next((event[name] for event in events if event.get(name)), "")


def replay(body, step):
    splitter, answer, kinds, pings = EventSplitter(), Answer(), [], 0
    for at in range(0, len(body), step):
        for data in splitter.feed(body[at : at + step]):
            if data == PING:
                pings += 1
                continue
            event = parse(data)
            kinds.append(type(event))
            answer.take(event)
    return answer, kinds, pings


@pytest.mark.parametrize("path", STREAMS, ids=NAMES)
def test_a_recording_gives_its_text_its_ids_and_its_end(path):
    body = path.read_bytes()
    events = plain(body)
    answer, kinds, pings = replay(body, len(body) or 1)
    assert len(kinds) == len(events)
    assert not {Malformed, Unknown} & set(kinds)
    assert pings == body.count(b"event: ping\n\n")
    assert answer.text == text_of(events)
    assert answer.outcome is Outcome(verdict_of(events))
    assert answer.task_id == first(events, "task_id")
    assert answer.message_id == first(events, "message_id")
    assert answer.conversation_id == first(events, "conversation_id")
    assert answer.run_id == first(events, "workflow_run_id")


@pytest.mark.parametrize("path", STREAMS, ids=NAMES)
def test_a_recording_cut_into_odd_chunks_is_the_same(path):
    body = path.read_bytes()
    whole = replay(body, len(body) or 1)
    for step in (1, 7, 1021) if len(body) < 100_000 else (1021, 65_537):
        assert replay(body, step) == whole


REACT = "agent_react_stream"  # streams its thoughts, of which only the last is kept (dify-live.md 3.10)
KEPT = [
    path for path in STREAMS if first(plain(path.read_bytes()), "message_id") in STORED and path.stem != REACT
]
WHOLE = [path for path in KEPT if verdict_of(plain(path.read_bytes())) not in {"lost", "paused"}]


@pytest.mark.parametrize("path", WHOLE, ids=[f"{path.parent.name}/{path.stem}" for path in WHOLE])
def test_a_recording_gives_the_answer_that_the_server_kept(path):
    answer, _, _ = replay(path.read_bytes(), 4096)
    row = STORED[answer.message_id]
    assert answer.text.strip() == row["answer"].strip()
    assert answer.conversation_id == row["conversation_id"]


def test_enough_answers_were_kept_to_compare_with():
    assert len(WHOLE) >= 25
