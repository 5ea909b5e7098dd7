import asyncio

import pytest

from core.messages import Addressed, Draft, MessageDeleted, Person, StopPressed, Target
from simulators.slack import Upload


def target(message):
    return Target(message.place, message.ref, message.author, f"{message.ref.id}:0")


async def answer(bot, message, *texts):
    live = bot.adapter.live(target(message))
    for text in texts:
        await live.show(Draft(text, final=text is texts[-1]))
    return live.ref


async def test_a_mention_is_answered_in_its_thread_which_then_goes_on(slack, run):
    bot = await run()
    asked = slack.post("general", "ada", f"{slack.mention} What is love?")
    await slack.journal.wait(lambda: len(bot.inbox.messages) == 2)
    one, two = bot.inbox.messages
    assert one == two  # `message` and `app_mention` of one post
    assert (one.text, one.addressed, one.place.thread) == ("What is love?", Addressed.MENTION, asked.ts)
    ref = await answer(bot, one, "Love", "Love is")
    written = slack.at("general", ref.id)
    assert (written.thread_ts, [shown.text for shown in written.history]) == (asked.ts, ["Love", "Love is"])

    slack.post("general", "ben", "And hate?", thread_ts=asked.ts)
    await slack.journal.wait(lambda: len(bot.inbox.messages) == 3)
    more = bot.inbox.messages[2]
    assert (more.addressed, more.place, more.identity) == (Addressed.FOLLOW, one.place, one.identity)
    assert more.author == Person(slack.user("ben").id)


async def test_a_direct_message_is_answered_by_a_stream(slack, run):
    bot = await run()
    asked = slack.post(slack.dm("ada"), "ada", "Hey &amp; hello")
    await slack.journal.wait(lambda: bot.inbox.messages)
    (message,) = bot.inbox.messages
    assert (message.text, message.addressed) == ("Hey & hello", Addressed.DIRECT)
    assert message.identity == f"slack:{slack.world.team_id}:{slack.user('ada').id}"
    ref = await answer(bot, message, "H", "Hi", "Hi!")
    written = slack.at(slack.dm("ada"), ref.id)
    assert [shown.text for shown in written.history] == ["H", "Hi", "Hi!"]
    assert (written.thread_ts, written.stream.ended_by) == (asked.ts, "app")
    assert len(bot.inbox.messages) == 1  # our own words do not come back


async def test_files_reach_the_inbox(slack, run):
    bot = await run()
    slack.post(slack.dm("ada"), "ada", "look", files=[Upload("a.txt", b"hello", "text/plain")])
    await slack.journal.wait(lambda: bot.inbox.messages)
    (file,) = bot.inbox.messages[0].files
    assert (file.name, file.mime_type, file.size) == ("a.txt", "text/plain", 5)
    assert file.url.startswith(slack.base)


async def test_what_is_not_for_us_is_acknowledged_and_left(slack, run):
    bot = await run()
    slack.post("general", "ada", "just talking")
    slack.post_as_bot("general", f"{slack.mention} I am a bot")
    edited = slack.post("general", "ada", "tpyo")
    slack.edit(edited, f"{slack.mention} typo")
    slack.open_home("ada", "messages")
    slack.react("general", edited.ts, "ada", "tada")
    await slack.journal.wait(lambda: bot.inbox.reactions)
    await slack.journal.wait(lambda: all(delivery.acked for delivery in slack.socket.deliveries))
    assert bot.inbox.messages == []


async def test_a_reaction_on_and_off(slack, run):
    bot = await run()
    robot = slack.add_user("robot", is_bot=True)
    asked = slack.post("general", "ada", "hello")
    slack.react("general", asked.ts, "ada", "+1")
    await slack.journal.wait(lambda: len(bot.inbox.reactions) == 1)
    slack.unreact("general", asked.ts, "ada", "+1")
    await slack.journal.wait(lambda: len(bot.inbox.reactions) == 2)
    slack.react("general", asked.ts, robot, "x")
    await slack.journal.wait(lambda: len(bot.inbox.reactions) == 3)
    on, off, mechanical = bot.inbox.reactions
    assert (on.ref.id, on.emoji, on.added, on.author.bot) == (asked.ts, "+1", True, False)
    assert off.added is False
    assert mechanical.author == Person(robot.id, bot=True)
    assert len(slack.journal.named("users.info")) == 2  # each person is asked for once


async def test_a_reaction_is_taken_in_when_slack_can_t_say_who_it_is(slack, run):
    bot = await run()
    slack.refuse("users.info", "user_not_found")
    asked = slack.post("general", "ada", "hello")
    slack.react("general", asked.ts, "ada", "+1")
    await slack.journal.wait(lambda: bot.inbox.reactions)
    assert bot.inbox.reactions[0].author.bot is False


