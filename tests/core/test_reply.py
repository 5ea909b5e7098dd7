"""One growing answer on a platform in memory: what stands there, how it came to stand, and when."""

import asyncio
import itertools

import pytest

from bench.virtual_time import run
from core.contract import Budget, Gone
from core.lanes import Lanes
from core.persist import ATTEMPTS
from tests.core.fakes import FakeAdapter, Limited, Lost
from tests.core.writing import WORDS, drafts, grow, now, reply_on

UPDATE = Budget("fake:update", 50, 60.0)


def test_an_answer_grows_in_one_message_and_ends_exactly():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        await grow(reply, WORDS * 5)
        return adapter, reply

    adapter, reply = run(story())
    assert [message.text for message in adapter.standing] == [WORDS * 5]
    shown = drafts(adapter)
    assert len(shown) > 5
    assert shown[-1].final
    assert not any(draft.final or draft.redraw for draft in shown[:-2])  # the end may overlap an edit
    for earlier, later in itertools.pairwise(shown):
        assert later.markdown.startswith(earlier.markdown)
    assert reply.refs == [message.ref for message in adapter.standing]
    assert reply.calls == len(adapter.calls)


def test_the_first_text_goes_out_at_once():
    async def story():
        adapter = FakeAdapter(rtt=0.2, budget=UPDATE)
        reply = reply_on(adapter)
        await asyncio.sleep(5)
        reply.show("Hi")
        await reply.visible.wait()
        seen = now()
        await reply.finish("Hi there")
        return adapter, reply, seen

    adapter, reply, seen = run(story())
    assert adapter.calls[0].at == pytest.approx(5.1)  # half a round trip on its way
    assert (seen, reply.first_text_at) == (pytest.approx(5.2), pytest.approx(5.2))


def test_the_newest_text_wins_and_nothing_queues_up():
    async def story():
        adapter = FakeAdapter(rtt=2.0)
        reply = reply_on(adapter)
        for end in range(1, 101):
            reply.show("x" * end)
            await asyncio.sleep(0.01)
        await reply.finish("x" * 101)
        return adapter, now()

    adapter, ended = run(story())
    assert [len(call.draft.markdown) for call in adapter.calls] == [1, 101]
    assert ended == pytest.approx(4.0, abs=0.01)


def test_showing_never_waits_and_one_call_is_in_flight_per_message():
    async def story():
        adapter = FakeAdapter(rtt=30.0)  # the fake refuses two calls at once for one message
        reply = reply_on(adapter)
        reply.show("a")
        before = now()
        for end in range(1000):
            reply.show("a" * (end + 1))
        assert now() == before
        await reply.finish("a" * 1000)
        return adapter

    adapter = run(story())
    assert adapter.busiest == 1
    assert adapter.text == "a" * 1000


def test_a_text_shown_twice_is_not_sent_twice():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        for _ in range(5):
            reply.show("same")
            await asyncio.sleep(10)
        await reply.finish("same")
        return adapter

    assert [(call.draft.markdown, call.draft.final) for call in run(story()).calls] == [
        ("same", False),
        ("same", True),
    ]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_there_is_never_an_empty_message(text):
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        reply.show(text)
        await asyncio.sleep(5)
        await reply.finish(text)
        return adapter

    assert run(story()).calls == []


def test_an_empty_answer_with_a_notice_is_one_message():
    async def story():
        adapter = FakeAdapter()
        await reply_on(adapter).finish("", ("The app gave an empty answer.",))
        return adapter

    [call] = run(story()).calls
    assert (call.draft.markdown, call.draft.notices) == ("", ("The app gave an empty answer.",))
    assert call.draft.final


def test_notices_stand_on_the_last_page_only_and_apart_from_the_text():
    async def story():
        adapter = FakeAdapter(page_length=100)
        await reply_on(adapter).finish(WORDS * 5, ("Stopped.",))
        return adapter

    adapter = run(story())
    assert [message.drafts[-1].notices for message in adapter.standing] == [(), (), ("Stopped.",)]
    assert adapter.text == WORDS * 5


