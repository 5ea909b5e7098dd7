"""Posting, changing and reading messages through the Web API."""

import pytest
from slack_sdk.errors import SlackApiError

from simulators.slack import Limits


@pytest.fixture
def general(unlimited):
    return unlimited.channel("general").id


async def _error(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_a_post_is_shown_kept_and_recorded(slack, client, general):
    metadata = {"event_type": "answer", "event_payload": {"id": "7"}}
    reply = await client.chat_postMessage(
        channel=general, text="hello", metadata=metadata, unfurl_links=False
    )
    message = slack.at(general, reply["ts"])
    assert (message.shown, message.bot_id, message.unfurl_links) == ("hello", slack.world.bot_id, False)
    call = slack.journal.named("chat.postMessage")[0]
    assert call.args["metadata"] == metadata
    assert call.args["unfurl_links"] is False
    assert "token" not in call.args
    plain = await client.conversations_history(channel=general)
    assert "metadata" not in plain["messages"][0]
    whole = await client.conversations_history(channel=general, include_all_metadata=True)
    assert whole["messages"][0]["metadata"] == metadata


async def test_an_edited_answer_grows_in_the_history(slack, client, general):
    posted = await client.chat_postMessage(channel=general, markdown_text="one")
    for text in ("one two", "one two three"):
        await client.chat_update(channel=general, ts=posted["ts"], markdown_text=text)
    message = slack.at(general, posted["ts"])
    assert [state.text for state in message.history] == ["one", "one two", "one two three"]
    assert message.edited["user"] == slack.world.bot_user


async def test_metadata_survives_an_update_without_metadata(slack, client, general):
    metadata = {"event_type": "answer", "event_payload": {"id": "7"}}
    posted = await client.chat_postMessage(channel=general, text="a", metadata=metadata)
    await client.chat_update(channel=general, ts=posted["ts"], text="b")
    assert slack.at(general, posted["ts"]).metadata == metadata


async def test_text_limits(slack, client, general):
    posted = await client.chat_postMessage(channel=general, text="x" * 40_001)
    assert len(slack.at(general, posted["ts"]).text) == 40_000
    assert posted["response_metadata"]["warnings"] == ["message_truncated"]
    place = {"channel": general, "ts": posted["ts"]}
    await client.chat_update(**place, text="x" * 4_000)
    assert await _error(client.chat_update(**place, text="x" * 4_001)) == "msg_too_long"
    await client.chat_update(**place, markdown_text="x" * 12_000)
    assert await _error(client.chat_update(**place, markdown_text="x" * 12_001)) == "msg_too_long"
    assert (
        await _error(client.chat_postMessage(channel=general, markdown_text="x" * 12_001)) == "msg_too_long"
    )
    both = client.chat_postMessage(channel=general, markdown_text="x", text="x")
    assert await _error(both) == "markdown_text_conflict"
    assert (
        await _error(client.api_call("chat.postMessage", json={"channel": general, "text": ""})) == "no_text"
    )


def _section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _button(**fields):
    return {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "A"}, **fields}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([_section("x")] * 50, None),
        ([_section("x")] * 51, "invalid_blocks"),
        ([_section("x" * 3_000)], None),
        ([_section("x" * 3_001)], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 6_000}] * 2, None),
        (
            [{"type": "markdown", "text": "x" * 6_000}, {"type": "markdown", "text": "x" * 6_001}],
            "msg_blocks_too_long",
        ),
        ([{"type": "nonsense"}], "invalid_blocks"),
        (["nonsense"], "invalid_blocks_format"),
        ([{"type": "actions", "elements": [_button()] * 26}], "invalid_blocks"),
        ([{"type": "context_actions", "elements": [_button()] * 6}], "invalid_blocks"),
        ([{"type": "actions", "elements": [_button(value="x" * 2_001)]}], "invalid_blocks"),
        ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}], "invalid_blocks"),
        ([{"type": "divider", "block_id": "1"}, {"type": "divider", "block_id": "1"}], "invalid_blocks"),
    ],
)
async def test_block_limits(client, general, blocks, error):
    call = client.chat_postMessage(channel=general, text="fallback", blocks=blocks)
    if error is None:
        assert (await call)["ok"]
    else:
        assert await _error(call) == error


