"""The scheduler of one bucket: who is let out next, and when, in virtual time."""

import asyncio

import pytest

from bench.virtual_time import run
from core.contract import Allowance, Budget
from core.lane import Lane
from core.lanes import Lanes
from core.writer import Writer

SLIDING = Budget("b", 3, 60.0)
FIXED = Budget("b", 3, 5.0, fixed=True)


def now():
    return asyncio.get_running_loop().time()


async def call(lane, writer, *, seconds=0.1, allowance=None):
    """One call of a round trip; when it was let out."""
    await lane.acquire(writer)
    at = now()
    await asyncio.sleep(seconds)
    lane.release(writer, allowance)
    return at


def lane_of(budget):
    return Lane(budget, now)


def test_a_first_text_goes_out_at_once():
    async def story():
        lane = lane_of(SLIDING)
        await asyncio.sleep(12)
        return await call(lane, Writer())

    assert run(story()) == pytest.approx(12)


def test_a_sliding_budget_gives_each_call_back_its_window_after_the_reply():
    async def story():
        lane = lane_of(SLIDING)
        return [await call(lane, Writer(final=True)) for _ in range(5)]

    assert run(story()) == pytest.approx([0, 0.1, 0.2, 60.1, 60.2], abs=1e-3)


def test_a_fixed_budget_comes_back_all_at_once():
    async def story():
        lane = lane_of(FIXED)
        return [await call(lane, Writer(final=True)) for _ in range(7)]

    assert run(story()) == pytest.approx([0, 0.1, 0.2, 5.1, 5.2, 5.3, 10.2], abs=1e-3)


def test_what_is_only_repeated_comes_last_and_leaves_half_of_the_budget():
    async def story():
        lane = lane_of(Budget("b", 4, 60.0))
        repeats = [asyncio.create_task(call(lane, Writer(final=True, spare=True))) for _ in range(3)]
        await asyncio.sleep(1)
        finals = [await call(lane, Writer(final=True, stale_since=1.0)) for _ in range(3)]
        return finals, [await repeat for repeat in repeats]

    finals, repeats = run(story())
    assert finals == pytest.approx([1.0, 1.1, 60.1], abs=1e-3)
    assert repeats == pytest.approx([0.0, 0.0, 61.2], abs=1e-3)


def test_the_platforms_own_count_is_believed():
    async def story():
        lane = lane_of(FIXED)
        first = await call(lane, Writer(final=True), allowance=Allowance(remaining=0, reset_after=2.0))
        second = await call(lane, Writer(final=True), allowance=Allowance(remaining=2, reset_after=9.0))
        return [first, second] + [await call(lane, Writer(final=True)) for _ in range(3)]

    # used up until .1 + 2; then two more, and the rest when that window ends (2.2 + 9)
    assert run(story()) == pytest.approx([0, 2.1, 2.2, 2.3, 11.2], abs=1e-3)


def test_a_call_in_flight_counts_as_used():
    async def story():
        lane = lane_of(Budget("b", 1, 10.0))
        first = asyncio.create_task(call(lane, Writer(final=True), seconds=4.0))
        second = asyncio.create_task(call(lane, Writer(final=True)))
        return [await first, await second]

    assert run(story()) == pytest.approx([0, 14.0], abs=1e-3)


def test_a_pause_holds_everybody_exactly_so_long():
    async def story():
        lane = lane_of(Budget("b", 100, 60.0))
        lane.pause(7.25)
        lane.pause(3.0)  # a shorter one does not shorten it
        return await asyncio.gather(call(lane, Writer(final=True)), call(lane, Writer()))

    assert run(story()) == pytest.approx([7.25, 7.25], abs=1e-6)


def test_finals_go_first_then_whose_text_has_waited_longest():
    async def story():
        lane, order = lane_of(Budget("b", 1, 10.0)), []

        async def one(name, writer):
            await call(lane, writer)
            order.append(name)
            lane.leave(writer)

        await call(lane, Writer())
        writers = {
            "younger": Writer(stale_since=3.0),
            "older": Writer(stale_since=1.0),
            "younger final": Writer(stale_since=4.0, final=True),
            "older final": Writer(stale_since=2.0, final=True),
        }
        await asyncio.gather(*(one(name, writer) for name, writer in writers.items()))
        return order

    assert run(story()) == ["older final", "younger final", "older", "younger"]


