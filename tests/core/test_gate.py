"""The bucket of all calls: never more than it holds, ends first, nobody is forgotten; in virtual time."""

import asyncio

import pytest

from bench.virtual_time import run
from core.contract import Budget
from core.gate import Gate
from core.lanes import Lanes
from core.writer import Writer
from tests.core.fakes import FakeAdapter
from tests.core.writing import WORDS, grow, now, reply_on

EVERYTHING = Budget("all", 10, 1.0)


def grown(since):
    """An answer that has been shown before."""
    return Writer(first=0.0, last=1.0, stale_since=since)


async def call(gate, writer, seen, *, seconds=0.1):
    await gate.acquire(writer)
    seen.append((now(), writer))
    await asyncio.sleep(seconds)
    gate.release()


def in_any_second(times):
    return max(sum(at <= other < at + 1.0 for other in times) for at in times)


def test_no_second_has_more_calls_than_it_holds():
    async def story():
        gate, seen = Gate(EVERYTHING, now), []
        await asyncio.gather(*(call(gate, grown(n), seen) for n in range(100)))
        return [at for at, _ in seen]

    times = run(story())
    assert len(times) == 100
    assert in_any_second(times) <= 10
    assert times[-1] < 12  # nine a second: one is kept


def test_ends_and_first_texts_have_some_for_themselves():
    async def story():
        gate, seen = Gate(Budget("all", 40, 1.0), now), []
        others = [asyncio.create_task(call(gate, grown(n), seen)) for n in range(50)]
        await asyncio.sleep(0.01)
        end, first = grown(99), Writer(first=1.0, last=1.0, stale_since=99)
        end.final = True
        await asyncio.gather(call(gate, end, seen), call(gate, first, seen))
        at_once = [at for at, writer in seen if writer in (end, first)]
        await asyncio.gather(*others)
        return at_once

    assert max(run(story())) < 0.1


def test_the_stalest_goes_first_and_an_end_before_it():
    async def story():
        gate, seen = Gate(EVERYTHING, now), []
        before = [asyncio.create_task(call(gate, grown(0), seen)) for _ in range(9)]
        await asyncio.sleep(0)
        late, early, end = grown(7.0), grown(3.0), grown(9.0)
        tasks = [asyncio.create_task(call(gate, each, seen)) for each in (late, early, end)]
        await asyncio.sleep(0.05)
        end.final = True
        gate.poke()
        await asyncio.gather(*before, *tasks)
        return [writer for _, writer in seen[9:]] == [end, early, late]

    assert run(story())


def test_who_gives_up_takes_nothing_away():
    async def story():
        gate, seen = Gate(Budget("all", 6, 1.0), now), []
        first = [asyncio.create_task(call(gate, grown(0), seen)) for _ in range(5)]
        await asyncio.sleep(0)
        gone = [asyncio.create_task(call(gate, grown(1), seen)) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in gone:
            task.cancel()
        await asyncio.gather(*first)
        await asyncio.gather(*(call(gate, grown(n), seen) for n in range(4)))
        return seen

    times = [at for at, _ in run(story())]
    assert len(times) == 9
    assert 1.0 < times[-1] < 1.3


def test_a_part_of_it_where_several_processes_call():
    async def story():
        gate, seen = Gate(EVERYTHING, now), []
        gate.share(2)
        await asyncio.gather(*(call(gate, grown(n), seen) for n in range(40)))
        return [at for at, _ in seen]

    assert in_any_second(run(story())) <= 5


def test_of_a_single_call_nothing_is_kept():
    async def story():
        gate, seen = Gate(Budget("all", 1, 1.0), now), []
        await asyncio.gather(*(call(gate, grown(n), seen) for n in range(3)))
        return len(seen)

    assert run(story()) == 3


def test_many_answers_with_budgets_of_their_own_keep_to_what_all_may():
    """Each could be edited as often as it likes; together they may not, and every end is soon there."""

    everything = Budget("all", 20, 1.0)

    def platform(number):
        return FakeAdapter(
            page_length=10_000, budget=Budget(f"own {number}", 5, 5.0, True, within=everything)
        )

    async def story():
        lanes = Lanes(now)
        adapters = [platform(number) for number in range(60)]
        ends = await asyncio.gather(*(answered(adapter, lanes) for adapter in adapters))
        return adapters, max(ends)

    async def answered(adapter, lanes):
        reply = reply_on(adapter, lanes=lanes)
        await grow(reply, WORDS * 10, size=3)
        return now()

    adapters, end = run(story())
    assert in_any_second([call.at for adapter in adapters for call in adapter.calls]) <= 20
    assert [adapter.text for adapter in adapters] == [WORDS * 10] * 60
    assert sum(len(adapter.calls) for adapter in adapters) > 2.5 * 60  # they were edited meanwhile
    assert end < len(WORDS * 10) / 3 / 20 + 60 / 20 + 2


def test_who_waits_at_the_gate_keeps_to_a_pause_that_came_meanwhile():
    async def story():
        everything = Budget("all", 2, 1.0)
        lanes, writers = Lanes(now), [Writer(final=True) for _ in range(4)]
        lane, seen = lanes.lane(Budget("own", 50, 1.0, within=everything)), []

        async def one(writer):
            await lane.acquire(writer)
            seen.append(now())
            lane.release(writer)

        tasks = [asyncio.create_task(one(writer)) for writer in writers]
        await asyncio.sleep(0.1)
        lane.pause(30)
        await asyncio.gather(*tasks)
        return seen

    times = run(story())
    assert len([at for at in times if at < 0.1]) == 2
    assert [at for at in times if at >= 0.1] == pytest.approx([30.1, 30.1], abs=0.1)
