"""Discord, end to end: real discord.py, real httpx, real store; asserted is what the simulators received."""

import pytest

from simulators.dify.script import Answer, Gate


@pytest.fixture
def place(discord_world):
    discord = discord_world.discord
    alice, bob = discord.add_user("alice"), discord.add_user("bob")
    guild = discord.add_guild("Acme", alice, bob)
    return discord, alice, bob, discord.add_channel(guild, "general")


def answers(discord, channel):
    mine = [message for message in channel.messages.values() if message.author.id == discord.bot.id]
    return [message for message in mine if message.type in {0, 19}]  # a thread's starter is one without text


async def answered(discord, channel, text, count=1):
    """Wait until the bot's n-th message in a channel shows the text; gives the message."""

    def found():
        mine = answers(discord, channel)
        return len(mine) >= count and text in mine[count - 1].content and mine[count - 1]

    return await discord.journal.wait(found)


async def test_a_direct_message_is_answered_and_remembered(discord_world, place):
    discord, alice, _, _ = place
    dm = discord.dm(alice)
    discord_world.dify.reply("Hello Alice!", "You asked before.")
    async with discord_world.bot():
        discord.post(dm, alice, "Hi")
        await answered(discord, dm, "Hello Alice!")
        discord.post(dm, alice, "And again")
        await answered(discord, dm, "You asked before.", count=2)
    first, second = discord_world.dify.journal.named("POST /chat-messages")
    assert first.args["user"] == second.args["user"] == f"discord:{alice.id}"
    assert first.args["conversation_id"] == ""
    assert second.args["conversation_id"] in discord_world.dify.apps["app-support"].conversations
    assert second.args["query"] == "And again"


async def test_an_answer_grows_while_it_arrives(discord_world, place):
    discord, alice, _, _ = place
    dm = discord.dm(alice)
    gate = Gate()
    discord_world.dify.reply(Answer(["One ", "two ", "three."], gate=gate))
    async with discord_world.bot():
        discord.post(dm, alice, "Count")
        gate.allow()
        message = await answered(discord, dm, "One")
        gate.allow()
        await answered(discord, dm, "One two")
        gate.finish()
        await answered(discord, dm, "One two three.")
    assert [version.content for version in message.history] == ["One", "One two", "One two three."]


async def test_a_mention_opens_a_thread_that_goes_on_without_mentions(discord_world, place):
    discord, alice, bob, general = place
    discord_world.dify.reply("In a thread.", "Still here.")
    async with discord_world.bot():
        question = discord.post(general, alice, f"<@{discord.bot.id}> where are you?")
        thread = await discord.journal.wait(lambda: discord.world.channels.get(question.id))
        await answered(discord, thread, "In a thread.")
        discord.post(thread, bob, "And now?")
        await answered(discord, thread, "Still here.", count=2)
    assert not answers(discord, general)
    first, second = discord_world.dify.journal.named("POST /chat-messages")
    assert first.args["query"] == "where are you?"
    assert first.args["user"] == second.args["user"] == f"discord:{thread.id}"
    assert second.args["conversation_id"]


async def test_replies_can_carry_the_conversation_instead_of_threads(discord_world, place):
    discord, alice, bob, general = place
    async with discord_world.bot(discord__reply_in="reply"):
        discord.post(general, alice, f"<@{discord.bot.id}> hello")
        first = await answered(discord, general, "turn 1")
        discord.post(general, bob, "and me?", reply_to=first, ping=False)
        second = await answered(discord, general, "turn 2", count=2)
        discord.post(general, alice, f"<@{discord.bot.id}> something else")
        await answered(discord, general, "turn 1", count=3)
        discord.post(general, alice, "more of the first", reply_to=second, ping=False)
        await answered(discord, general, "turn 3", count=4)
    users = {call.args["user"] for call in discord_world.dify.journal.named("POST /chat-messages")}
    assert users == {f"discord:{general.id}"}


async def test_without_the_message_content_intent_mentions_and_dms_still_work(discord_world, place, caplog):
    discord, alice, _, general = place
    discord.message_content_enabled = False
    dm = discord.dm(alice)
    async with discord_world.bot():
        discord.post(dm, alice, "hello")
        await answered(discord, dm, "turn 1")
        question = discord.post(general, alice, f"<@{discord.bot.id}> and here?")
        thread = await discord.journal.wait(lambda: discord.world.channels.get(question.id))
        await answered(discord, thread, "turn 1")
    assert "message content" in caplog.text.lower()


async def test_a_malformed_gateway_event_does_not_end_the_connection(discord_world, place):
    discord, alice, _, _ = place
    dm = discord.dm(alice)
    async with discord_world.bot():
        discord.post_malformed(dm, alice, "broken")
        discord.post(dm, alice, "hello")
        await answered(discord, dm, "turn 1")