def test_a_writer_that_becomes_final_while_it_waits_may_use_the_reserve():
    async def story():
        lane, writer = lane_of(Budget("b", 4, 60.0)), Writer()
        for _ in range(3):
            await call(lane, Writer(final=True))
        await call(lane, writer)
        waiting = asyncio.create_task(call(lane, writer))
        await asyncio.sleep(1)
        waiting_still = not waiting.done()
        del lane._used[0]  # one call comes back early: the reserve
        writer.final = True
        lane.poke()
        return waiting_still, await waiting

    still, at = run(story())
    assert still
    assert at == pytest.approx(1.4, abs=0.01)


def test_answers_that_share_a_budget_share_it_fairly():
    async def story():
        lane, counts = lane_of(Budget("b", 50, 60.0)), [0] * 5

        async def answer(index):
            writer = Writer()
            while now() < 120:
                writer.stale_since = now()
                await call(lane, writer)
                counts[index] += 1

        await asyncio.gather(*(answer(index) for index in range(5)))
        return counts

    counts = run(story())
    assert max(counts) - min(counts) <= 2
    assert sum(counts) > 70  # of 100 that two windows allow, and a reserve


def test_who_gives_up_waiting_takes_no_call():
    async def story():
        lane, writer = lane_of(Budget("b", 1, 10.0)), Writer(final=True)
        await call(lane, Writer(final=True))
        waiting = asyncio.create_task(call(lane, writer))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await call(lane, Writer(final=True))

    assert run(story()) == pytest.approx(10.1, abs=1e-3)


def test_who_is_cancelled_in_the_moment_of_the_grant_gives_it_back():
    async def story():
        lane = lane_of(Budget("b", 1, 10.0))
        first, second = Writer(final=True), Writer(final=True)
        await lane.acquire(first)
        waiting = asyncio.create_task(lane.acquire(second))
        await asyncio.sleep(1)
        lane.release(first, used=False)  # grants the second one, which has not been told yet
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return waiting.cancelled(), await call(lane, Writer(final=True))

    cancelled, at = run(story())
    assert cancelled
    assert at == pytest.approx(1, abs=1e-6)


def test_a_grant_that_was_not_used_costs_nothing():
    async def story():
        lane, writer = lane_of(Budget("b", 1, 10.0)), Writer(final=True)
        await lane.acquire(writer)
        lane.release(writer, used=False)
        return await call(lane, writer)

    assert run(story()) == pytest.approx(0, abs=1e-6)


def test_budgets_of_one_key_share_a_lane_and_idle_lanes_are_forgotten():
    async def story():
        lanes = Lanes(now)
        first = lanes.lane(Budget("slack:T1:chat.update", 50, 60.0))
        same = lanes.lane(Budget("slack:T1:chat.update", 50, 60.0))
        for number in range(5000):
            lanes.lane(Budget(f"channel:{number}", 5, 5.0))
        return first is same, len(lanes._lanes)

    same, kept = run(story())
    assert same
    assert kept <= 1001


def test_a_lane_in_use_or_paused_is_not_forgotten():
    async def story():
        lanes = Lanes(now)
        paused = lanes.lane(Budget("paused", 5, 5.0))
        paused.pause(60)
        used = lanes.lane(Budget("used", 5, 5.0))
        writer = Writer()
        await call(used, writer)
        for number in range(3000):
            lanes.lane(Budget(f"channel:{number}", 5, 5.0))
        kept = lanes.lane(Budget("paused", 5, 5.0)) is paused and lanes.lane(Budget("used", 5, 5.0)) is used
        used.leave(writer)
        await asyncio.sleep(61)
        return kept, used.idle, paused.idle

    assert run(story()) == (True, True, True)
