"""A real discord.py client talks with people in DMs, channels and threads."""

import asyncio
import sys

import discord as library
import pytest

from simulators.discord.permissions import Permission
from simulators.discord.state import ChannelType

POST = "POST /channels/{channel_id}/messages"


async def test_login_and_ready(bot, world, general):
    assert bot.user.id == world.bot.id
    assert [guild.name for guild in bot.guilds] == ["Acme"]
    assert bot.get_channel(general.id).name == "general"
    assert world.gateway.identifies[0]["intents"] == 46593
    assert [call.method for call in world.journal.calls] == ["GET /users/@me", "GET /oauth2/applications/@me"]


async def test_a_dm_is_answered_with_growing_edits(bot, world, alice):
    world.post(world.dm(alice), alice, "hello?")
    heard = await bot.next("message")
    assert heard.content == "hello?"
    assert isinstance(heard.channel, library.DMChannel)
    answer = await heard.channel.send("He")
    for text in ("Hello", "Hello Alice"):
        await heard.channel.get_partial_message(answer.id).edit(content=text)
    message = world.world.message(world.dm(alice), answer.id)
    assert [version.content for version in message.history] == ["He", "Hello", "Hello Alice"]
    assert message.edited_timestamp is not None
    assert message.allowed_mentions == {"parse": []}
    assert [version.at for version in message.history] == sorted(version.at for version in message.history)


async def test_a_mention_gets_a_thread(bot, world, general, alice):
    question = world.post(general, alice, f"{world.bot.mention} what is love")
    heard = await bot.next("message")
    assert bot.user in heard.mentions
    thread = await heard.create_thread(name="What is love")
    assert thread.id == question.id
    await thread.send("Baby don't hurt me")
    created = await bot.next("thread_create")
    assert created.id == question.id
    world.post(world.world.channel(thread.id), alice, "no more")
    while (followup := await bot.next("message")).content != "no more":
        pass
    assert followup.channel.id == question.id
    assert isinstance(followup.channel, library.Thread)
    shown = [each.content for each in world.world.channel(thread.id).messages.values()]
    assert shown == ["", "Baby don't hurt me", "no more"]
    with pytest.raises(library.HTTPException) as refused:
        await heard.create_thread(name="again")
    assert refused.value.code == 160004


async def test_a_thread_start_shows_on_the_message(bot, world, general, alice):
    question = world.post(general, alice, f"{world.bot.mention} hi")
    heard = await bot.next("message")
    await heard.create_thread(name="hi")
    update = await bot.next("raw_message_edit")
    assert update.message_id == question.id
    assert update.data["flags"] & 32
    assert update.data["thread"]["id"] == str(question.id)


@pytest.mark.parametrize(("name", "minutes"), [("x" * 101, 60), ("", 60), ("fine", 61)])
async def test_bad_thread_names_and_durations_are_refused(bot, world, general, alice, *, name, minutes):
    world.post(general, alice, f"{world.bot.mention} hi")
    heard = await bot.next("message")
    with pytest.raises(library.HTTPException) as refused:
        await heard.create_thread(name=name, auto_archive_duration=minutes)
    assert refused.value.code == 50035


async def test_without_the_permission_there_is_no_thread(bot, world, general, alice):
    world.deny(general, Permission.CREATE_PUBLIC_THREADS)
    world.post(general, alice, f"{world.bot.mention} hi")
    heard = await bot.next("message")
    assert not heard.channel.permissions_for(heard.guild.me).create_public_threads
    with pytest.raises(library.Forbidden) as refused:
        await heard.create_thread(name="hi")
    assert refused.value.code == 50013
    reply = await heard.reply("then here", mention_author=False)
    assert reply.reference.message_id == heard.id


async def test_a_hidden_channel_is_silent_and_closed(bot, world, general, alice):
    world.deny(general, Permission.VIEW_CHANNEL)
    world.post(general, alice, "unheard")
    world.post(world.dm(alice), alice, "heard")
    assert (await bot.next("message")).content == "heard"
    with pytest.raises(library.Forbidden) as refused:
        await bot.get_partial_messageable(general.id).send("hi")
    assert refused.value.code == 50001


async def test_reactions_come_and_go(bot, world, alice):
    dm = world.dm(alice)
    sent = await bot.get_partial_messageable(dm.id).send("rate me")
    message = world.world.message(dm, sent.id)
    world.react(message, alice, "👍🏽")
    added = await bot.next("raw_reaction_add")
    assert (added.emoji.name, added.user_id, added.message_author_id) == ("👍🏽", alice.id, bot.user.id)
    assert added.guild_id is None
    world.unreact(message, alice, "👍🏽")
    removed = await bot.next("raw_reaction_remove")
    assert removed.message_id == sent.id
    await sent.add_reaction("⏳")
    assert message.reactions == {"⏳": [bot.user.id]}
    world.react(message, alice, "⏳")
    fetched = await bot.get_partial_messageable(dm.id).fetch_message(sent.id)
    assert [(each.emoji, each.count, each.me) for each in fetched.reactions] == [("⏳", 2, True)]
    assert {user.id async for user in fetched.reactions[0].users()} == {alice.id, bot.user.id}
    await sent.remove_reaction("⏳", bot.user)
    assert message.reactions == {"⏳": [alice.id]}


async def test_a_forum_post_begins_with_a_message_of_its_id(bot, world, general, alice):
    forum = world.add_channel(general.guild, "help", ChannelType.FORUM)
    thread = world.forum_post(forum, alice, "It broke", "How do I mend it?")
    heard = await bot.next("message")
    assert heard.id == heard.channel.id == thread.id
    assert heard.channel.parent.type is library.ChannelType.forum
    made = await bot.get_channel(forum.id).create_thread(name="Notice", content="All is well")
    assert made.message.id == made.thread.id


