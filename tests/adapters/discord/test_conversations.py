"""People write to the bot and see answers grow, in DMs, threads and channels."""

import asyncio

import pytest

from core.messages import Addressed, Draft, Place
from simulators.discord import ChannelType, Permission

POST = "POST /channels/{channel_id}/messages"
THREAD = "POST /channels/{channel_id}/messages/{message_id}/threads"


def shown(message):
    return [version.content for version in message.history]


async def test_a_dm_is_answered_with_a_growing_message(adapter, simulator, inbox, alice, target, say):
    dm = simulator.dm(alice)
    question = simulator.post(dm, alice, "hello?")
    heard = await inbox.next()
    assert heard.place == Place("discord", "", str(dm.id), direct=True)
    assert (heard.addressed, heard.text) == (Addressed.DIRECT, "hello?")
    assert heard.identity == f"discord:{alice.id}"
    assert (heard.ref.id, heard.ref.channel, heard.ref.workspace) == (str(question.id), str(dm.id), "")
    live = adapter.live(target(heard))
    receipt = await say(live, "He", "Hello", "Hello Alice", notices=("Stopped.",))
    answer = dm.messages[int(receipt.ref.id)]
    assert shown(answer) == ["He", "Hello", "Hello Alice\n-# Stopped."]
    assert answer.reference is None
    assert answer.allowed_mentions == {"parse": []}
    assert answer.flags == 4  # suppressed embeds survive the edits; not silent
    assert receipt.allowance.remaining == 3
    assert 4 < receipt.allowance.reset_after <= 5


async def test_a_mention_opens_a_thread_and_goes_on_there(
    adapter, simulator, inbox, general, alice, target, say
):
    question = simulator.post(general, alice, f"{simulator.bot.mention} What is love?\nTell me.")
    heard = await inbox.next()
    assert heard.addressed == Addressed.MENTION
    assert heard.text == "What is love?\nTell me."
    assert heard.place == Place("discord", str(general.guild.id), str(general.id), str(question.id))
    assert heard.identity == f"discord:{question.id}"
    assert simulator.journal.named(THREAD) == []
    live = adapter.live(target(heard))
    assert live.budget(Draft("x")).key == f"discord:POST:{question.id}"
    receipt = await say(live, "Baby", "Baby don't hurt me")
    thread = simulator.world.channel(question.id)
    assert (thread.name, thread.parent) == ("What is love?", general)
    assert receipt.ref.channel == str(thread.id)
    assert live.budget(Draft("x")).key == f"discord:PATCH:{question.id}"
    assert shown(thread.messages[int(receipt.ref.id)]) == ["Baby", "Baby don't hurt me"]
    follow_up = simulator.post(thread, alice, "no more")
    heard = await inbox.next()
    assert heard.addressed == Addressed.FOLLOW
    assert heard.place == Place("discord", str(general.guild.id), str(general.id), str(thread.id))
    assert heard.identity == f"discord:{thread.id}"
    assert heard.ref.channel == str(thread.id)
    receipt = await say(adapter.live(target(heard, "turn-2/0")), "ok")
    answer = thread.messages[int(receipt.ref.id)]
    assert (answer.content, answer.reference, answer.id > follow_up.id) == ("ok", None, True)
    assert len(simulator.journal.named(THREAD)) == 1
    simulator.post(thread, alice, f"{simulator.bot.mention} really?")
    assert (await inbox.next()).addressed == Addressed.MENTION


async def test_a_second_page_is_silent_and_stands_in_the_same_thread(
    adapter, simulator, inbox, general, alice, target, say
):
    question = simulator.post(general, alice, f"{simulator.bot.mention} long")
    heard = await inbox.next()
    first = await say(adapter.live(target(heard, "t/0")), "page one")
    second = await say(adapter.live(target(heard, "t/1")), "page two")
    assert first.ref.channel == second.ref.channel == str(question.id)
    thread = simulator.world.channel(question.id)
    assert [thread.messages[int(each.ref.id)].flags for each in (first, second)] == [4, 4 | 4096]
    assert len(simulator.journal.named(THREAD)) == 1