def test_a_429_is_obeyed_exactly_and_only_the_newest_text_follows():
    async def story():
        adapter = FakeAdapter(rtt=0.2)
        reply = reply_on(adapter)
        reply.show("one")
        await asyncio.sleep(1)
        adapter.faults.append(Limited(17.5))
        for end in range(1, 40):
            reply.show("one" + "!" * end)
            await asyncio.sleep(0.5)
        await reply.finish("one" + "!" * 40)
        return adapter, reply

    adapter, reply = run(story())
    limited = next(call for call in adapter.calls if call.outcome == "limited")
    after = [call for call in adapter.calls if call.at > limited.at]
    heard = limited.at + 0.1  # the reply had half a round trip to go
    assert after[0].at == pytest.approx(heard + 17.5 + 0.1, abs=1e-6)
    assert len(after[0].draft.markdown) > len(limited.draft.markdown) + 30
    assert adapter.text == "one" + "!" * 40
    assert reply.rate_limited == 1


def test_a_429_holds_all_answers_of_the_bucket():
    async def story():
        adapter, lanes = FakeAdapter(rtt=0.2), Lanes(now)
        first, second = reply_on(adapter, lanes=lanes, name="a"), reply_on(adapter, lanes=lanes, name="b")
        adapter.faults.append(Limited(10.0))
        first.show("first")
        await asyncio.sleep(1)
        await asyncio.gather(first.finish("first!"), second.finish("second!"))
        return adapter

    calls = run(story()).calls
    assert calls[0].at == pytest.approx(0.1)
    assert min(call.at for call in calls[1:]) == pytest.approx(10.3)


@pytest.mark.parametrize("done", [True, False])
def test_an_uncertain_call_is_repeated_as_it_was_and_never_doubled(done):
    async def story():
        adapter = FakeAdapter()
        adapter.faults += [Lost(done), Lost(done)]
        reply = reply_on(adapter)
        reply.show("One")
        for end in range(1, 20):
            await asyncio.sleep(0.2)
            reply.show("One" + "." * end)
        await reply.finish("One and all.")
        return adapter

    adapter = run(story())
    first, second, third, *_ = adapter.calls
    assert first.draft == second.draft == third.draft
    assert {call.message for call in adapter.calls} == {first.message}
    assert [message.text for message in adapter.standing] == ["One and all."]


def test_an_uncertain_edit_is_repeated_before_newer_text_is_sent():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        reply.show("One")
        await asyncio.sleep(3)
        adapter.faults.append(Lost(done=True))
        reply.show("One two")
        await asyncio.sleep(0.3)
        await reply.finish("One two three")
        return adapter

    assert [call.draft.markdown for call in run(story()).calls] == [
        "One",
        "One two",
        "One two",
        "One two three",
    ]


def test_an_unexpected_failure_of_a_call_does_not_end_the_answer():
    async def story():
        adapter = FakeAdapter()
        adapter.faults += [ValueError("surprise"), KeyError("surprise")]
        await reply_on(adapter).finish("Text")
        return adapter

    assert run(story()).text == "Text"


def test_a_platform_that_stays_down_is_given_up_in_the_end():
    async def story():
        adapter = FakeAdapter()
        adapter.faults += [Lost(done=False)] * 100
        reply = reply_on(adapter)
        await reply.finish("Text")
        return adapter, reply, now()

    adapter, reply, ended = run(story())
    assert isinstance(reply.gone, Gone)
    assert len(adapter.calls) == ATTEMPTS
    assert 300 < ended < 900


@pytest.mark.parametrize("at", [0, 1])
def test_a_message_that_is_gone_ends_the_writing(at):
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        adapter.faults += [None] * at + [Gone("channel_not_found")]
        reply.show("One")
        await asyncio.sleep(2)
        reply.show("One two")
        await asyncio.sleep(10)
        calls = len(adapter.calls)
        await reply.finish("One two three")
        return reply, calls, len(adapter.calls)

    reply, before, after = run(story())
    assert "channel_not_found" in str(reply.gone)
    assert before == after == at + 1
