"""What the API takes and refuses, asked by the real discord.py."""

import io

import aiohttp
import discord as library
import pytest

POST = "POST /channels/{channel_id}/messages"
PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"


@pytest.fixture
def dm(world, alice):
    return world.dm(alice)


@pytest.fixture
def channel(bot, dm):
    return bot.get_partial_messageable(dm.id)


async def test_the_same_nonce_posts_once(channel, dm, world):
    first = await channel.send("once", nonce="turn-1")
    again = await channel.send("once", nonce="turn-1")
    other = await channel.send("once", nonce="turn-2")
    assert first.id == again.id != other.id
    assert len(dm.messages) == 2
    assert len(world.journal.named(POST)) == 3


async def test_a_nonce_is_not_kept(channel, dm, world):
    sent = await channel.send("once", nonce="turn-1")
    assert sent.nonce == "turn-1"
    assert (await channel.fetch_message(sent.id)).nonce is None
    assert [each.nonce async for each in channel.history()] == [None]


async def test_a_nonce_is_forgotten_after_some_minutes(channel, dm, world):
    first = await channel.send("once", nonce="turn-1")
    world.world.nonce_seconds = 0.0
    assert (await channel.send("once", nonce="turn-1")).id != first.id


@pytest.mark.parametrize(
    ("content", "code"), [("x" * 2001, 50035), ("", 50006), ("  \n", 50006)], ids=["long", "empty", "blank"]
)
async def test_contents_that_are_refused(channel, dm, world, content, code):
    with pytest.raises(library.HTTPException) as refused:
        await channel.send(content)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert not dm.messages
    assert world.journal.calls[-1].error == str(code)


async def test_two_thousand_characters_fit(channel, dm):
    await channel.send("x" * 2000)
    assert [len(each.content) for each in dm.messages.values()] == [2000]


async def test_the_refused_field_is_named(channel):
    with pytest.raises(library.HTTPException, match="In content: Must be 2000 or fewer in length"):
        await channel.send("x" * 2001)


async def test_embeds_have_limits(channel):
    with pytest.raises(library.HTTPException, match="6000"):
        await channel.send(embeds=[library.Embed(description="x" * 4000) for _ in range(2)])
    with pytest.raises(library.HTTPException, match="4096"):
        await channel.send(embed=library.Embed(description="x" * 4097))


async def test_only_own_messages_can_be_edited(bot, channel, world, dm, alice):
    theirs = world.post(dm, alice, "mine")
    with pytest.raises(library.Forbidden) as refused:
        await channel.get_partial_message(theirs.id).edit(content="yours")
    assert refused.value.code == 50005
    assert [each.content for each in theirs.history] == ["mine"]


async def test_unknown_messages_and_channels(bot, channel):
    with pytest.raises(library.NotFound) as refused:
        await channel.get_partial_message(1).edit(content="?")
    assert refused.value.code == 10008
    with pytest.raises(library.NotFound) as refused:
        await bot.get_partial_messageable(1).send("?")
    assert refused.value.code == 10003


async def test_suppressed_embeds_stay_unless_an_edit_clears_them(channel, dm):
    sent = await channel.send("https://example.org", suppress_embeds=True, silent=True)
    message = dm.messages[sent.id]
    assert message.flags == 4 | 4096
    await channel.get_partial_message(sent.id).edit(content="https://example.org/2")
    assert message.flags == 4 | 4096
    await sent.edit(content="https://example.org/3")  # discord.py 2.7.1 clears the flag here
    assert message.flags == 4096


async def test_old_messages_can_be_edited_a_few_times_only(bot, simulator, dm, channel):
    sent = await channel.send("slow")
    message = dm.messages[sent.id]
    message.timestamp = message.timestamp.replace(year=2020)
    simulator.world.old_edits = 1
    await channel.get_partial_message(sent.id).edit(content="slower")
    simulator.faults.fail_next(PATCH, 503)
    with pytest.raises(library.DiscordServerError):
        await channel.get_partial_message(sent.id).edit(content="unseen")
    assert simulator.world.old_edits == 0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {simulator.token}"}) as http:
        url = f"{simulator.api_url}/channels/{dm.id}/messages/{sent.id}"
        async with http.patch(url, json={"content": "slowest"}) as response:
            assert response.status == 429
            assert (await response.json())["code"] == 30046


