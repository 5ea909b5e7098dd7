"""Sessions of the real discord.py: resumed, invalidated, refused, doubled, broken."""

import asyncio

import aiohttp
import discord as library
import pytest


async def test_what_came_while_disconnected_is_replayed(bot, world, alice):
    dm = world.dm(alice)
    async with world.unreachable():
        await world.journal.wait(lambda: not world.gateway.connections)
        world.post(dm, alice, "anybody there?")
    assert (await bot.next("message")).content == "anybody there?"
    await bot.next("resumed")
    assert (len(world.gateway.identifies), len(world.gateway.resumes)) == (1, 1)


@pytest.mark.parametrize("code", [None, 1000, 4000, 1012])
async def test_a_dropped_connection_is_resumed(bot, world, alice, code):
    dm = world.dm(alice)
    world.drop(code)
    world.post(dm, alice, "still there?")
    assert (await bot.next("message")).content == "still there?"
    assert [len(world.gateway.identifies), len(world.gateway.resumes)] == [1, 1]


async def test_reconnect_on_demand(bot, world, alice):
    world.gateway.reconnect()
    await bot.next("resumed")
    world.post(world.dm(alice), alice, "hi")
    assert (await bot.next("message")).content == "hi"
    assert len(world.gateway.identifies) == 1


async def test_an_invalid_session_starts_anew_and_loses_events(bot, world, alice):
    dm = world.dm(alice)
    world.gateway.invalidate()
    world.post(dm, alice, "lost")
    await world.journal.wait(lambda: len(world.gateway.sessions) == 1)
    world.post(dm, alice, "heard")
    assert (await bot.next("message")).content == "heard"
    assert len(world.gateway.identifies) == 2


async def test_an_invalid_session_that_may_be_resumed(bot, world):
    world.gateway.invalidate(resumable=True)
    await bot.next("resumed")
    assert len(world.gateway.identifies) == 1


async def test_a_forgotten_session_is_not_resumed(bot, world, alice):
    world.drop(4009)
    await world.journal.wait(lambda: len(world.gateway.identifies) == 2)
    assert len(world.gateway.resumes) == 1
    await world.journal.wait(lambda: len(world.gateway.sessions) == 1)
    world.post(world.dm(alice), alice, "hi")
    assert (await bot.next("message")).content == "hi"


async def test_message_content_that_is_not_enabled_is_refused(world, start):
    world.message_content_enabled = False
    bot = await start()
    with pytest.raises(library.PrivilegedIntentsRequired):
        await bot.running
    assert world.gateway.sessions == {}


async def test_a_wrong_token_closes_the_gateway(world, start):
    world.gateway.token = "another"
    bot = await start()
    with pytest.raises(library.ConnectionClosed) as closed:
        await bot.running
    assert closed.value.code == 4004


async def test_without_the_intent_only_what_addresses_the_bot_is_readable(world, general, alice, start):
    world.message_content_enabled = False
    bot = await start(message_content=False)
    own = await bot.get_partial_messageable(general.id).send("own words")
    assert (await bot.next("message")).content == "own words"
    world.post(general, alice, "secret", attachments=[world.file("a.txt", b"a")])
    hidden = await bot.next("message")
    assert (hidden.content, hidden.attachments) == ("", [])
    world.post(general, alice, f"{world.bot.mention} hello")
    assert (await bot.next("message")).content.endswith("hello")
    world.post(general, alice, "with ping", reply_to=general.messages[own.id])
    assert (await bot.next("message")).content == "with ping"
    world.post(general, alice, "without ping", reply_to=general.messages[own.id], ping=False)
    silent = await bot.next("message")
    assert (silent.content, silent.reference.resolved.content) == ("", "own words")
    world.post(world.dm(alice), alice, "private words")
    assert (await bot.next("message")).content == "private words"
    read = [each.content async for each in bot.get_partial_messageable(general.id).history()]
    assert read == ["", "with ping", f"{world.bot.mention} hello", "", "own words"]


async def test_two_sessions_hear_the_same(world, alice, start):
    first, second = await start(), await start()
    world.post(world.dm(alice), alice, "hi")
    heard = [await bot.next("message") for bot in (first, second)]
    assert heard[0].id == heard[1].id


async def test_a_malformed_event_kills_the_client(bot, world, general, alice):
    world.post_malformed(general, alice, "boom")
    with pytest.raises(TypeError):
        await bot.running
    assert not bot.is_closed()


