"""What the page is told of answers: their calls, their parts, whether they are being written."""

import json

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from simulators.page.pulse import Pulse


@pytest.fixture
async def slack(stage):
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            stage.slack.bot_token, base_url=stage.slack.api_url, retry_handlers=[], session=session
        )


async def test_an_edited_answer_shows_its_parts_and_what_it_cost(live, stage, slack):
    root = stage.slack.post("support", "alice", "?")
    blocks = [{"type": "markdown", "text": "**One**"}]
    note = [{"type": "context", "elements": [{"type": "mrkdwn", "text": "Stopped."}]}]
    channel = stage.slack_places.channel.id
    posted = await slack.chat_postMessage(channel=channel, thread_ts=root.ts, text="One", blocks=blocks)
    await slack.chat_update(channel=channel, ts=posted["ts"], text="One", blocks=blocks + note)
    stage.slack.rate_limit_next("chat.update", 1)
    with pytest.raises(Exception, match="ratelimited"):
        await slack.chat_update(channel=channel, ts=posted["ts"], text="One", blocks=blocks)
    key = f"message/slack/{channel}/{posted['ts']}"
    await live.until(lambda: key in live and live[key]["cost"] == {"calls": 3, "refused": 1})
    assert live[key]["parts"] == [
        {"kind": "markdown", "text": "**One**"},
        {"kind": "notice", "text": "Stopped."},
    ]
    assert live[key]["edited"] is True
    assert live[key]["bot"] is True


async def test_a_native_stream_is_written_until_it_stops_and_shows_no_edit(live, stage, slack):
    dm = stage.slack_places.dms["alice"]
    root = stage.slack.post(dm, "alice", "?")
    begun = await slack.chat_startStream(channel=dm.id, thread_ts=root.ts, markdown_text="One ")
    key = f"message/slack/{dm.id}/{begun['ts']}"
    await live.until(lambda: key in live and live[key]["writing"])
    assert (await live.until(lambda: live.get(f"status/slack/dm/alice/{root.ts}")))["stop"] is True
    await slack.chat_appendStream(channel=dm.id, ts=begun["ts"], markdown_text="two")
    await slack.chat_stopStream(channel=dm.id, ts=begun["ts"])
    await live.until(lambda: not live[key]["writing"])
    assert live[key]["parts"] == [{"kind": "markdown", "text": "One two"}]
    assert live[key]["edited"] is False
    assert live[key]["cost"]["calls"] == 3
    await live.until(lambda: f"status/slack/dm/alice/{root.ts}" not in live)


async def test_discords_bot_types_until_it_writes(live, stage):
    dm = stage.discord_places.dms["bob"]
    headers = {"Authorization": f"Bot {stage.discord.token}"}
    async with aiohttp.ClientSession(headers=headers) as api:
        url = f"{stage.discord.api_url}/channels/{dm.id}"
        await api.post(f"{url}/typing")
        status = await live.until(lambda: live.get("status/discord/dm/bob/"))
        assert status == {"text": "Parley is typing…", "stop": False}
        posted = await (await api.post(f"{url}/messages", json={"content": "**Hi** <@1>"})).json()
        await api.patch(f"{url}/messages/{posted['id']}", json={"content": "**Hi** again"})
    key = f"message/discord/{dm.id}/{posted['id']}"
    await live.until(lambda: key in live and live[key]["cost"]["calls"] == 2)
    assert live[key]["parts"] == [{"kind": "discord", "text": "**Hi** again"}]
    assert live[key]["edited"] is True
    assert "status/discord/dm/bob/" not in live


async def test_dify_answers_are_listed_with_their_ratings(live, stage):
    dify = stage.config["dify"]["base_url"]
    headers = {"Authorization": f"Bearer {stage.config['apps']['support']['api_key']}"}
    stage.pace = 500
    body = {"inputs": {}, "query": "退款多久?", "user": "u", "response_mode": "streaming"}
    async with aiohttp.ClientSession(headers=headers) as api:
        lines = (await (await api.post(f"{dify}/chat-messages", json=body)).text()).splitlines()
        events = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
        answer = "".join(each["answer"] for each in events if each["event"] == "agent_message")
        rating = {"rating": "dislike", "user": "u"}
        await api.post(f"{dify}/messages/{events[-1]['message_id']}/feedbacks", json=rating)
    row = await live.until(lambda: live.get("answer/000001") if live["dify"]["answers"] else None)
    await live.until(lambda: live["answer/000001"]["rating"] == "dislike")
    assert row["question"] == "退款多久?"
    assert live["answer/000001"]["state"] == "succeeded"
    assert "退款" in answer
    assert [live[key]["method"] for key in sorted(live) if key.startswith("request/")] == [
        "POST /chat-messages",
        "POST /messages/{message_id}/feedbacks",
    ]


def test_an_answer_is_written_while_its_own_run_goes_on_and_until_the_last_edit():
    assert Pulse(10, {"a & b?": None}).writes("<@U1>  a &amp; b?", 1)
    assert Pulse(10, {"Alice: a?": None}).writes("a?", 1)
    assert not Pulse(10, {"another?": None}).writes("a?", 9)
    assert Pulse(10, {"a?": 9.5}).writes("a?", 9)
    assert not Pulse(10, {"a?": 8.5}).writes("a?", 9)
    assert not Pulse(10, {"a?": 5.5}).writes("a?", 5)
    assert not Pulse(10, {"": None}).writes("", 9)


def test_of_a_real_dify_only_the_time_tells():
    assert Pulse(10, None).writes("a?", 9)
    assert not Pulse(10, None).writes("a?", 5)
