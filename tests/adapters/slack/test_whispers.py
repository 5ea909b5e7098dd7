import asyncio

import pytest

from core.messages import Button, Draft, MessageRef, Person

FINAL = Draft("Love is all.", final=True, buttons=(Button("again:1", "Try again"),))


@pytest.fixture
async def press(slack, run, ask):
    """A press of Ben's in #general (in the question's thread, or beside it), and the bot that heard of it."""

    async def pressed(*, thread=True, channel="general", who="ben"):
        bot = await run(dm_scope="thread" if thread else "channel")
        target = ask(channel, thread=thread)
        live = bot.adapter.live(target)
        await live.show(FINAL)
        slack.press(slack.at(target.place.channel, live.ref.id), "parley:again:1", who)
        [action] = await slack.journal.wait(lambda: bot.inbox.actions)
        return bot, target, action

    return pressed


async def test_a_whisper_stands_in_the_thread_of_the_pressed_button(slack, press):
    bot, target, pressed = await press()
    await bot.adapter.whisper(pressed.ref, pressed.author, "Only <!here> & you.")
    (heard,) = slack.ephemerals("general", "ben")
    assert (heard.text, heard.thread_ts) == ("Only &lt;!here&gt; &amp; you.", target.place.thread)
    assert heard.pings == []
    assert slack.ephemerals("general", "ada") == []


async def test_a_whisper_in_a_direct_message_at_top_level(slack, press):
    bot, target, pressed = await press(thread=False, channel=None, who="ada")
    await bot.adapter.whisper(pressed.ref, pressed.author, "Only you.")
    (heard,) = slack.ephemerals(target.place.channel, "ada")
    assert (heard.text, heard.thread_ts) == ("Only you.", None)


async def test_where_the_thread_is_not_known_it_stands_in_the_channel(slack, make, ask):
    target = ask("general")
    ref = MessageRef("slack", slack.world.team_id, target.place.channel, "1.000001")
    await make().whisper(ref, target.asker, "Only you.")
    (heard,) = slack.ephemerals("general", "ada")
    assert heard.thread_ts is None


async def test_who_is_not_in_the_channel_is_told_in_direct_messages(slack, make, ask):
    target = ask("general")
    slack.leave("general", "ben")
    await make().whisper(target.question, Person(slack.user("ben").id), "Only <!here> you.")
    (heard,) = slack.visible(slack.dm("ben"), "ben")
    assert heard == "Only &lt;!here&gt; you."


@pytest.mark.parametrize("fault", ["refused", "limited", "lost", "not there"])
async def test_a_whisper_raises_nothing_and_is_not_repeated(slack, make, ask, caplog, fault):
    caplog.set_level("INFO")
    target, adapter, person = ask("general"), make(), Person(slack.user("ben").id)
    if fault == "refused":
        slack.refuse("chat.postEphemeral", "restricted_action")
    elif fault == "limited":
        slack.rate_limit_next("chat.postEphemeral", 30)
    elif fault == "lost":
        slack.lose_reply_next("chat.postEphemeral")
    else:
        await slack.stop()
    await adapter.whisper(target.question, person, "secret words")
    assert len(slack.journal.named("chat.postEphemeral")) == (0 if fault == "not there" else 1)
    assert "was not told" in caplog.text
    assert "secret words" not in caplog.text


async def test_a_whisper_that_hangs_can_be_cancelled(slack, make, ask):
    gate = slack.hold("chat.postEphemeral")
    target = ask("general")
    whispering = asyncio.create_task(make().whisper(target.question, target.asker, "Only you."))
    await slack.journal.wait(lambda: gate.waiting)
    whispering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whispering
