"""A platform did what it was asked, and nobody heard of it: the text stands once, whoever goes on with it."""

import pytest
from shared import asked, says_only, shows

from simulators.dify.script import Answer, Gate

pytestmark = pytest.mark.faults


@pytest.fixture
def gate():
    return Gate()


def words(text):
    """What a text says, wherever its pages were cut."""
    return "".join(text.split())


@pytest.mark.parametrize("calls", ["posts", "edits", "ends"])
async def test_a_call_whose_reply_is_lost_leaves_its_text_once(world, chat, spot, dify, gate, calls):
    dify.reply(Answer(["one ", "two ", "three"], gate=gate))
    methods = getattr(chat, calls)
    async with world.bot():
        if calls == "posts":
            chat.lose_reply(methods)
        spot.ask("count")
        gate.allow()
        await shows(chat, spot.answers, "one")
        if calls != "posts":
            chat.lose_reply(methods)
        gate.allow()
        await shows(chat, spot.answers, "two")
        gate.finish()
        await says_only(chat, spot.answers, "one two three")
    assert len(spot.answers()) == 1
    assert chat.text(spot.answers()[0]).strip() == "one two three"


@pytest.mark.parametrize("ready", [False, True])
async def test_a_post_lost_with_the_process_is_found_and_finished(world, chat, spot, dify, gate, ready):
    dify.reply(*["one two"] if ready else [Answer(["one ", "two"], gate=gate), "one two"])
    async with world.doomed():
        held = chat.hold(chat.posts)
        spot.ask("count")
        gate.allow()
        await held.reached()
        [posted] = spot.answers()
        assert "one" in chat.text(posted)
    held.let_go()
    async with world.bot():
        assert await says_only(chat, spot.answers, "one two") is posted
        spot.ask("next")
        await shows(chat, spot.answers, "You said: next", count=2)
    assert len(spot.answers()) == 2
    assert len(asked(dify)) == (2 if ready else 3)


async def test_a_second_page_lost_with_the_process_is_found_and_finished(world, chat, spot, dify, gate):
    sentence = "A long sentence of an answer. "
    whole = "Begin. " + sentence * {"discord": 90, "slack": 400}[chat.name] + "The end."
    dify.reply(Answer(["Begin. ", whole[7:-8], "The end."], gate=gate), whole)
    async with world.doomed():
        spot.ask("tell me")
        gate.allow()
        await shows(chat, spot.answers, "Begin.")
        held = chat.hold(chat.posts)
        gate.allow()
        await held.reached()
        posted = list(spot.answers())
        assert len(posted) == 2
    held.let_go()
    async with world.bot():
        await chat.journal.wait(lambda: words("".join(map(chat.text, spot.answers()))) == words(whole))
        spot.ask("next")
        await shows(chat, spot.answers, "You said: next", count=3)
    assert spot.answers()[:2] == posted
    assert words("".join(map(chat.text, posted))) == words(whole)


async def test_pages_of_a_process_before_stay_while_the_answer_asked_for_again_is_still_shorter(
    world, chat, spot, dify, gate
):
    sentence = "A long sentence of an answer. "
    whole = "Begin. " + sentence * {"discord": 90, "slack": 400}[chat.name] + "The end."
    dify.reply(
        Answer(["Begin. ", whole[7:-8], "The end."], gate=gate), Answer([whole[:200], whole[200:]], gate=gate)
    )
    async with world.doomed():
        spot.ask("tell me")
        gate.allow(2)
        await shows(chat, lambda: spot.answers()[1:], "A long sentence")
        posted = list(spot.answers())
    async with world.bot():
        gate.allow()
        await dify.journal.wait(lambda: len(asked(dify)) == 2)
        await chat.journal.wait(lambda: len(chat.text(posted[0])) < 300)
        assert spot.answers() == posted
        gate.finish()
        await chat.journal.wait(lambda: words("".join(map(chat.text, spot.answers()))) == words(whole))
    assert spot.answers() == posted


async def test_an_end_lost_with_the_process_is_not_written_twice(world, chat, spot, dify, gate):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.doomed():
        spot.ask("count")
        gate.allow()
        await shows(chat, spot.answers, "one")
        held = chat.hold(chat.ends)
        gate.finish()
        await held.reached()
        await shows(chat, spot.answers, "one two")
    held.let_go()
    async with world.bot():
        spot.ask("next")  # behind whatever is still to be done about the first
        await shows(chat, spot.answers, "You said: next", count=2)
    assert len(spot.answers()) == 2
    assert chat.text(spot.answers()[0]).strip() == "one two"
    assert [call.args["query"] for call in asked(dify)] == ["count", "next"]


async def test_a_thread_opened_by_a_killed_process_is_gone_on_with(discord_world, dify):
    discord = discord_world.discord
    alice = discord.add_user("alice")
    general = discord.add_channel(discord.add_guild("Acme", alice), "general")
    async with discord_world.doomed():
        opening = discord.faults.hold("POST /channels/{channel_id}/messages/{message_id}/threads")
        question = discord.post(general, alice, f"<@{discord.bot.id}> hello")
        await opening.reached()
    opening.open()
    async with discord_world.bot():
        thread = discord.world.channels[question.id]
        await discord.journal.wait(lambda: [m for m in thread.messages.values() if "turn 1" in m.content])
    ours = [m for m in thread.messages.values() if m.author is discord.bot and m.content]
    assert len(ours) == 1
    assert not [m for m in general.messages.values() if m.author is discord.bot and m.type == 0]


async def test_two_answers_begun_by_a_killed_process_stay_apart(world, chat, dm, dify, gate):
    """Where a platform keeps no mark of ours, what one has found is not taken by the next."""
    dify.reply(Answer(["one ", "two"], gate=gate), "one two", "three four")
    async with world.doomed():
        dm.ask("first")
        gate.allow()
        await shows(chat, dm.answers, "one")
        dm.ask("second")
        await chat.taken()
    async with world.bot():
        await says_only(chat, dm.answers, "one two")
        await says_only(chat, dm.answers, "three four", count=2)
    assert len(dm.answers()) == 2