async def test_blocks_are_what_a_reader_sees_and_get_their_ids(slack, client, general):
    blocks = [_section("*Answer*"), {"type": "actions", "elements": [_button()]}]
    posted = await client.chat_postMessage(channel=general, text="fallback", blocks=blocks)
    message = slack.at(general, posted["ts"])
    assert message.shown == "*Answer*"
    assert message.buttons[0]["block_id"] == posted["message"]["blocks"][1]["block_id"]
    assert "block_id" not in slack.journal.named("chat.postMessage")[0].args["blocks"][0]
    place = {"channel": general, "ts": posted["ts"]}
    await client.chat_update(**place, text="only text")
    assert (message.shown, message.text) == ("*Answer*", "only text")
    await client.chat_update(**place, text="and no blocks", blocks=[])
    assert (message.shown, message.buttons) == ("and no blocks", [])
    await client.chat_update(**place, text="fallback", blocks=blocks)
    await client.chat_update(**place, markdown_text="**new**")
    assert (message.shown, message.buttons) == ("**new**", [])


async def test_whom_a_message_pings(slack, client, general):
    posted = await client.chat_postMessage(
        channel=general, markdown_text="<!channel> &lt;!here> <@U0SIMBOT001|x>"
    )
    assert slack.at(general, posted["ts"]).pings == ["!channel", "@U0SIMBOT001"]


async def test_places_the_bot_cannot_write_to(slack, client, general):
    closed = slack.add_channel("closed", "ada", kind="group", bot=False)
    foreign = slack.add_channel("foreign", "ada", bot=False)
    attic = slack.add_channel("attic", "ada")
    attic.is_archived = True
    for channel, error in (
        ("C0NOTHING", "channel_not_found"),
        (closed.id, "channel_not_found"),
        (foreign.id, "not_in_channel"),
        (attic.id, "is_archived"),
    ):
        assert await _error(client.chat_postMessage(channel=channel, text="x")) == error
    assert await _error(client.chat_update(channel=general, ts="1.000001", text="x")) == "message_not_found"
    theirs = slack.post("general", "ada", "mine")
    place = {"channel": general, "ts": theirs.ts}
    assert await _error(client.chat_update(**place, text="x")) == "cant_update_message"
    assert await _error(client.chat_delete(**place)) == "cant_delete_message"
    assert await _error(client.api_call("chat.update", json={"text": "x"})) == "invalid_arguments"
    assert await _error(client.api_call("chat.invented", json={})) == "unknown_method"


async def test_a_post_to_a_person_or_a_name_finds_the_channel(slack, client, general):
    posted = await client.chat_postMessage(channel=slack.user("ada").id, text="psst")
    assert posted["channel"] == slack.dm("ada").id
    posted = await client.chat_postMessage(channel="#general", text="all")
    assert posted["channel"] == general


async def test_threads_are_read_oldest_first_and_history_newest_first(slack, client, general):
    root = slack.post("general", "ada", "question")
    for text in ("one", "two", "three"):
        await client.chat_postMessage(channel=general, thread_ts=root.ts, text=text)
    slack.post("general", "ben", "unrelated")
    first = await client.conversations_replies(channel=general, ts=root.ts, limit=3)
    assert [message["text"] for message in first["messages"]] == ["question", "one", "two"]
    assert first["messages"][0]["reply_count"] == 3
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_replies(channel=general, ts=root.ts, limit=3, cursor=cursor)
    assert ([message["text"] for message in rest["messages"]], rest["has_more"]) == (["three"], False)
    history = await client.conversations_history(channel=general)
    assert [message["text"] for message in history["messages"]] == ["unrelated", "question"]
    latest = await client.conversations_history(channel=general, latest=root.ts, inclusive=True, limit=1)
    assert [message["text"] for message in latest["messages"]] == ["question"]
    assert await _error(client.conversations_replies(channel=general, ts="1.000001")) == "thread_not_found"