async def test_reply_mode_replies_in_the_channel(start, guild, simulator, inbox, general, alice, target, say):
    adapter = await start(reply_in="reply")
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    heard = await inbox.next()
    assert heard.place.thread == str(question.id)
    assert heard.identity == f"discord:{general.id}"
    receipt = await say(adapter.live(target(heard, "t/0")), "hello", "hello you")
    second = await say(adapter.live(target(heard, "t/1")), "and more")
    answer = general.messages[int(receipt.ref.id)]
    assert answer.reference["message_id"] == str(question.id)
    assert answer.allowed_mentions == {"parse": []}
    assert general.messages[int(second.ref.id)].reference is None
    sent = simulator.journal.named(POST)[0].args
    assert sent["message_reference"]["fail_if_not_exists"] is False
    assert sent["allowed_mentions"]["replied_user"] is False
    assert simulator.journal.named(THREAD) == []
    simulator.post(general, alice, "and then?", reply_to=answer, ping=False)
    heard = await inbox.next()
    assert (heard.addressed, heard.reply_to) == (Addressed.FOLLOW, str(answer.id))
    simulator.post(general, alice, "and now?", reply_to=answer)
    heard = await inbox.next()
    assert (heard.addressed, heard.reply_to) == (Addressed.MENTION, str(answer.id))


@pytest.mark.parametrize("kind", [ChannelType.TEXT, ChannelType.VOICE])
async def test_where_no_thread_can_be_opened_it_replies(
    adapter, simulator, inbox, guild, alice, kind, target, say
):
    channel = simulator.add_channel(guild, "lounge", kind)
    if kind == ChannelType.TEXT:
        simulator.deny(channel, Permission.CREATE_PUBLIC_THREADS)
    question = simulator.post(channel, alice, f"{simulator.bot.mention} hi")
    heard = await inbox.next()
    receipt = await say(adapter.live(target(heard, "t/0")), "here", "here then")
    assert receipt.ref.channel == str(channel.id)
    answer = channel.messages[int(receipt.ref.id)]
    assert answer.reference["message_id"] == str(question.id)
    assert shown(answer) == ["here", "here then"]
    simulator.post(channel, alice, f"{simulator.bot.mention} again")
    await say(adapter.live(target(await inbox.next(), "u/0")), "yes")
    assert len(simulator.journal.named(THREAD)) == 1, "a channel that took no thread is not asked again"


async def test_without_history_permission_it_answers_without_a_reference(
    start, guild, simulator, inbox, general, alice, target, say
):
    adapter = await start(reply_in="reply")
    simulator.deny(general, Permission.READ_MESSAGE_HISTORY)
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    receipt = await say(adapter.live(target(await inbox.next())), "hello")
    assert general.messages[int(receipt.ref.id)].reference is None


async def test_a_thread_that_exists_already_is_used(adapter, simulator, inbox, general, alice, target, say):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    heard = await inbox.next()
    thread = simulator.start_thread(question, alice, "mine")
    receipt = await say(adapter.live(target(heard)), "hello")
    assert receipt.ref.channel == str(thread.id)
    assert thread.name == "mine"


async def test_a_forum_post_is_a_conversation(adapter, simulator, inbox, guild, alice, target, say):
    forum = simulator.add_channel(guild, "help", ChannelType.FORUM)
    post = simulator.forum_post(forum, alice, "It broke", f"{simulator.bot.mention} mend it")
    heard = await inbox.next()
    assert heard.place == Place("discord", str(guild.id), str(forum.id), str(post.id))
    assert heard.addressed == Addressed.MENTION
    receipt = await say(adapter.live(target(heard)), "done")
    assert receipt.ref.channel == str(post.id)
    assert simulator.journal.named(THREAD) == []


async def test_a_thread_that_is_not_cached_is_looked_up(start, guild, simulator, inbox, general, alice):
    thread = simulator.start_thread(simulator.post(general, alice, "?"), alice, "old")
    simulator.archive(thread)
    await start()
    thread.archived = False
    simulator.post(thread, alice, "still there?")
    heard = await inbox.next()
    assert heard.place == Place("discord", str(guild.id), str(general.id), str(thread.id))
    assert simulator.journal.named("GET /channels/{channel_id}")


async def test_what_is_not_for_us_is_not_handed_over(adapter, simulator, inbox, general, guild, alice, bob):
    robot = simulator.add_user("robot", bot=True)
    simulator.join(guild, robot)
    mention = simulator.bot.mention
    thread = simulator.start_thread(simulator.post(general, alice, "plain talk"), alice, "t")
    simulator.post(general, robot, f"{mention} beep")
    simulator.post(general, alice, f"{mention} hooked", webhook_id=5)
    simulator.post(general, alice, f"{mention} boosted", type=8)
    simulator.post(general, alice, "@everyone lunch")
    simulator.post(general, alice, f"{bob.mention} and not the bot")
    simulator.post(thread, alice, f"{bob.mention} have a look")
    simulator.post(thread, bob, "@everyone too")
    simulator.post(thread, alice, "to bob", reply_to=simulator.post(thread, robot, "x"))
    simulator.post(thread, alice, "the end")
    assert (await inbox.next()).text == "the end"
    simulator.post(general, alice, f"@everyone {mention} now")
    assert (await inbox.next()).text == "@everyone now"
    assert inbox.events == []