async def test_a_closed_client_leaves_no_connection(bot, world):
    await bot.close()
    await world.journal.wait(lambda: not world.gateway.connections)


@pytest.mark.parametrize(("code", "sessions"), [(1000, 0), (1001, 0), (4000, 1)])
async def test_a_session_ends_with_a_clean_close(world, code, sessions):
    async with aiohttp.ClientSession() as http, http.ws_connect(world.gateway_url) as socket:
        await socket.send_json({"op": 2, "d": {"token": world.token, "intents": 0}})
        await world.journal.wait(lambda: world.gateway.sessions)
        await socket.close(code=code)
        await world.journal.wait(lambda: not world.gateway.connections)
    assert len(world.gateway.sessions) == sessions


async def test_a_zombie_is_noticed_and_resumed(world, start, alice):
    world.gateway.stop_acks = True
    bot = await start(heartbeat_timeout=0.3)
    await bot.next("resumed")
    world.gateway.stop_acks = False
    assert len(world.gateway.identifies) == 1


async def test_heartbeats_are_acknowledged(simulator, start):
    simulator.gateway.heartbeat_interval = 0.01
    bot = await start()
    await simulator.journal.wait(lambda: simulator.gateway.heartbeats > 2)
    assert bot.latency < 10


async def test_handshakes_can_be_refused_for_a_while(simulator, world, start):
    simulator.gateway.refuse_handshakes = 1
    bot = await start()
    with pytest.raises(AttributeError):  # discord.py 2.7.1: the first connection must not fail
        await bot.running


async def converse(http, url, frames):
    """What the gateway says to these frames: dispatched names, or the close code."""
    heard = []
    async with http.ws_connect(url) as socket:
        assert (await socket.receive_json())["op"] == 10
        for frame in frames:
            await socket.send_json(frame)
        async with asyncio.timeout(5):
            async for message in socket:
                payload = message.json()
                heard.append(payload["t"] or payload["op"])
                if payload["op"] in (9, 11):
                    break
        return heard or socket.close_code


@pytest.mark.parametrize(
    ("frames", "answer"),
    [
        ([{"op": 99}], 4001),
        ([{"op": 8, "d": {}}], 4003),
        ([{"op": 2, "d": {"token": "wrong", "intents": 0}}], 4004),
        ([{"op": 2, "d": {"token": "simulated.discord.token", "intents": 2}}], 4014),
        ([{"op": 2, "d": {"token": "simulated.discord.token", "intents": 1 << 40}}], 4013),
        ([{"op": 2, "d": {"token": "simulated.discord.token", "intents": 0, "shard": [2, 2]}}], 4010),
        ([{"op": 6, "d": {"token": "simulated.discord.token", "session_id": "no", "seq": 1}}], [9]),
        ([{"op": 2, "d": {"token": "simulated.discord.token", "intents": 512}}, {"op": 1}], ["READY", 11]),
        (
            [{"op": 2, "d": {"token": "simulated.discord.token", "intents": 1}}, {"op": 1}],
            ["READY", "GUILD_CREATE", 11],
        ),
    ],
)
async def test_the_protocol_in_the_raw(world, frames, answer):
    async with aiohttp.ClientSession() as http:
        assert await converse(http, world.gateway_url, frames) == answer


async def test_shards_hear_their_guilds_only(world, general, alice):
    index = (general.guild.id >> 22) % 2
    identify = {"token": world.token, "intents": 513}
    async with aiohttp.ClientSession() as http:
        for shard in (0, 1):
            frames = [{"op": 2, "d": identify | {"shard": [shard, 2]}}, {"op": 1}]
            expected = ["READY", "GUILD_CREATE", 11] if shard == index else ["READY", 11]
            assert await converse(http, world.gateway_url, frames) == expected


async def test_compression_that_is_not_there_is_refused(simulator):
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{simulator.gateway_url}?compress=unknown-stream")
        assert refused.value.status == 400


async def test_members_can_be_asked_for(bot, world, general, alice):
    (found,) = await bot.get_guild(general.guild.id).query_members(user_ids=[alice.id])
    assert found.name == "alice"


async def test_a_message_can_be_told_of_twice(bot, world, alice):
    message = world.post(world.dm(alice), alice, "once")
    world.repeat(message)
    first, second = await bot.next("message"), await bot.next("message")
    assert first.id == second.id == message.id
