"""Answers that share one strict budget: no call too many, and every text ends exactly."""

import asyncio

import pytest

from bench.virtual_time import run
from core.contract import Budget
from core.lanes import Lanes
from tests.core.fakes import FakeAdapter, Limiter
from tests.core.writing import WORDS, grow, now, reply_on, rtts

UPDATE = Budget("fake:update", 50, 60.0)


def test_abandoning_leaves_what_stands():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        reply.show("One")
        await asyncio.sleep(2)
        reply.show("One two")
        await reply.abandon()
        await asyncio.sleep(60)
        return adapter

    assert run(story()).text == "One"


def test_an_abandoned_answer_leaves_its_budget_to_others():
    async def story():
        adapter, lanes = FakeAdapter(budget=Budget("fake:b", 2, 60.0)), Lanes(now)
        first = reply_on(adapter, lanes=lanes, name="a")
        first.show("One")
        await asyncio.sleep(1)
        first.show("One two")  # waits for the budget
        await first.abandon()
        await reply_on(adapter, lanes=lanes, name="b").finish("Other")
        return now(), lanes.lane(Budget("fake:b", 2, 60.0))

    ended, lane = run(story())
    assert ended == pytest.approx(1.2, abs=0.01)
    assert not lane._writers
    assert lane._in_flight == 0


LIMITERS = {
    "update": (Budget("fake:update", 50, 60.0), lambda: Limiter(50, 60.0)),
    "append": (Budget("fake:append", 100, 60.0), lambda: Limiter(100, 60.0)),
    "patch": (Budget("fake:patch", 5, 5.0, fixed=True), lambda: Limiter(5, 5.0, fixed=True)),
    "narrow": (Budget("fake:narrow", 3, 10.0), lambda: Limiter(3, 10.0)),
}


@pytest.mark.parametrize("answers", [1, 2, 5, 10])
@pytest.mark.parametrize("kind", LIMITERS)
def test_no_call_goes_beyond_the_budget_and_every_text_ends_exactly(kind, answers):
    """All calls of a few answers come out of one strict bucket: not one is refused."""
    budget, limiter = LIMITERS[kind]
    texts = [f"{number}: " + WORDS * (8 + 5 * number) for number in range(answers)]

    async def story():
        adapter = FakeAdapter(budget=budget, limiter=limiter(), rtt=rtts(answers), page_length=600)
        lanes = Lanes(now)

        async def one(number):
            await asyncio.sleep(number * 0.4)
            reply = reply_on(adapter, lanes=lanes, name=str(number))
            await grow(reply, texts[number], pieces_per_second=8)
            return reply

        return adapter, await asyncio.gather(*(one(number) for number in range(answers)))

    adapter, replies = run(story())
    assert [call.outcome for call in adapter.calls if call.outcome != "ok"] == []
    assert sum(reply.calls for reply in replies) == len(adapter.calls)
    for number, reply in enumerate(replies):
        assert "".join(adapter.messages[ref.id].text for ref in reply.refs) == texts[number]
        assert all(adapter.messages[ref.id].drafts[-1].final for ref in reply.refs)


def test_finals_do_not_wait_for_others_that_still_grow():
    """A short answer that ends among nine long ones stands completely soon after its end."""

    async def story():
        adapter = FakeAdapter(budget=UPDATE, limiter=Limiter(50, 60.0), rtt=0.15, page_length=20_000)
        lanes, ended = Lanes(now), []
        long = [
            asyncio.create_task(grow(reply_on(adapter, lanes=lanes, name=str(n)), WORDS * 300))
            for n in range(9)
        ]
        await asyncio.sleep(40)
        for number in range(3):
            reply = reply_on(adapter, lanes=lanes, name=f"short{number}")
            reply.show("Short")
            await asyncio.sleep(8)
            began = now()
            await reply.finish("Short answer.")
            ended.append(now() - began)
        await asyncio.gather(*long)
        return adapter, ended

    adapter, ended = run(story())
    assert max(ended) < 3 * 0.15 + 0.01
    assert {call.outcome for call in adapter.calls} == {"ok"}
