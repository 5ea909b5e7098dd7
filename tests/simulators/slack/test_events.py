"""What the app is told, over Socket Mode with the real bolt app."""

import json

import pytest

from simulators.slack import Upload


async def test_a_mention_is_delivered_twice_under_two_event_ids(slack, bot):
    message = slack.post("general", "ada", f"{slack.mention} hello")
    await slack.journal.wait(lambda: len(bot.events) >= 2)
    told, mentioned = bot.of("message")[0], bot.of("app_mention")[0]
    for key in ("channel", "ts", "client_msg_id", "text"):
        assert told["event"][key] == mentioned["event"][key]
    assert told["event"]["ts"] == message.ts
    assert told["event_id"] != mentioned["event_id"]
    assert told["event"]["channel_type"] == "channel"
    assert "channel_type" not in mentioned["event"]


async def test_a_dm_comes_once_as_a_message_of_type_im(slack, bot):
    slack.post(slack.dm("ada"), "ada", f"{slack.mention} hello", app_context={"entities": []})
    await slack.journal.wait(lambda: all(d.acked for d in slack.deliveries))
    assert [body["event"]["channel_type"] for body in bot.of("message")] == ["im"]
    assert bot.of("message")[0]["event"]["app_context"] == {"entities": []}
    assert not bot.of("app_mention")


async def test_nothing_is_told_about_channels_the_bot_is_not_in(slack, bot):
    slack.post(slack.add_channel("elsewhere", "ada", bot=False), "ada", f"{slack.mention} hello?")
    slack.post("general", "ada", "here")
    await slack.journal.wait(lambda: bot.events)
    assert [delivery.event["text"] for delivery in slack.deliveries] == ["here"]


async def test_nothing_is_told_that_the_app_did_not_subscribe_to(slack, bot):
    slack.settings.events.discard("reaction_added")
    message = slack.post("general", "ada", "hello")
    slack.react("general", message.ts, "ben", "+1")
    await slack.journal.wait(lambda: bot.events)
    assert message.reactions == {"+1": [slack.user("ben").id]}
    assert [delivery.event["type"] for delivery in slack.deliveries] == ["message"]


async def test_edits_deletions_and_reactions_of_people(slack, bot):
    message = slack.post("general", "ada", "first")
    slack.edit(message, "second")
    slack.react("general", message.ts, "ben", "thumbsup")
    slack.unreact("general", message.ts, "ben", "thumbsup")
    slack.delete(message)
    await slack.journal.wait(lambda: len(bot.events) >= 5)
    by_subtype = {body["event"].get("subtype"): body["event"] for body in bot.of("message")}
    changed, deleted = by_subtype["message_changed"], by_subtype["message_deleted"]
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("first", "second")
    assert changed["message"]["edited"]["user"] == slack.user("ada").id
    assert deleted["deleted_ts"] == message.ts
    added, removed = bot.of("reaction_added")[0]["event"], bot.of("reaction_removed")[0]["event"]
    assert (
        added["item"] == removed["item"] == {"type": "message", "channel": message.channel, "ts": message.ts}
    )
    assert added["item_user"] == slack.user("ada").id
    assert [state.text for state in message.history] == ["first", "second"]


async def test_a_deleted_thread_root_with_replies_becomes_a_tombstone(slack, bot):
    root = slack.post("general", "ada", "question")
    slack.post("general", "ben", "answer", thread_ts=root.ts)
    slack.delete(root)
    await slack.journal.wait(lambda: len(bot.events) >= 3)
    changed = next(b["event"] for b in bot.events if b["event"].get("subtype") == "message_changed")
    assert changed["message"]["subtype"] == "tombstone"
    assert changed["previous_message"]["text"] == "question"
    assert slack.visible("general", "ada", root.ts) == ["This message was deleted.", "answer"]


async def test_a_reply_names_the_author_of_the_thread(slack, bot):
    root = slack.post("general", "ada", "question")
    slack.post("general", "ben", "reply", thread_ts=root.ts)
    await slack.journal.wait(lambda: len(bot.events) >= 2)
    reply = next(body["event"] for body in bot.events if body["event"]["text"] == "reply")
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root.ts, slack.user("ada").id)


async def test_people_over_slack_connect_bring_their_own_team(slack, bot):
    guest = slack.add_user("eve", team="T0PARTNER01")
    slack.post("general", guest, "hi")
    await slack.journal.wait(lambda: bot.events)
    assert bot.events[0]["is_ext_shared_channel"] is True
    assert bot.events[0]["event"]["user_team"] == "T0PARTNER01"
    assert bot.events[0]["team_id"] == slack.world.team_id


async def test_the_bots_own_messages_echo_but_bolt_drops_them(slack, bot, client):
    posted = await client.chat_postMessage(channel=slack.channel("general").id, text="mine")
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="mine too")
    slack.post("general", "ada", "theirs")
    await slack.journal.wait(lambda: len([d for d in slack.deliveries if d.acked]) == 3)
    echo = slack.deliveries[0].event
    assert (echo["bot_id"], echo["user"]) == (slack.world.bot_id, slack.world.bot_user)
    assert slack.deliveries[1].event["subtype"] == "message_changed"
    assert [body["event"]["text"] for body in bot.events] == ["theirs"]


async def test_messages_of_other_bots_are_not_dropped(slack, bot):
    slack.post_as_bot("general", "beep")
    await slack.journal.wait(lambda: bot.events)
    assert bot.events[0]["event"]["subtype"] == "bot_message"


async def test_home_session_and_membership_events(slack, bot):
    slack.open_home("ada", "messages")
    slack.rename_session(slack.dm("ada"), "1.000001", "ada", "Plans")
    slack.join("general", slack.add_user("joe"))
    await slack.journal.wait(lambda: len(bot.events) >= 3)
    assert bot.of("app_home_opened")[0]["event"]["tab"] == "messages"
    assert bot.of("agent_session_title_changed")[0]["event"]["title"] == "Plans"
    assert bot.of("member_joined_channel")[0]["event"]["user"] == slack.user("joe").id


async def test_an_uninstalled_app_hears_of_it_and_can_call_nothing(slack, bot, client):
    slack.uninstall()
    await slack.journal.wait(lambda: len([d for d in slack.deliveries if d.acked]) == 2)
    assert [d.event["type"] for d in slack.deliveries] == ["app_uninstalled", "tokens_revoked"]
    with pytest.raises(Exception, match="token_revoked"):
        await client.auth_test()


async def test_an_unfurl_is_a_change_without_a_change_of_text(slack, bot):
    message = slack.post("general", "ada", "https://example.com")
    slack.unfurl(message)
    await slack.journal.wait(lambda: len(bot.events) >= 2)
    event = next(body["event"] for body in bot.events if "message" in body["event"])
    assert event["message"]["text"] == event["previous_message"]["text"]


async def test_the_event_of_a_message_with_a_file(slack, bot):
    slack.post("general", "ada", "look", files=[Upload("a.png", b"\x89PNG", "image/png")])
    slack.post("general", "ada", "", files=[Upload("b.png", b"\x89PNG", "image/png", external=True)])
    await slack.journal.wait(lambda: len(bot.events) >= 2)
    first, second = (d.event["files"][0] for d in slack.deliveries)
    assert slack.deliveries[0].event["subtype"] == "file_share"
    assert (first["mimetype"], first["size"], first["file_access"]) == ("image/png", 4, "visible")
    assert second["file_access"] == "check_file_info"
    assert "url_private" not in second
    assert json.dumps(bot.events)  # nothing but JSON went over the wire
