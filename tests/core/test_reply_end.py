"""The end of an answer, sent beside the edit that is in flight."""

import asyncio

import pytest

from bench.virtual_time import run
from core.contract import Budget
from core.lanes import Lanes
from tests.core.fakes import FakeAdapter, Limited, Limiter, Lost
from tests.core.writing import now, reply_on

UPDATE = Budget("fake:update", 50, 60.0)
PATCH = Budget("fake:patch", 5, 5.0, fixed=True)


async def _ending_over_an_edit(adapter, *, returns=(), lanes=None):
    """An answer whose end comes while an edit is in flight; the trips take as long as told."""
    trips = iter(returns)
    adapter.rtt = lambda: next(trips, 0.2)
    reply = reply_on(adapter, lanes=lanes)
    reply.show("One")
    await reply.visible.wait()
    await asyncio.sleep(10)
    reply.show("One two")
    await adapter.underway(1)
    await reply.finish("One two three.")
    return reply


@pytest.mark.parametrize("budget", [UPDATE, PATCH], ids=lambda budget: budget.key)
@pytest.mark.parametrize("returns", [(0.2, 4.0, 0.2), (0.2, 1.0, 4.0), (0.2, 2.0, 2.0)])
def test_the_end_does_not_wait_for_an_edit_in_flight_and_stands_whichever_lands_first(returns, budget):
    async def story():
        limiter = Limiter(budget.calls, budget.seconds, fixed=budget.fixed)
        adapter = FakeAdapter(budget=budget, limiter=limiter)
        return adapter, await _ending_over_an_edit(adapter, returns=returns)

    adapter, reply = run(story())
    assert adapter.text == "One two three."
    assert adapter.busiest == 2
    texts = [call.draft.markdown for call in adapter.calls]
    assert sorted(texts[1:3]) == ["One two", "One two three."]
    assert texts[3:] == ["One two three."]  # they may have landed in the wrong order
    assert reply.calls == 4


@pytest.mark.parametrize(
    "budget",
    [
        Budget("fake:append", 100, 60.0, whole=False),  # each call carries a piece: the order is everything
        Budget("fake:narrow", 3, 60.0),  # none is left for the edit that makes sure
    ],
    ids=lambda budget: budget.key,
)
def test_the_end_overlaps_nothing_where_that_would_not_do(budget):
    async def story():
        adapter = FakeAdapter(budget=budget)
        await _ending_over_an_edit(adapter, returns=(0.2, 4.0))
        return adapter

    adapter = run(story())
    assert [call.draft.markdown for call in adapter.calls] == ["One", "One two", "One two three."]
    assert adapter.busiest == 1


def test_the_end_does_not_overlap_the_first_post():
    async def story():
        adapter = FakeAdapter(rtt=4.0)
        reply = reply_on(adapter)
        reply.show("One")
        await adapter.underway(1)
        await reply.finish("One two.")
        return adapter

    assert run(story()).busiest == 1


@pytest.mark.parametrize("fault", [Limited(3.0), Lost(done=True), Lost(done=False)])
@pytest.mark.parametrize("which", [1, 2])
def test_an_end_that_overlaps_stands_whatever_becomes_of_either_call(fault, which):
    async def story():
        adapter = FakeAdapter()
        adapter.faults.extend([None] * which + [fault])
        await _ending_over_an_edit(adapter, returns=(0.2, 2.0, 3.0))
        return adapter

    adapter = run(story())
    assert adapter.text == "One two three."
    assert [message.drafts[-1].final for message in adapter.standing] == [True]
    ends = [call.draft.final for call in adapter.calls if call.outcome in {"ok", "lost-done"}]
    assert ends == sorted(ends), "never back to an older text"


def test_an_abandoned_answer_takes_its_overlapping_end_back():
    async def story():
        adapter, lanes = FakeAdapter(budget=UPDATE), Lanes(now)
        ending = asyncio.create_task(_ending_over_an_edit(adapter, returns=(0.2, 9.0, 9.0), lanes=lanes))
        await adapter.underway(2)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        await asyncio.sleep(60)
        return adapter, lanes.lane(UPDATE)

    adapter, lane = run(story())
    assert [call.draft.markdown for call in adapter.calls] == ["One"]
    assert lane._in_flight == 0