async def test_a_reply_to_a_thread_that_is_gone_lands_in_the_channel(slack, client, general):
    root = slack.post("general", "ada", "question")
    slack.delete(root)
    posted = await client.chat_postMessage(channel=general, thread_ts=root.ts, text="answer")
    assert "thread_ts" not in posted["message"]


async def test_a_deleted_answer_is_gone(slack, client, general):
    posted = await client.chat_postMessage(channel=general, text="oops")
    await client.chat_delete(channel=general, ts=posted["ts"])
    assert slack.visible("general", "ada") == []
    assert await _error(client.chat_delete(channel=general, ts=posted["ts"])) == "message_not_found"


async def test_only_one_person_sees_an_ephemeral_message(slack, client, general):
    ada = slack.user("ada").id
    await client.chat_postEphemeral(channel=general, user=ada, text="psst")
    assert slack.visible("general", "ada") == ["psst"]
    assert slack.visible("general", "ben") == []
    assert (await client.conversations_history(channel=general))["messages"] == []
    stranger = slack.add_user("joe").id
    wrong = client.chat_postEphemeral(channel=general, user=stranger, text="x")
    assert await _error(wrong) == "user_not_in_channel"


async def test_the_bots_reactions(slack, client, general):
    message = slack.post("general", "ada", "hello")
    place = {"channel": general, "timestamp": message.ts}
    await client.reactions_add(**place, name="eyes")
    assert message.reactions == {"eyes": [slack.world.bot_user]}
    assert await _error(client.reactions_add(**place, name="eyes")) == "already_reacted"
    seen = await client.reactions_get(**place)
    assert seen["message"]["reactions"] == [{"name": "eyes", "users": [slack.world.bot_user], "count": 1}]
    await client.reactions_remove(**place, name="eyes")
    assert message.reactions == {}
    assert await _error(client.reactions_remove(**place, name="eyes")) == "no_reaction"


async def test_conversations_users_bots_and_team(slack, client, general):
    ada = slack.user("ada").id
    opened = await client.conversations_open(users=ada, return_im=True)
    assert (opened["channel"]["id"], opened["channel"]["user"]) == (slack.dm("ada").id, ada)
    group = await client.conversations_open(users=[ada, slack.user("ben").id])
    again = await client.conversations_open(users=[slack.user("ben").id, ada])
    assert group["channel"]["id"] == again["channel"]["id"]
    info = await client.conversations_info(channel=general)
    assert (info["channel"]["name"], info["channel"]["is_member"]) == ("general", True)
    assert ada in (await client.conversations_members(channel=general))["members"]
    slack.add_channel("foreign", "ada", bot=False)
    assert len((await client.conversations_list())["channels"]) == 2
    own = await client.users_conversations(types="public_channel,im,mpim")
    assert len(own["channels"]) == 3
    user = (await client.users_info(user=ada, include_locale=True))["user"]
    assert (user["name"], user["locale"]) == ("ada", "en-US")
    assert await _error(client.users_info(user="U0NOBODY")) == "user_not_found"
    assert (await client.bots_info(bot=slack.world.bot_id))["bot"]["user_id"] == slack.world.bot_user
    assert (await client.team_info())["team"]["id"] == slack.world.team_id
    assert len((await client.users_list())["members"]) == len(slack.world.users)
    link = await client.chat_getPermalink(channel=general, message_ts=slack.post("general", "ada", "x").ts)
    assert f"/archives/{general}/p" in link["permalink"]


async def test_a_body_that_is_no_json_is_refused(slack, session):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {slack.bot_token}"}
    async with session.post(f"{slack.api_url}auth.test", data="{", headers=headers) as response:
        assert await response.json() == {"ok": False, "error": "invalid_json"}


async def test_limits_can_be_switched_off(unlimited, client, general):
    assert unlimited.throttle.limits == Limits.off()
    for number in range(60):
        await client.chat_postMessage(channel=general, text=str(number))
