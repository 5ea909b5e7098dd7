"""The WebSocket: what it shows, what it does, and what it makes of nonsense."""

import json

import aiohttp
import pytest


def messages(live, **fields):
    found = [value for key, value in sorted(live.items()) if key.startswith("message/")]
    return [value for value in found if all(value[name] == wanted for name, wanted in fields.items())]


def text(message):
    return "\n".join(part["text"] for part in message["parts"])


async def test_a_snapshot_comes_first_and_says_what_there_is(live, stage):
    assert live.messages[0]["type"] == "snapshot"
    assert live["stage"]["connected"] is False
    assert live["stage"]["pace"] == 25
    assert live["dify"] == {"streams": 0, "stops": 0, "answers": 0}


@pytest.mark.parametrize(
    ("place", "wire"),
    [("slack/channel", "<@{bot}> a &lt;b&gt; &amp; c"), ("slack/dm/bob", "a &lt;b&gt; &amp; c")],
)
async def test_a_message_is_posted_in_slack_as_the_wire_has_it(live, stage, place, wire):
    mention = place == "slack/channel"
    done = await live.ask(do="post", **{"as": "bob"}, place=place, text="a <b> & c", mention=mention)
    _, _, channel, ts = done["key"].split("/")
    posted = stage.slack.world.message(channel, ts)
    assert posted.text == wire.format(bot=stage.slack.world.bot_user)
    assert posted.user == stage.slack_places.people["bob"].id
    shown = await live.until(lambda: live.get(done["key"]))
    assert text(shown) == ("@Parley a <b> & c" if mention else "a <b> & c")
    assert shown["place"] == place


async def test_a_message_is_posted_in_discord_and_in_a_thread_there(live, stage):
    done = await live.ask(do="post", **{"as": "alice"}, place="discord/channel", text="Hello", mention=True)
    channel, number = (int(part) for part in done["key"].split("/")[2:])
    posted = stage.discord.world.channels[channel].messages[number]
    assert posted.content == f"<@{stage.discord.bot.id}> Hello"
    thread = stage.discord.start_thread(posted, stage.discord_places.people["alice"], "Talk")
    await live.ask(
        do="post", **{"as": "bob"}, place="discord/channel", thread=str(thread.id), text="In there"
    )
    shown = await live.until(lambda: messages(live, thread=str(thread.id)))
    assert [text(each) for each in shown] == ["In there"]
    assert live[f"thread/{thread.id}"] == {
        "id": str(thread.id),
        "name": "Talk",
        "count": 1,
        "place": "discord/channel",
    }


async def test_a_reply_is_posted_in_a_slack_thread(live, stage):
    root = stage.slack.post("support", "alice", "Root")
    done = await live.ask(do="post", **{"as": "bob"}, place="slack/channel", thread=root.ts, text="Reply")
    shown = await live.until(lambda: live.get(done["key"]))
    assert shown["thread"] == root.ts
    await live.until(lambda: messages(live, id=root.ts)[0]["replies"] == 1)


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_reaction_is_put_on_once_and_taken_away(live, stage, platform):
    done = await live.ask(do="post", **{"as": "bob"}, place=f"{platform}/dm/bob", text="Hello")
    reaction = {"do": "react", "as": "alice", "message": done["key"], "emoji": "👍"}
    for _ in range(2):
        assert (await live.ask(**reaction, on=True))["type"] == "done"
    shown = await live.until(lambda: (live.get(done["key"]) or {}).get("reactions"))
    assert shown == [{"emoji": "👍", "by": ["alice"]}]
    await live.ask(**reaction, on=False)
    await live.until(lambda: not live[done["key"]]["reactions"])


async def test_slacks_stop_button_reaches_the_app(live, stage):
    root = stage.slack.post("support", "alice", "Root")
    await live.ask(do="stop", **{"as": "bob"}, place="slack/channel", thread=root.ts)
    payload = stage.slack.socket.deliveries[-1].payload
    assert payload["event"]["type"] == "agent_session_stopped"
    assert payload["event"]["thread_ts"] == root.ts
    assert payload["event"]["user"] == stage.slack_places.people["bob"].id


