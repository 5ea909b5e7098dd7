"""Replicas take equal parts of a platform's budgets and of Dify's limits: together they are as one."""

import asyncio
from itertools import count

import pytest

from bench.virtual_time import run
from core.contract import Budget
from core.dify.server import DifyServer, StreamLimits
from core.lane import part
from core.lanes import Lanes
from tests.core.fakes import FakeAdapter, Limiter
from tests.core.writing import WORDS, grow, now, reply_on

ANSWERS = 8
SLIDING, FIXED = Budget("w", 50, 60.0), Budget("w", 5, 5.0, fixed=True)


async def load(replicas, budget):
    """So many answers at once, spread over replicas; what the platform refused, and what stands."""
    limiter = Limiter(budget.calls, budget.seconds, fixed=budget.fixed)
    adapters, lanes = [], []
    for _ in range(replicas):
        adapters.append(FakeAdapter(page_length=10_000, budget=budget, limiter=limiter))
        lanes.append(Lanes(now))
        lanes[-1].share(replicas)
    names = count()
    text = WORDS * 60
    async with asyncio.TaskGroup() as group:
        for number in range(ANSWERS):
            replica = number % replicas
            reply = reply_on(adapters[replica], lanes=lanes[replica], name=f"q{next(names)}")
            group.create_task(grow(reply, text))
    calls = [call for adapter in adapters for call in adapter.calls]
    standing = [message.text for adapter in adapters for message in adapter.standing]
    return sum(call.outcome == "limited" for call in calls), standing == [text] * ANSWERS


@pytest.mark.parametrize("budget", [SLIDING, FIXED], ids=["sliding", "fixed"])
@pytest.mark.parametrize("replicas", [2, 3])
def test_replicas_under_load_are_refused_no_more_than_one(budget, replicas):
    alone, whole = run(load(1, budget))
    together, all_whole = run(load(replicas, budget))
    assert whole
    assert all_whole
    assert together <= alone


@pytest.mark.parametrize(
    ("calls", "seconds", "among", "expected"),
    [
        (50, 60.0, 1, (50, 60.0)),
        (50, 60.0, 2, (25, 60.0)),
        (5, 5.0, 2, (2, 5.0)),
        (1, 1.0, 2, (1, 2.0)),
        (2, 10.0, 3, (1, 15.0)),
    ],
)
def test_a_part_is_equal_and_never_nothing(calls, seconds, among, expected):
    share = part(Budget("b", calls, seconds), among)
    assert (share.calls, share.seconds) == expected
    assert among * share.calls / share.seconds <= max(calls / seconds, 1e-9) + 1e-9


def test_who_stays_alone_has_the_whole_budget_again():
    async def story():
        lanes = Lanes(now)
        lane = lanes.lane(Budget("b", 4, 60.0))
        lanes.share(4)
        lanes.share(1)
        return [lane._budget.calls, lanes.lane(Budget("c", 6, 60.0))._budget.calls]

    assert run(story()) == [4, 6]


async def entered(server, *, run):
    """Somebody who asks until cancelled."""
    inside = asyncio.Event()

    async def ask():
        async with server.stream_slot(run=run):
            inside.set()
            await asyncio.Event().wait()

    return inside, asyncio.create_task(ask())


async def test_streams_are_shared_and_given_back_when_a_replica_goes():
    server = DifyServer("http://127.0.0.1:1", StreamLimits(streams=4, runs=2))
    server.share(2)
    asking = [await entered(server, run=False) for _ in range(4)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [inside.is_set() for inside, _ in asking] == [True, True, False, False]
    server.share(1)
    for inside, _ in asking:
        await asyncio.wait_for(inside.wait(), 1)
    server.share(4)  # who is inside stays; nobody else is let in
    late, task = await entered(server, run=False)
    assert not server.stream_is_free(run=False)
    for _, other in asking[:3]:
        other.cancel()
    await asyncio.gather(*(other for _, other in asking[:3]), return_exceptions=True)
    assert not late.is_set()
    asking[3][1].cancel()
    await asyncio.wait_for(late.wait(), 1)
    task.cancel()
    await asyncio.gather(task, asking[3][1], return_exceptions=True)
    await server.aclose()


async def test_who_gives_up_waiting_takes_no_place():
    server = DifyServer("http://127.0.0.1:1", StreamLimits(streams=1, runs=1))
    first, second, third = [await entered(server, run=True) for _ in range(3)]
    await asyncio.wait_for(first[0].wait(), 1)
    second[1].cancel()
    await asyncio.gather(second[1], return_exceptions=True)
    first[1].cancel()
    await asyncio.wait_for(third[0].wait(), 1)
    third[1].cancel()
    await asyncio.gather(first[1], third[1], return_exceptions=True)
    assert server.stream_is_free(run=True)
    await server.aclose()
