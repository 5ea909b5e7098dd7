"""Mutated events through the reader, the models and the fold: no crash, no hang, memory that stays bounded.

20,000 in each run, 1,000,000 by `make soak`. `stream(seed)` makes the same again.
"""

import gc
import json
import math
import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.answer import Answer, Outcome
from core.dify import annotations, conversations, workflows
from core.dify.blocking import events_of
from core.dify.errors import failure, refusal
from core.dify.events import (
    Event,
    HumanInput,
    Malformed,
    MessageEnd,
    Unknown,
    WorkflowFinished,
    WorkflowPaused,
    parse,
)
from core.dify.history import conversations_in, messages_in, run_in, runs_in
from core.dify.rows import Row, page_in, row_in, seconds
from core.dify.sse import PING, EventSplitter
from core.errors import DifyError
from core.sentences import CATALOGUE
from tests.core.dify.mutants import STRANGE, pieces, samples, stream

EVENTS = 20  # of a stream
SHORT, LONG = 20_000, 1_000_000
MANY = 500  # streams of one test


def read(chunks, max_line=16 * 2**20):
    """The data of the events, and what was held back at most."""
    splitter, found, held = EventSplitter(max_line), [], 0
    for chunk in chunks:
        found += splitter.feed(chunk)
        held = max(held, len(splitter._buffer))
    return found, held, splitter.oversized


def details(event):
    """Whatever a client may ask of an event besides."""
    match event:
        case MessageEnd():
            return event.told, event.made
        case WorkflowFinished():
            return event.data.made
        case WorkflowPaused():
            return [(form.text, form.buttons, form.defaults) for form in event.pause.forms]
        case HumanInput():
            return event.form.text, event.form.defaults, event.filled
    return None


def fold(found):
    answer, malformed = Answer(), 0
    for data in found:
        if data == PING:
            continue
        event = parse(data)
        assert isinstance(event, Event | Unknown | Malformed)
        malformed += isinstance(event, Malformed)
        answer.take(event)
        details(event)
    assert answer.malformed == malformed
    assert isinstance(answer.outcome, Outcome)
    return answer


def chew(seed):
    """One mutated stream, read whole and in pieces."""
    body = stream(seed, EVENTS)
    chunks = pieces(seed, body)
    whole, _, _ = read([body])
    cut, held, _ = read(chunks)
    assert cut == whole, seed
    assert held <= len(body)
    assert len(whole) <= body.count(b"\n") + body.count(b"\r") + 1
    answer = fold(whole)
    assert len(answer.text) <= 4 * len(body), seed  # outputs are shown as JSON, with blanks
    assert failure(answer.error_code, answer.error_status).advice.sentence
    few, held, _ = read(chunks, max_line=100)
    assert held <= 100 + 65_536
    assert len(few) <= len(whole) + body.count(b"\n") + body.count(b"\r")


def peak():
    """Megabytes that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_the_samples_are_of_every_name():
    names = {json.loads(sample)["event"] for sample in samples()}
    assert len(names) == 31
    assert stream(7) == stream(7) != stream(8)


def test_mutated_streams_are_mostly_wrong_and_not_only_rubbish():
    """Else the tests below would show nothing."""
    kinds = [type(parse(data)).__name__ for seed in range(100) for data in read([stream(seed)])[0]]
    assert 0.1 < kinds.count("Malformed") / len(kinds) < 0.6
    assert len(set(kinds)) > 15


@pytest.mark.heavy
@pytest.mark.parametrize("first", range(0, SHORT // EVENTS, MANY))
def test_20000_mutated_events(first):
    for seed in range(first, first + MANY):
        chew(seed)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_a_million_mutated_events_and_the_memory_they_take():
    for seed in range(5_000):
        chew(seed)
    gc.collect()
    before, began = peak(), time.process_time()
    for seed in range(5_000, LONG // EVENTS):
        chew(seed)
    assert peak() - before < 32
    assert time.process_time() - began < 900


@pytest.mark.parametrize(
    "body",
    [
        b"data: " + b"[" * 300_000 + b"\n\n",
        b'data: {"event":"message_end","metadata":' + b'{"a":' * 100_000 + b"\n\n",
        b'data: {"event":"message","answer":"' + b"x" * 3_000_000 + b'"}\n\n',
        b"data: x\n" * 50_000 + b"\n",
        b"\n" * 100_000,
        b"\r" * 100_000,
        b"event: ping\n\n" * 20_000,
        b":" * 1_000_000 + b"\n\n",
        b'data: {"event":"message","answer":1' + b"0" * 100_000 + b"}\n\n",
        b'data: {"event":"workflow_finished","data":{"outputs":{"a":' + b"[" * 150 + b"]" * 150 + b"}}}\n\n",
    ],
    ids=["deep", "deeper", "long", "lines", "blank", "cr", "pings", "comment", "number", "nested"],
)
def test_a_body_that_is_made_to_be_slow_is_read_in_time(body):
    began = time.process_time()
    for size in (len(body), 4096):
        found, held, _ = read(body[at : at + size] for at in range(0, len(body), size))
        assert held <= len(body)
        fold(found)
    assert time.process_time() - began < 5


def rows(kind=Row):
    """Every kind of typed row."""
    for inner in kind.__subclasses__():
        yield inner
        yield from rows(inner)


ROWS = sorted(rows(), key=lambda kind: kind.__name__)
NAMES = sorted({name for kind in ROWS for name in kind.model_fields} | {"data", "code", "session_id"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(STRANGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


def test_there_are_rows_to_try():
    assert len(ROWS) > 25


@pytest.mark.parametrize("kind", ROWS)
@given(st.data())
@settings(max_examples=30)
def test_a_row_is_read_whatever_is_in_it(kind, data):
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(kind.model_fields)), JSON))
    row = row_in(fields, kind)
    for name in {name for name, value in vars(kind).items() if isinstance(value, property)}:
        getattr(row, name)
    bare = kind()
    for name in kind.model_fields:
        if name not in fields:
            assert getattr(row, name) == getattr(bare, name)


@given(JSON)
@settings(max_examples=200)
def test_a_body_is_read_whatever_it_is(body):
    for kind in (conversations.Conversation, workflows.WorkflowLog, annotations.Annotation):
        assert all(row.id for row in page_in(body, kind).rows)
    for read_rows in (messages_in, conversations_in, lambda it: runs_in(it, "u"), run_in):
        read_rows(body)
    answer = Answer()
    for event in events_of(body):
        answer.take(event)
        details(event)
    assert math.isfinite(seconds(body))


@given(
    st.integers(300, 599), st.one_of(st.binary(max_size=200), JSON.map(json.dumps).map(str.encode)), st.text()
)
@settings(max_examples=300)
def test_a_refusal_is_told_whatever_the_body_is(status, body, conversation):
    error = refusal(status, body, conversation_id=conversation)
    assert isinstance(error, DifyError)
    assert error.advice.sentence in CATALOGUE


@given(st.none() | st.text(max_size=9), st.none() | st.integers(), JSON)
def test_a_failure_is_told_whatever_it_says(code, status, message):
    assert failure(code, status, message).advice.sentence in CATALOGUE