async def test_the_switches_reach_the_simulators_and_are_taken_back(live, stage):
    for name in ("fail", "lose", "limit"):
        await live.ask(do="switch", name=name)
    await live.ask(do="switch", name="pace", value=6)
    await live.until(lambda: live["stage"]["pace"] == 6)
    assert (live["stage"]["fail"], live["stage"]["lose"], live["stage"]["limit"]) == (True, True, True)
    assert stage.dify.fail_next
    assert stage.dify.drop_next
    await live.ask(do="switch", name="normal")
    await live.until(lambda: live["stage"]["pace"] == 25)
    assert (live["stage"]["fail"], live["stage"]["lose"], live["stage"]["limit"]) == (False, False, False)
    assert stage.discord.faults.take("PATCH /channels/{channel_id}/messages/{message_id}") is None


POST = {"do": "post", "as": "alice", "place": "slack/channel", "text": "x"}
REACT = {"do": "react", "as": "alice", "emoji": "👍", "on": True}
NONSENSE = [
    "",
    "[" * 60_000,
    "null",
    "[]",
    "{",
    {"do": "fly"},
    {"do": 3},
    {**POST, "as": "mallory"},
    {**POST, "as": ["alice"]},
    {**POST, "text": " "},
    {**POST, "text": None},
    {**POST, "text": "x" * 12_001},
    {**POST, "place": "slack/dm/mallory"},
    {**POST, "place": "irc/channel"},
    {**POST, "place": "discord/nowhere"},
    {**POST, "thread": "1.0"},
    {**POST, "thread": 5},
    {**POST, "mention": "yes"},
    {**POST, "place": "discord/channel", "text": "x" * 2_001},
    {**POST, "place": "discord/channel", "thread": "5"},
    {**REACT, "message": "message/slack/C1/1.0"},
    {**REACT, "message": "message/discord/1/²"},
    {**REACT, "message": "///"},
    {**REACT, "message": "message/slack/C1/1.0", "emoji": "🦄"},
    {"do": "stop", "as": "alice", "place": "discord/channel", "thread": "1"},
    {"do": "switch", "name": "explode"},
    {"do": "switch", "name": "pace"},
    {"do": "switch", "name": "pace", "value": 1e9},
    {"do": "switch", "name": "pace", "value": True},
]


async def test_nonsense_is_answered_with_a_sentence_and_harms_nothing(live, stage):
    for nonsense in NONSENSE:
        await live.socket.send_str(nonsense if isinstance(nonsense, str) else json.dumps(nonsense))
        answer = await live.answer()
        assert answer["type"] == "error", nonsense
        assert len(answer["message"]) > 5
    assert not stage.slack.world.messages("support")
    assert (await live.ask(**POST))["type"] == "done"


async def test_a_message_beyond_all_measure_costs_only_its_own_connection(live, page, browser):
    await live.socket.send_str(" " * 70_000)
    assert (await live.socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    async with browser.ws_connect(page.url.replace("http", "ws").replace("/?", "/live?")) as socket:
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"


async def test_binary_nonsense_is_answered_too(live):
    await live.socket.send_bytes(b"\xff\x00")
    assert (await live.answer())["type"] == "error"


async def test_one_browsers_doings_are_seen_by_another(live, page, browser):
    async with browser.ws_connect(page.url.replace("http", "ws").replace("/?", "/live?")) as socket:
        snapshot = await socket.receive_json(timeout=5)
        done = await live.ask(**POST)
        change = await socket.receive_json(timeout=5)
    assert done["key"] not in snapshot["set"]
    assert change["type"] == "changes"
    assert done["key"] in change["set"]


async def test_many_changes_are_told_in_few_messages(live, stage):
    for number in range(300):
        stage.slack.post("support", "alice", f"message {number}")
    before = len(live.messages)
    await live.until(lambda: len(messages(live, place="slack/channel")) == 200)
    assert len(live.messages) - before <= 3
    assert text(messages(live, place="slack/channel")[-1]) == "message 299"