async def test_history_after_a_message(bot, world, alice):
    dm = world.dm(alice)
    first = world.post(dm, alice, "1")
    for text in ("2", "3", "4"):
        world.post(dm, alice, text)
    channel = bot.get_partial_messageable(dm.id)
    after = [
        each.content async for each in channel.history(after=library.Object(first.id), oldest_first=True)
    ]
    assert after == ["2", "3", "4"]
    assert [each.content async for each in channel.history(limit=2)] == ["4", "3"]
    around = [each.content async for each in channel.history(limit=3, around=library.Object(first.id))]
    assert around[-1] == "1"


async def test_a_deleted_message_is_gone(bot, world, alice):
    dm = world.dm(alice)
    message = world.post(dm, alice, "oops")
    world.delete(message)
    assert (await bot.next("raw_message_delete")).message_id == message.id
    with pytest.raises(library.NotFound) as refused:
        await bot.get_partial_messageable(dm.id).fetch_message(message.id)
    assert refused.value.code == 10008


async def test_people_edit_and_links_unfurl(bot, world, alice):
    message = world.post(world.dm(alice), alice, "see https://example.org")
    world.unfurl(message, {"url": "https://example.org", "title": "Example"})
    unfurled = await bot.next("raw_message_edit")
    assert unfurled.message.edited_at is None
    world.edit(message, "never mind")
    edited = await bot.next("raw_message_edit")
    assert edited.message.content == "never mind"
    assert edited.message.edited_at is not None


async def test_an_archived_thread_opens_when_somebody_writes(bot, world, general, alice):
    thread = world.start_thread(world.post(general, alice, "?"), alice, "t")
    sent = await bot.get_partial_messageable(thread.id).send("one")
    world.archive(thread)
    with pytest.raises(library.HTTPException) as refused:
        await bot.get_partial_messageable(thread.id).get_partial_message(sent.id).edit(content="two")
    assert refused.value.code == 50083
    await bot.get_partial_messageable(thread.id).send("three")
    assert not thread.archived
    world.archive(thread, locked=True)
    with pytest.raises(library.Forbidden) as refused:
        await bot.get_partial_messageable(thread.id).send("four")
    assert refused.value.code == 160005


async def test_an_archived_thread_is_opened_by_whoever_may_write(bot, world, general, alice):
    thread = world.start_thread(world.post(general, alice, "?"), alice, "t")
    message = bot.get_partial_messageable(thread.id).get_partial_message(
        (await bot.get_partial_messageable(thread.id).send("one")).id
    )
    world.archive(thread)
    for change in (message.delete(), message.add_reaction("👍"), message.remove_reaction("👍", bot.user)):
        with pytest.raises(library.HTTPException) as refused:
            await change
        assert refused.value.code == 50083
    await bot.http.edit_channel(thread.id, archived=False)
    await message.delete()
    assert not thread.archived
    world.archive(thread, locked=True)
    with pytest.raises(library.Forbidden) as refused:
        await bot.http.edit_channel(thread.id, archived=False)
    assert refused.value.code == 50013


async def test_a_channel_is_renamed_and_deleted(bot, world, general, alice):
    with pytest.raises(library.Forbidden):
        await bot.get_channel(general.id).edit(name="new")
    world.allow(general, Permission.MANAGE_CHANNELS)
    await bot.get_channel(general.id).edit(name="new", topic="news")
    assert (general.name, general.topic) == ("new", "news")
    await bot.get_channel(general.id).delete()
    with pytest.raises(library.NotFound) as refused:
        await bot.fetch_channel(general.id)
    assert refused.value.code == 10003


async def test_guilds_members_and_users_can_be_fetched(bot, world, general, alice):
    guild = await bot.fetch_guild(general.guild.id)
    assert guild.name == "Acme"
    assert [channel.id for channel in await guild.fetch_channels()] == [general.id]
    assert {role.name for role in await guild.fetch_roles()} == {"@everyone", "Parley"}
    assert (await guild.fetch_member(alice.id)).name == "alice"
    with pytest.raises(library.NotFound) as refused:
        await guild.fetch_member(1)
    assert refused.value.code == 10007
    user = await bot.fetch_user(alice.id)
    assert (await user.create_dm()).id == world.dm(alice).id
    alice.accepts_dms = False
    with pytest.raises(library.Forbidden) as refused:
        await user.send("hi")
    assert refused.value.code == 50007
    shards, url, start = await bot.http.get_bot_gateway()
    assert (shards, url, start["remaining"]) == (1, world.gateway_url, 999)


BOT = """
import sys, warnings
warnings.simplefilter("ignore")
import discord, yarl
discord.http.Route.BASE = sys.argv[1]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sys.argv[2])
client = discord.Client(intents=discord.Intents(dm_messages=True))
@client.event
async def on_message(message):
    if not message.author.bot:
        await message.channel.send(message.content.upper())
client.run(sys.argv[3], log_handler=None)
"""


async def test_the_bot_can_be_another_process(simulator, alice):
    arguments = (BOT, simulator.api_url, simulator.gateway_url, simulator.token)
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", *arguments)
    try:
        await simulator.journal.wait(lambda: simulator.gateway.sessions, within=30)
        dm = simulator.dm(alice)
        simulator.post(dm, alice, "echo")
        await simulator.journal.wait(lambda: len(dm.messages) == 2)
        assert [each.content for each in dm.messages.values()] == ["echo", "ECHO"]
    finally:
        bot.kill()
        await bot.wait()
