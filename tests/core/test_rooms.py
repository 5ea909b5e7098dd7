"""Answers beyond what a platform can end soon wait, and are posted whole when they are done."""

import asyncio

from bench.virtual_time import run
from core.contract import Budget, Way
from core.lanes import Lanes
from core.writer import Writer
from tests.core.fakes import WAITLESS, FakeAdapter
from tests.core.writing import WORDS, drafts, grow, now, reply_on

UPDATE = Budget("fake:update", 50, 60.0)
STOP = Budget("fake:stop", 4, 60.0)
APPEND = Budget("fake:append", 100, 60.0, whole=False)
EDITED, STREAMED = Way(UPDATE, UPDATE), Way(APPEND, STOP)
ROOMS = 12  # a quarter of the calls


def on(budget):
    """A platform where posting costs nothing that is scarce."""
    return FakeAdapter(budget=lambda _draft, posted: budget if posted else WAITLESS)


def begun(lanes, ways, count):
    writers = [Writer() for _ in range(count)]
    return [lanes.rooms.enter(writer, ways) for writer in writers]


def test_ten_answers_at_once_wait_for_nothing():
    async def story():
        adapter, lanes = on(UPDATE), Lanes(now)
        replies = [reply_on(adapter, lanes=lanes, name=f"q{number}") for number in range(10)]
        for reply in replies:
            reply.show("Hello")
        await asyncio.gather(*(reply.visible.wait() for reply in replies))
        seen = now()
        await asyncio.gather(*(reply.finish("Hello.") for reply in replies))
        return seen

    assert run(story()) < 0.3


def test_who_finds_no_room_is_posted_whole_when_it_is_done():
    async def story():
        adapter, lanes = on(UPDATE), Lanes(now)
        growing = [reply_on(adapter, lanes=lanes, name=f"q{number}") for number in range(ROOMS)]
        for reply in growing:
            reply.show("Hello")
        await asyncio.gather(*(reply.visible.wait() for reply in growing))
        await grow(reply_on(adapter, lanes=lanes, name="late"), WORDS * 3)
        return [message for message in adapter.standing if message.ref.id == "key-late:0"]

    [late] = run(story())
    assert [draft.final for draft in late.drafts] == [True]
    assert late.text == WORDS * 3


def test_who_waits_begins_when_another_has_ended_the_first_in_line_first():
    async def story():
        adapter, lanes = on(UPDATE), Lanes(now)
        growing = [reply_on(adapter, lanes=lanes, name=f"q{number}") for number in range(ROOMS)]
        for reply in growing:
            reply.show("Hello")
        await asyncio.gather(*(reply.visible.wait() for reply in growing))
        first, second = (reply_on(adapter, lanes=lanes, name=name) for name in ("first", "second"))
        for reply in (first, second):
            reply.show("Hello")
            await asyncio.sleep(5)
        assert not first.refs
        await growing[0].finish("Hello.")
        await first.visible.wait()
        assert not second.refs
        await first.abandon()
        await second.visible.wait()
        return drafts(adapter, -1)

    assert [draft.final for draft in run(story())] == [False]


def test_an_abandoned_answer_leaves_the_line():
    async def story():
        lanes = Lanes(now)
        begun(lanes, [EDITED], ROOMS)
        waits = reply_on(on(UPDATE), lanes=lanes)
        waits.show("Hello")
        await asyncio.sleep(5)
        await waits.abandon()
        return lanes

    assert not run(story()).rooms._lines


def test_the_next_best_way_is_taken_where_the_best_has_no_room():
    async def story():
        return begun(Lanes(now), [STREAMED, EDITED], 4 + ROOMS + 1)

    ways = [entered and entered[0] for entered in run(story())]
    assert ways == [STREAMED] * 4 + [EDITED] * ROOMS + [None]


def test_an_end_taken_lately_is_no_room_for_another_stream():
    async def story():
        lanes = Lanes(now)
        first = Writer(final=True)
        _, lane = lanes.rooms.enter(first, [STREAMED, EDITED])
        await lane.acquire(first)
        lane.release(first)
        lane.leave(first)
        soon = begun(lanes, [STREAMED, EDITED], 4)
        await asyncio.sleep(61)
        return soon, begun(lanes, [STREAMED, EDITED], 1)

    soon, later = run(story())
    assert [way for way, _ in soon] == [STREAMED] * 3 + [EDITED]
    assert [way for way, _ in later] == [STREAMED]


def test_a_further_message_of_an_answer_waits_for_nothing():
    async def story():
        lanes = Lanes(now)
        begun(lanes, [STREAMED, EDITED], 4 + ROOMS)
        return lanes.rooms.go_on(Writer(), [STREAMED, EDITED])[0]

    assert run(story()) == EDITED


def test_a_long_answer_goes_on_in_further_messages_in_a_crowd():
    async def story():
        adapter, lanes = on(UPDATE), Lanes(now)
        adapter.page_length = 200
        await asyncio.gather(
            *(grow(reply_on(adapter, lanes=lanes, name=f"q{number}"), WORDS * 20) for number in range(30))
        )
        return adapter

    adapter = run(story())
    texts = [
        "".join(m.text for m in adapter.standing if m.ref.id.startswith(f"key-q{n}:")) for n in range(30)
    ]
    assert texts == [WORDS * 20] * 30
