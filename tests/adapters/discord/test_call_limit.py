"""All calls of a bot together: never more in a second than Discord allows, whoever makes them."""

import asyncio
import time

import pytest

from adapters.discord.call_limit import CallLimit, guarded
from core.contract import RateLimited
from core.errors import Advice, Superseded
from core.messages import Draft


async def call(limit, seen, *, path="/channels/{channel_id}/messages", seconds=0.1):
    await limit.turn(path)
    seen.append(time.monotonic())
    await asyncio.sleep(seconds)


async def test_calls_wait_for_their_turn():
    limit, seen = CallLimit(10), []
    await asyncio.gather(*(call(limit, seen, seconds=0.01) for _ in range(25)))
    assert len(seen) == 25
    for at in seen:
        assert sum(at <= other < at + 1.0 for other in seen) <= 10
    assert seen == sorted(seen)


async def test_two_processes_take_half_each():
    limit, seen = CallLimit(10), []
    limit.share(2)
    await asyncio.gather(*(call(limit, seen, seconds=0.01) for _ in range(12)))
    assert max(sum(at <= other < at + 1.0 for other in seen) for at in seen) == 5


async def test_whoever_shares_may_always_make_a_call():
    limit, seen = CallLimit(5), []
    limit.share(20)
    async with asyncio.timeout(3):
        await call(limit, seen)
        limit.share(1)  # the others have gone
        await asyncio.gather(*(call(limit, seen, seconds=0) for _ in range(4)))
    assert len(seen) == 5


async def test_when_discord_refuses_a_call_because_of_all_nobody_calls(
    guild, start, simulator, inbox, alice, target
):
    """The token is used elsewhere too: what we count says nothing of it."""
    adapter = await start()
    simulator.post(simulator.add_channel(guild, "one"), alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next(), "turn/0"))
    simulator.limits.global_per_second = 1
    with pytest.raises(RateLimited):
        await live.show(Draft("Hello"))  # a thread, and the message
    simulator.limits.global_per_second = 50
    began = time.monotonic()
    await live.show(Draft("Hello"))
    assert time.monotonic() - began > 0.5


async def test_who_had_to_wait_is_asked_once_more_whether_it_may_write():
    limit, seen, asked = CallLimit(5), [], []

    async def guard():
        asked.append(time.monotonic())
        raise Superseded(Advice("internal", "another process has it"))

    with guarded(guard):
        await asyncio.gather(*(call(limit, seen, seconds=0) for _ in range(5)))
        assert asked == []
        with pytest.raises(Superseded):
            await call(limit, seen)
    assert (len(seen), len(asked)) == (5, 1)


async def test_interactions_are_not_counted():
    limit, seen = CallLimit(5), []
    paths = ["/interactions/{interaction_id}/{token}/callback", "/webhooks/{application_id}/{token}"]
    began = time.monotonic()
    await asyncio.gather(*(call(limit, seen, path=path, seconds=0) for path in paths * 20))
    assert len(seen) == 40
    assert not limit.busy
    assert time.monotonic() - began < 1.0


async def test_it_is_busy_while_more_than_half_is_used():
    limit, seen = CallLimit(4), []
    await call(limit, seen, seconds=0)
    await call(limit, seen, seconds=0)
    assert not limit.busy
    await call(limit, seen, seconds=0)
    assert limit.busy


async def test_who_gives_up_holds_up_nobody():
    limit, seen = CallLimit(5), []
    await asyncio.gather(*(call(limit, seen, seconds=0) for _ in range(5)))
    waiting = asyncio.create_task(call(limit, seen))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(3):
        await call(limit, seen, seconds=0)
    assert len(seen) == 6


async def test_the_bot_keeps_to_what_discord_allows(guild, start, simulator, inbox, alice, target):
    """A dozen answers at once, each in a thread of its own: three calls for each, and signs beside."""
    adapter = await start(calls_per_second=10)
    simulator.limits.global_per_second = 10
    lanes = []
    for number in range(12):
        channel = simulator.add_channel(guild, f"channel-{number}")
        simulator.post(channel, alice, f"{simulator.bot.mention} hi")
        question = target(await inbox.next(), f"turn-{number}/0")
        lanes.append(written(adapter, question))
    await asyncio.gather(*lanes)
    assert [call.method for call in simulator.journal.calls if call.status == 429] == []
    posts = [
        call for call in simulator.journal.calls if call.method == "POST /channels/{channel_id}/messages"
    ]
    assert len(posts) == 12


async def written(adapter, question):
    await adapter.busy(question, "working", "")
    live = adapter.live(question)
    await live.show(Draft("Hello"))
    await live.show(Draft("Hello there", final=True))