async def test_our_role_counts_as_a_mention(adapter, simulator, inbox, general, guild, alice):
    simulator.post(general, alice, f"<@&{simulator.bot_role(guild)}> hello")
    heard = await inbox.next()
    assert (heard.addressed, heard.text) == (Addressed.MENTION, "hello")


async def test_the_facts_of_a_message(adapter, simulator, inbox, general, guild, alice, bob):
    file = simulator.file("notes.txt", b"hello", "text/plain; charset=utf-8")
    unnamed = simulator.file("what.bin", b"??")
    text = f"{simulator.bot.mention} ask {bob.mention} in {general.mention} <:wave:1>"
    question = simulator.post(general, alice, text, attachments=[file, unnamed])
    heard = await inbox.next()
    assert heard.text == "ask @Bob in #general :wave:"
    assert (heard.author.id, heard.author.name, heard.author.bot) == (str(alice.id), "Alice", False)
    assert [(each.name, each.mime_type, each.size) for each in heard.files] == [
        ("notes.txt", "text/plain", 5),
        ("what.bin", "application/octet-stream", 2),
    ]
    assert heard.files[0].url.startswith(simulator.origin)
    assert heard.facts == {
        "channels": {str(general.id)},
        "users": {str(alice.id)},
        "guilds": {str(guild.id)},
        "roles": frozenset(),
    }
    assert (heard.locale, heard.reply_to) == ("", "")
    assert (await adapter.names(heard)).channel == "general"
    thread = simulator.start_thread(question, alice, "t")
    simulator.post(thread, alice, "go on")
    assert (await inbox.next()).facts["channels"] == {str(general.id), str(thread.id)}


async def test_a_forwarded_message_is_read(adapter, simulator, inbox, alice):
    snapshot = {
        "message": {
            "type": 0,
            "content": "what they said",
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "timestamp": "2026-01-05T00:49:53.676000+00:00",
            "edited_timestamp": None,
            "flags": 0,
            "components": [],
        }
    }
    reference = {"type": 1, "channel_id": "7", "message_id": "8"}
    simulator.post(simulator.dm(alice), alice, "", snapshots=[snapshot], reference=reference)
    heard = await inbox.next()
    assert (heard.text, heard.reply_to) == ("what they said", "")


async def test_names_without_a_cache_are_ids(adapter, simulator, inbox, alice):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    names = await adapter.names(await inbox.next())
    assert (names.user, names.channel) == ("Alice", str(dm.id))


async def test_after_two_edits_at_once_the_end_is_written_once_more(
    adapter, simulator, inbox, general, alice, target
):
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    await live.show(Draft("Love"))
    end = Draft("Love is all.", final=True)
    await asyncio.gather(live.show(Draft("Love is")), live.show(end))
    await live.show(end)  # which of the two landed last can't be told
    await live.show(end)  # and now it can
    assert len(simulator.journal.named("PATCH /channels/{channel_id}/messages/{message_id}")) == 3


async def test_an_event_that_waits_longer_than_its_session_is_stored_by_the_next(
    start, simulator, inbox, general, alice
):
    """Its look-up would be asked of a client that is closed, for as long as it waits."""
    thread = simulator.start_thread(simulator.post(general, alice, "?"), alice, "old")
    simulator.archive(thread)
    adapter = await start()
    thread.archived = False
    simulator.faults.fail_next("GET /channels/{channel_id}", 502, times=20)
    simulator.post(thread, alice, "still there?")
    await simulator.journal.wait(lambda: simulator.journal.named("GET /channels/{channel_id}"))
    simulator.drop(4011)  # no session can be resumed after it
    await simulator.journal.wait(lambda: adapter.status != "ok")
    await simulator.journal.wait(lambda: adapter.status == "ok")
    simulator.faults.open_all()
    while simulator.faults.take("GET /channels/{channel_id}"):
        pass
    assert (await inbox.next()).text == "still there?"