async def test_files_go_up_and_come_down(bot, channel, dm, world, alice):
    sent = await channel.send(
        "see", file=library.File(io.BytesIO(b"a,b"), "table.csv", description="numbers")
    )
    assert [file.data for file in dm.messages[sent.id].attachments] == [b"a,b"]
    assert world.journal.named(POST)[-1].args["files"] == ["table.csv"]
    attachment = sent.attachments[0]
    assert (attachment.filename, attachment.content_type, attachment.size) == ("table.csv", "text/csv", 3)
    assert attachment.description == "numbers"
    world.post(dm, alice, "", attachments=[world.file("voice.ogg", b"OggS", "audio/ogg")])
    while not (heard := await bot.next("message")).attachments or heard.author.bot:
        pass
    assert await heard.attachments[0].read() == b"OggS"
    world.cdn.expire_all()
    with pytest.raises(library.NotFound):
        await heard.attachments[0].read()
    again = await channel.fetch_message(heard.id)
    assert await again.attachments[0].read() == b"OggS"


async def test_attachments_can_be_added_and_removed_by_an_edit(channel, dm):
    sent = await channel.send("see", file=library.File(io.BytesIO(b"1"), "1.txt"))
    edited = await sent.add_files(library.File(io.BytesIO(b"2"), "2.txt"))
    assert [file.data for file in dm.messages[sent.id].attachments] == [b"1", b"2"]
    await edited.remove_attachments(edited.attachments[0])
    assert [file.data for file in dm.messages[sent.id].attachments] == [b"2"]


async def test_a_file_over_ten_mebibytes_is_refused(channel, dm):
    with pytest.raises(library.HTTPException) as refused:
        await channel.send(file=library.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "big.bin"))
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_whom_a_message_pings_depends_on_allowed_mentions(bot, channel, dm, alice, world):
    quiet = await channel.send(f"hi {alice.mention}")
    assert dm.messages[quiet.id].mentions == []
    loud = await channel.send(f"hi {alice.mention}", allowed_mentions=library.AllowedMentions(users=True))
    assert dm.messages[loud.id].mentions == [alice.id]


async def test_a_reply_can_ping_or_not(bot, world, dm, alice):
    question = world.post(dm, alice, "?")
    heard = await bot.next("message")
    pinged = await heard.reply("!", mention_author=True)
    silent = await heard.reply("!", mention_author=False)
    assert dm.messages[pinged.id].mentions == [alice.id]
    assert dm.messages[silent.id].mentions == []
    assert pinged.type is library.MessageType.reply
    assert pinged.reference.resolved.id == question.id
    world.delete(question)
    with pytest.raises(library.HTTPException) as refused:
        await heard.reply("too late", mention_author=False)
    assert refused.value.code == 50035


async def test_typing_is_recorded(channel, world):
    async with channel.typing():
        pass
    assert [call.status for call in world.journal.named("POST /channels/{channel_id}/typing")] == [204]


async def test_a_wrong_token_is_refused(simulator, start):
    simulator._rest.token = "another"
    with pytest.raises(library.LoginFailure):
        await start()
    assert simulator.journal.calls[0].status == 401


async def test_what_is_not_simulated_is_recorded(simulator):
    async with aiohttp.ClientSession() as http, http.get(f"{simulator.api_url}/guilds/1/bans") as response:
        assert response.status == 404
    assert [(c.method, c.error) for c in simulator.journal.calls] == [("GET /guilds/1/bans", "not simulated")]


async def test_json_answers_name_their_type_without_a_charset(simulator):
    async with aiohttp.ClientSession() as http, http.get(f"{simulator.api_url}/gateway") as response:
        assert response.headers["Content-Type"] == "application/json"