async def test_stop_and_deletion_reach_the_inbox(slack, run):
    bot = await run()
    channel = slack.dm("ada")
    asked = slack.post(channel, "ada", "Tell me all")
    await slack.journal.wait(lambda: bot.inbox.messages)
    (message,) = bot.inbox.messages
    live = bot.adapter.live(target(message))
    await live.show(Draft("It began"))
    slack.press_stop(channel, asked.ts, "ada")
    await slack.journal.wait(lambda: bot.inbox.actions)
    assert bot.inbox.actions == [StopPressed(message.place, Person(slack.user("ada").id))]
    slack.delete(slack.at(channel, live.ref.id))
    await slack.journal.wait(lambda: len(bot.inbox.actions) == 2)
    slack.delete(asked)  # the reply is gone: no tombstone
    await slack.journal.wait(lambda: len(bot.inbox.actions) == 3)
    assert bot.inbox.actions[1:] == [MessageDeleted(live.ref), MessageDeleted(message.ref)]


async def test_a_deleted_question_with_replies_is_deleted(slack, run):
    bot = await run()
    asked = slack.post("general", "ada", f"{slack.mention} hi")
    await slack.journal.wait(lambda: bot.inbox.messages)
    slack.post("general", "ben", "me too", thread_ts=asked.ts)
    slack.delete(asked)
    await slack.journal.wait(lambda: bot.inbox.actions)
    assert bot.inbox.actions == [MessageDeleted(bot.inbox.messages[0].ref)]


async def test_nothing_is_acknowledged_before_the_inbox_has_it(slack, run):
    bot = await run()
    bot.inbox.hold = asyncio.Event()
    slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.offered == 1)
    (delivery,) = slack.socket.deliveries
    assert not delivery.acked
    bot.inbox.hold.set()
    await slack.journal.wait(lambda: delivery.acked)
    assert len(bot.inbox.messages) == 1


async def test_what_the_inbox_can_t_keep_is_delivered_again(slack, run):
    bot = await run()
    bot.inbox.trouble = OSError("disk full")
    slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.offered == 2)  # the first retry comes at once
    (delivery,) = slack.socket.deliveries
    assert not delivery.acked
    bot.inbox.trouble = None
    await slack.journal.wait(lambda: not any(c.waiting for c in slack.socket.connections))
    slack.socket.redeliver_now()
    await slack.journal.wait(lambda: delivery.acked)
    assert [envelope["retry_attempt"] for envelope in delivery.envelopes][-1] > 0
    assert [message.text for message in bot.inbox.messages] == ["Hey"]


async def test_malformed_events_do_no_harm(slack, run, caplog):
    bot = await run()
    slack.publish({"type": "message", "channel": slack.dm("ada").id, "channel_type": "im", "text": "s3cret"})
    slack.publish({"type": "reaction_added", "item": {"channel": "s3cret"}})
    await slack.send_raw('{"envelope_id": "1", "type": "events_api", "payload": {"type": "event_callback"}}')
    await slack.send_raw('{"envelope_id": "2", "type": "events_api"}')
    await slack.send_raw("no json")
    slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.messages)
    await slack.journal.wait(lambda: all(delivery.acked for delivery in slack.socket.deliveries))
    assert "unknown shape" in caplog.text
    assert "s3cret" not in caplog.text


async def test_reconnects(slack, run):
    bot = await run()
    await slack.refresh_sockets()
    await slack.journal.wait(lambda: slack.socket.open)
    slack.post(slack.dm("ada"), "ada", "one")
    await slack.journal.wait(lambda: len(bot.inbox.messages) == 1)
    slack.drop_sockets()
    await slack.journal.wait(lambda: not slack.socket.connections)
    await slack.journal.wait(lambda: slack.socket.open)
    slack.post(slack.dm("ada"), "ada", "two")
    await slack.journal.wait(lambda: len(bot.inbox.messages) == 2)


@pytest.mark.parametrize("scope", ["thread", "channel"])
async def test_dm_scope_decides_where_answers_go(slack, run, scope):
    bot = await run(dm_scope=scope)
    asked = slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.messages)
    ref = await answer(bot, bot.inbox.messages[0], "Hi", "Hi!")
    assert slack.at(slack.dm("ada"), ref.id).thread_ts == (asked.ts if scope == "thread" else None)


async def test_somebody_over_slack_connect_gets_their_own_stream(slack, run):
    bot = await run(channel_stream="native")
    guest = slack.add_user("guest", team="T0OTHER0001")
    slack.add_channel("shared", guest)
    slack.post("shared", guest, f"{slack.mention} hello")
    await slack.journal.wait(lambda: bot.inbox.messages)
    ref = await answer(bot, bot.inbox.messages[0], "Hi", "Hi!")
    assert slack.at("shared", ref.id).shown == "Hi!"
    (start,) = slack.journal.named("chat.startStream")
    assert start.args["recipient_team_id"] == "T0OTHER0001"
