"""Real connections cut at every event's border and a byte beside it: what the client gives before it ends."""

from dataclasses import replace

import pytest

from core.answer import Answer, Outcome
from core.errors import DifyLost
from simulators.dify.cut import Cut

QUERY = "Grüße 👍🏽 日本語"
KINDS = ("chat", "agent-chat", "advanced-chat", "completion", "workflow")
ENDS = {"message_end", "workflow_finished"}


async def given(us):
    """The events that the client gives, and whether it said that the stream was lost."""
    events = []
    try:
        async with us.asking(QUERY) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401  # those before the error count
    except DifyLost:
        return events, True
    return events, False


def likeness(event):
    """What of an event is the same in each run: no ids and times."""
    data = getattr(event, "data", None)
    told = [getattr(event, "answer", None), getattr(data, "text", None), getattr(data, "status", None)]
    return [event.event, *told]


def folded(events):
    answer = Answer()
    for event in events:
        answer.take(event)
    return answer


def places(total):
    """Every border between two events, a byte before it and a byte behind it."""
    yield from (Cut(0), Cut(0, 1))
    for events in range(1, total):
        yield from (Cut(events, -1), Cut(events), Cut(events, 1))
    yield from (Cut(total, -1), Cut(total))


@pytest.mark.parametrize("clean", [False, True], ids=["aborted", "ended"])
@pytest.mark.parametrize("kind", KINDS)
async def test_all_whole_events_before_a_cut_are_given_exactly_once(either, asker, kind, clean):
    us = asker(either, kind)
    whole, _ = await given(us)
    full = folded(whole)
    assert full.outcome is Outcome.COMPLETE
    pings = int(kind in {"advanced-chat", "workflow"} and either.version > "1")  # one comes first of all
    for place in places(len(whole) + pings):
        either.cut_next = replace(place, clean=clean)
        events, lost = await given(us)
        expected = whole[: max(0, place.events - pings - (place.offset < 0))]
        assert [likeness(event) for event in events] == [likeness(event) for event in expected], place
        assert lost is not clean
        answer = folded(events)
        assert full.text.startswith(answer.text)
        assert answer.outcome is (full.outcome if answer.decided else Outcome.LOST)
        assert answer.decided is any(event.event in ENDS for event in events)
