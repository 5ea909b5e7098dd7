"""Rate limits, lost and delayed replies, errors: how the real discord.py takes them."""

import asyncio

import aiohttp
import discord as library
import pytest

from simulators.discord import DiscordSimulator, Limits
from simulators.discord.limits import Buckets

POST = "POST /channels/{channel_id}/messages"
PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"
REACT = "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"


@pytest.fixture
def dm(world, alice):
    return world.dm(alice)


@pytest.fixture
def channel(bot, dm):
    return bot.get_partial_messageable(dm.id)


async def test_a_scripted_429_is_obeyed(channel, dm, world):
    world.rate_limit_next(POST, 0.05)
    await channel.send("patient")
    refused, taken = world.journal.named(POST)
    assert (refused.status, taken.status) == (429, 200)
    assert taken.at - refused.at >= 0.05
    assert len(dm.messages) == 1


async def test_a_429_without_via_looks_like_a_ban(channel, world):
    world.rate_limit_next(POST, 0.05, via=False)
    with pytest.raises(library.HTTPException) as refused:
        await channel.send("banned")
    assert refused.value.status == 429
    assert len(world.journal.named(POST)) == 1


async def test_the_sixth_edit_waits_for_the_window(channel, dm, world):
    world.limits.rules[PATCH] = (5, 0.2)
    sent = await channel.send("0")
    message = channel.get_partial_message(sent.id)
    await asyncio.gather(*(message.edit(content=str(number)) for number in range(1, 7)))
    calls = world.journal.named(PATCH)
    assert [call.status for call in calls] == [200] * 6
    assert calls[5].at - calls[0].at >= 0.2


async def ask(http, simulator, dm, *, verb="post", path="", content="x"):
    url = f"{simulator.api_url}/channels/{dm.id}/messages{path}"
    async with http.request(verb, url, json={"content": content}) as response:
        return response.status, response.headers, await response.json()


@pytest.fixture
async def http(simulator):
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {simulator.token}"}) as session:
        yield session


async def test_an_exhausted_bucket_says_how_long(http, simulator, dm):
    left = [(await ask(http, simulator, dm))[1]["X-RateLimit-Remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    status, headers, body = await ask(http, simulator, dm)
    assert status == 429
    assert (headers["Via"], headers["X-RateLimit-Scope"]) == ("1.1 google", "user")
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False
    assert int(headers["Retry-After"]) >= body["retry_after"]
    assert len(dm.messages) == 5


async def test_posts_and_edits_and_channels_are_limited_apart(http, simulator, dm):
    for _ in range(5):
        message = (await ask(http, simulator, dm))[2]
    status, headers, _ = await ask(http, simulator, dm, verb="patch", path=f"/{message['id']}", content="y")
    assert (status, headers["X-RateLimit-Remaining"]) == (200, "4")
    assert (await ask(http, simulator, simulator.dm(simulator.add_user("bob"))))[0] == 200


async def test_limits_can_be_switched_off(http, simulator, dm):
    simulator.limits.enabled = False
    assert {(await ask(http, simulator, dm))[0] for _ in range(60)} == {200}


def test_the_global_limit_does_not_hold_for_interactions():
    buckets = Buckets(Limits(global_per_second=1))
    place = {"channel_id": "1"}
    assert buckets.hit("GET /channels/{channel_id}", place).wait == 0
    refused = buckets.hit("POST /channels/{channel_id}/typing", place)
    assert refused.wait > 0
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert buckets.hit("POST /interactions/{interaction_id}/{interaction_token}/callback", {}).wait == 0


def test_renames_have_a_limit_of_their_own():
    buckets = Buckets(Limits())
    edit = {"channel_id": "1", "name": "new"}
    waits = [buckets.hit("PATCH /channels/{channel_id}", edit).wait for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert waits[2] > 500
    assert buckets.hit("PATCH /channels/{channel_id}", {"channel_id": "1", "archived": True}).wait == 0


def test_posts_and_edits_name_the_same_bucket():
    hashes = {Buckets(Limits()).hit(method, {"channel_id": "1"}).bucket for method in (POST, PATCH)}
    apart = {Buckets(Limits(same_hash=False)).hit(m, {"channel_id": "1"}).bucket for m in (POST, PATCH)}
    assert (len(hashes), len(apart)) == (1, 2)


async def test_a_lost_reply_has_been_carried_out(channel, dm, world):
    world.lose_reply_next(POST)
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await channel.send("heard", nonce="n")
    assert [each.content for each in dm.messages.values()] == ["heard"]
    again = await channel.send("heard", nonce="n")
    assert list(dm.messages) == [again.id]
    assert [call.error for call in world.journal.named(POST)] == ["reply lost", None]


@pytest.mark.parametrize("status", [503, 520])
async def test_errors_that_discord_py_does_not_retry(channel, dm, world, status):
    world.faults.fail_next(POST, status)
    with pytest.raises(library.DiscordServerError):
        await channel.send("no")
    await channel.send("yes")
    assert [each.content for each in dm.messages.values()] == ["yes"]


async def test_any_error_code_can_be_scripted(channel, world):
    world.faults.refuse_next(POST, 50001)
    with pytest.raises(library.Forbidden) as refused:
        await channel.send("no")
    assert refused.value.code == 50001


async def test_a_gate_holds_replies(channel, dm, world):
    async with world.faults.hold(POST) as gate:
        sending = asyncio.create_task(channel.send("slow"))
        await gate.reached()
        assert len(dm.messages) == 1
        assert not sending.done()
    assert (await sending).content == "slow"


async def test_a_gate_can_hold_requests(channel, dm, world):
    async with world.faults.hold(POST, before=True) as gate:
        sending = asyncio.create_task(channel.send("slow"))
        await gate.reached()
        assert not dm.messages
    assert (await sending).id in dm.messages


async def test_a_gate_holds_only_what_it_is_told_to(channel, world):
    async with world.faults.hold(POST, when=lambda args: args["content"] == "slow") as gate:
        await channel.send("fast")
        sending = asyncio.create_task(channel.send("slow"))
        await gate.reached()
        assert not sending.done()
    assert (await sending).content == "slow"
    assert gate.peers == [world.journal.named(POST)[1].peer]


@pytest.mark.parametrize(("before", "messages"), [(True, 0), (False, 1)])
async def test_held_requests_can_be_cut_off(channel, dm, world, before, messages):
    gate = world.faults.hold(POST, before=before)
    sending = asyncio.create_task(channel.send("slow"))
    await gate.reached()
    gate.cut()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await sending
    assert len(dm.messages) == messages


async def test_connections_are_refused_for_a_while(http, simulator, dm):
    async with simulator.unreachable():
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(http, simulator, dm)
    assert (await ask(http, simulator, dm))[0] == 200


async def test_a_simulator_can_be_started_again_on_its_port():
    simulator = DiscordSimulator()
    for _ in range(2):
        async with simulator, aiohttp.ClientSession() as http:
            url = simulator.api_url
            async with http.get(
                f"{url}/gateway", headers={"Authorization": f"Bot {simulator.token}"}
            ) as reply:
                assert (await reply.json())["url"] == simulator.gateway_url
    assert simulator.api_url == url
