"""The SSE parser against an independent reading of the standard, cut anywhere."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dify.sse import PING, EventSplitter

LINE_END = st.sampled_from(["\n", "\r\n", "\r"])
TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
FIELD = st.one_of(
    TEXT.map(lambda text: f"data: {text}"),
    TEXT.map(lambda text: f"data:{text}"),
    st.just("data"),
    TEXT.map(lambda text: f": {text}"),
    st.sampled_from(["event: ping", "event: other", "id: 7", "retry: 3", "", "", "rubbish", " data: no"]),
    TEXT,
)
LINES = st.lists(st.tuples(FIELD, LINE_END), max_size=40)


def read(text):
    """The standard's algorithm, on the whole text at once (an event that is not ended is dropped)."""
    events, data, ping = [], [], False
    lines = re.split(r"\r\n|\r|\n", text)
    for line in lines[:-1]:
        if not line:
            if data or ping:
                events.append("\n".join(data).encode() if data else PING)
            data, ping = [], False
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        ping = ping or (name == "event" and value == "ping")
    return events


def fed(body, cuts=()):
    """What the parser yields for the bytes, cut at these places."""
    splitter, found, at = EventSplitter(), [], 0
    for cut in [*sorted({cut for cut in cuts if cut <= len(body)}), len(body)]:
        found += splitter.feed(body[at:cut])
        at = cut
    return found


@given(LINES, st.lists(st.integers(0, 2000), max_size=30))
@settings(max_examples=500)
def test_any_stream_cut_anywhere_is_read_as_the_standard_says(lines, cuts):
    text = "".join(f"{field}{end}" for field, end in lines)
    assert fed(text.encode(), cuts) == read(text)


@given(LINES)
@settings(max_examples=200)
def test_one_byte_at_a_time_is_the_same_as_all_at_once(lines):
    body = "".join(f"{field}{end}" for field, end in lines).encode()
    assert fed(body, range(len(body))) == fed(body)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_cut_inside_a_character_or_a_line_end_is_harmless(end):
    payload = json.dumps({"answer": "日本語 🎉 é"}, ensure_ascii=False).encode()
    body = (b"data: " + payload + end + end) * 2
    for cut in range(len(body) + 1):
        assert fed(body, [cut]) == [payload, payload]


def test_empty_chunks_change_nothing():
    splitter = EventSplitter()
    chunks = [b"", b"data: a\r", b"", b"\n\r", b"", b"\n", b""]
    assert [event for chunk in chunks for event in splitter.feed(chunk)] == [b"a"]


def test_several_data_lines_are_joined():
    assert fed(b"data: {\ndata:\ndata: }\n\n") == [b"{\n\n}"]


def test_comments_and_other_fields_are_skipped():
    assert fed(b": hello\nid: 1\nretry: 5\nevent: message\ndata: x\n\n: bye\n\n") == [b"x"]


def test_an_event_that_is_not_ended_is_not_yielded():
    assert fed(b"data: whole\n\ndata: half\n") == [b"whole"]


def test_a_ping_comes_through_as_an_event_without_data():
    assert fed(b"event: ping\n\ndata: x\n\nevent: ping\r\n\r\n") == [PING, b"x", PING]


def test_an_event_that_is_called_ping_but_has_data_is_its_data():
    assert fed(b"event: ping\ndata: x\n\n") == [b"x"]


@pytest.mark.parametrize("step", [1024, 65536, 10**7])
def test_a_line_of_200_kilobytes_is_one_event(step):
    long = json.dumps({"event": "node_finished", "text": "x" * 200_000}).encode()
    body = b"data: " + long + b"\n\ndata: next\n\n"
    assert fed(body, range(0, len(body), step)) == [long, b"next"]


@given(st.integers(0, 400), st.lists(st.integers(0, 600), max_size=20), LINE_END)
@settings(max_examples=300)
def test_a_line_over_the_limit_is_given_up_but_the_next_event_is_not(length, cuts, end):
    """What is within the limit always arrives; what is over it arrives whole (in one chunk) or not at all."""
    eol = end.encode()
    long = b"y" * length
    body = b"data: before" + eol + eol + b"data: " + long + eol + eol + b"data: after" + eol + eol
    splitter = EventSplitter(max_line=100)
    found, at = [], 0
    for cut in [*sorted({cut for cut in cuts if cut <= len(body)}), len(body)]:
        found += splitter.feed(body[at:cut])
        at = cut
    assert found[0] == b"before"
    assert found[-1] == b"after"
    assert found[1:-1] in ([long], [])
    if length <= 94:
        assert found[1:-1] == [long]
    assert splitter.oversized == (found[1:-1] == [])


def test_memory_stays_bounded_while_an_endless_line_comes_in():
    splitter = EventSplitter(max_line=1000)
    for _ in range(1000):
        assert list(splitter.feed(b"z" * 999)) == []
    assert len(splitter._buffer) <= 2000
    assert splitter.oversized == 1
    assert list(splitter.feed(b"\n\ndata: next\n\n")) == [b"next"]


def test_the_data_of_an_event_around_an_oversized_line_is_kept_apart_from_the_next():
    splitter = EventSplitter(max_line=20)
    found = [*splitter.feed(b"data: " + b"a" * 50), *splitter.feed(b"\n\ndata: b\n\n")]
    assert found == [b"b"]
