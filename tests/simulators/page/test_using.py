"""What the page lets one do beside writing: buttons, forms, commands, files; checked without a bot."""

import io

import aiohttp
import pytest
import yarl
from slack_sdk.web.async_client import AsyncWebClient

from simulators.stage_files import LONGEST
from simulators.stage_picture import bars

ALICE, BOB = {"as": "alice"}, {"as": "bob"}
BUTTON = {"type": "button", "action_id": "ask", "value": "1", "text": {"type": "plain_text", "text": "Next?"}}
ROW = [{"type": "actions", "elements": [BUTTON]}]
FIELD = {
    "type": "input",
    "block_id": "name",
    "label": {"type": "plain_text", "text": "Your name"},
    "element": {"type": "plain_text_input", "action_id": "field", "max_length": 10},
}
PAPERS = {
    "type": "input",
    "block_id": "papers",
    "label": {"type": "plain_text", "text": "Papers"},
    "optional": True,
    "element": {"type": "file_input", "action_id": "field", "max_files": 2},
}
VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "A form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [FIELD, PAPERS],
}
MODAL = {
    "custom_id": "form",
    "title": "A form",
    "components": [
        {"type": 18, "label": "Your name", "component": {"type": 4, "custom_id": "name", "style": 1}},
        {
            "type": 18,
            "label": "Team",
            "component": {
                "type": 3,
                "custom_id": "team",
                "options": [{"label": "Sales", "value": "s"}, {"label": "Support", "value": "t"}],
            },
        },
        {"type": 18, "label": "Urgent", "component": {"type": 23, "custom_id": "urgent"}},
    ],
}


@pytest.fixture
async def slack(stage):
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            stage.slack.bot_token, base_url=stage.slack.api_url, retry_handlers=[], session=session
        )


@pytest.fixture
async def discord(stage):
    """Calls Discord as the bot does."""
    headers = {"Authorization": f"Bot {stage.discord.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call(method, path, **body):
            async with session.request(method, f"{stage.discord.api_url}{path}", json=body) as reply:
                assert reply.status < 300, await reply.text()
                return await reply.json() if reply.status != 204 else None

        yield call


async def answered(live, discord, stage, kind, **data):
    """The bot's first response to what was used last."""
    used = list(stage.discord.world.interactions.values())[-1]
    await discord("POST", f"/interactions/{used.id}/{used.token}/callback", type=kind, data=data)
    return used


def only(live, start):
    found = [(key, value) for key, value in live.items() if key.startswith(start)]
    return found[0] if len(found) == 1 else None


async def with_form(live, stage, slack):
    root = stage.slack.post("support", "alice", "Root")
    channel = stage.slack_places.channel.id
    posted = await slack.chat_postMessage(channel=channel, thread_ts=root.ts, text="x", blocks=ROW)
    key = f"message/slack/{channel}/{posted['ts']}"
    await live.until(lambda: key in live)
    assert (await live.ask(do="press", **ALICE, message=key, button="ask"))["type"] == "done"
    pressed = stage.slack.deliveries[-1].payload
    assert pressed["actions"][0]["value"] == "1"
    await slack.views_open(trigger_id=pressed["trigger_id"], view=VIEW)
    return await live.until(lambda: only(live, "form/slack/"))


async def test_a_button_of_slack_is_shown_and_reaches_the_app_and_its_form_can_be_sent(live, stage, slack):
    key, form = await with_form(live, stage, slack)
    assert (form["person"], form["title"], form["submit"], form["close"]) == (
        "alice",
        "A form",
        "Send",
        "Cancel",
    )
    assert [(each["key"], each["kind"], each["required"]) for each in form["fields"]] == [
        ("name", "text", True),
        ("papers", "files", False),
    ]
    papers = stage.shelf.put("notes.txt", "text/plain", b"notes")
    sent = await live.ask(do="submit", **ALICE, form=key, values={"name": "Al", "papers": [papers]})
    assert sent["type"] == "done"
    values = stage.slack.deliveries[-1].payload["view"]["state"]["values"]
    assert values["name"]["field"]["value"] == "Al"
    assert [file["name"] for file in values["papers"]["field"]["files"]] == ["notes.txt"]


async def test_a_form_is_for_one_person_and_checked_before_it_is_sent(live, stage, slack):
    key, _ = await with_form(live, stage, slack)
    before = len(stage.slack.deliveries)
    for who, values, said in (
        (BOB, {"name": "Bo"}, "gone"),
        (ALICE, {"name": "x" * 11}, "too long"),
        (ALICE, {"name": 3}, "wrong type"),
        (ALICE, {}, "required"),
        (ALICE, {"nonsense": "x"}, "no field"),
        (ALICE, {"name": "Al", "papers": ["guessed"]}, "pick it again"),
        (ALICE, [], "object"),
    ):
        answer = await live.ask(do="submit", **who, form=key, values=values)
        assert answer["type"] == "error", values
        assert said in answer["message"]
    assert len(stage.slack.deliveries) == before
    assert (await live.ask(do="close", **BOB, form=key))["type"] == "error"
    await live.ask(do="close", **ALICE, form=key)
    await live.until(lambda: key not in live)


async def test_a_whisper_of_slack_is_marked_with_whom_it_is_for(live, stage, slack):
    channel, alice = stage.slack_places.channel.id, stage.slack_places.people["alice"].id
    await slack.chat_postEphemeral(channel=channel, user=alice, text="Psst", blocks=ROW)
    _, shown = await live.until(lambda: only(live, "message/slack/"))
    assert (shown["whisper"], shown["writing"], shown["cost"]) == ("alice", False, None)
    assert [each["label"] for each in shown["buttons"]] == ["Next?"]


async def test_a_command_of_slack_reaches_the_app_but_not_from_a_thread(live, stage):
    given = {"do": "command", **ALICE, "place": "slack/channel", "text": "help me"}
    assert (await live.ask(**given, name="parley"))["type"] == "done"
    payload = stage.slack.deliveries[-1].payload
    assert (payload["command"], payload["text"]) == ("/parley", "help me")
    assert "threads" in (await live.ask(**given, name="parley", thread="1.0"))["message"]
    assert "/parley help" in (await live.ask(**given, name="jira"))["message"]


async def test_a_command_of_discord_is_listed_given_and_answered_to_one_person(live, stage, discord):
    option = {"type": 3, "name": "text", "description": "Your question", "required": True}
    commands = [
        {"name": "ask", "description": "Ask", "options": [option]},
        {"name": "help", "description": "Help"},
    ]
    stage.discord.world.commands[None] = [{**each, "id": "1", "type": 1} for each in commands]
    given = {"do": "command", **BOB, "place": "discord/channel"}
    assert "Your question" in (await live.ask(**given, name="ask"))["message"]
    assert "nothing behind" in (await live.ask(**given, name="help", text="x"))["message"]
    assert "/help" in (await live.ask(**given, name="fly"))["message"]
    assert (await live.ask(**given, name="ask", text="Why?"))["type"] == "done"
    used = await answered(live, discord, stage, 4, content="Psst", flags=64)
    assert used.data["options"] == [{"name": "text", "type": 3, "value": "Why?"}]
    _, shown = await live.until(lambda: only(live, "message/discord/"))
    assert (shown["whisper"], shown["place"], shown["parts"][0]["text"]) == ("bob", "discord/channel", "Psst")
    assert live["commands"][0] == {"name": "ask", "described": "Ask", "argument": "Your question"}


async def test_a_button_of_discord_opens_a_form_that_can_be_sent_once(live, stage, discord):
    channel = stage.discord_places.channel.id
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Fill in", "custom_id": "fill"}]}
    posted = await discord("POST", f"/channels/{channel}/messages", content="x", components=[row])
    key = f"message/discord/{channel}/{posted['id']}"
    await live.until(lambda: key in live)
    assert live[key]["buttons"] == [{"id": "fill", "label": "Fill in", "style": "primary", "disabled": False}]
    await live.ask(do="press", **BOB, message=key, button="fill")
    assert "gone" in (await live.ask(do="press", **BOB, message=key, button="other"))["message"]
    await answered(live, discord, stage, 9, **MODAL)
    form, shown = await live.until(lambda: only(live, "form/discord/"))
    assert [each["kind"] for each in shown["fields"]] == ["text", "select", "check"]
    values = {"name": "Bo", "team": "t", "urgent": True}
    assert (
        "option" in (await live.ask(do="submit", **BOB, form=form, values={**values, "team": "x"}))["message"]
    )
    assert (await live.ask(do="submit", **BOB, form=form, values=values))["type"] == "done"
    sent = list(stage.discord.world.interactions.values())[-1].data["components"]
    assert [each["component"].get("value", each["component"].get("values")) for each in sent] == [
        "Bo",
        ["t"],
        True,
    ]
    await live.until(lambda: form not in live)
    assert (await live.ask(do="submit", **BOB, form=form, values=values))["type"] == "error"


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_picked_file_is_posted_and_can_be_looked_at(live, page, browser, platform):
    url = yarl.URL(page.url).with_query({})
    picture = bars()
    async with browser.post(url.with_path("/pick").with_query(name="../a b.png"), data=picture) as reply:
        known = (await reply.json())["id"]
    post = {"do": "post", **ALICE, "place": f"{platform}/dm/alice", "text": "", "files": [known]}
    done = await live.ask(**post)
    shown = await live.until(lambda: live.get(done["key"]))
    [file] = shown["files"]
    assert (file["name"], file["size"], file["image"]) == ("a b.png", len(picture), True)
    async with browser.get(url.with_path(f"/file/{platform}/{file['id']}")) as reply:
        assert (reply.status, reply.content_type) == (200, "image/png")
        assert await reply.read() == picture


async def test_what_is_no_picture_is_only_saved_never_drawn(live, page, browser, stage):
    known = stage.shelf.put("evil.png", "image/png", b"<svg onload=alert(1)>")
    done = await live.ask(do="post", **ALICE, place="slack/dm/alice", text="x", files=[known])
    shown = await live.until(lambda: live.get(done["key"]))
    assert shown["files"][0]["image"] is False
    url = yarl.URL(page.url).with_query({}).with_path(f"/file/slack/{shown['files'][0]['id']}")
    async with browser.get(url) as reply:
        assert reply.content_type == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_files_are_guarded_and_bounded(live, page, browser):
    url = yarl.URL(page.url).with_query({})
    async with browser.post(
        url.with_path("/pick"), data=b"x", headers={"Origin": "http://evil.example"}
    ) as reply:
        assert reply.status == 403
    async with aiohttp.ClientSession() as stranger:
        assert (await stranger.post(url.with_path("/pick"), data=b"x")).status == 403
        assert (await stranger.get(url.with_path("/file/slack/F1"))).status == 403
    assert (await browser.post(url.with_path("/pick"), data=b"")).status == 400
    assert (await browser.post(url.with_path("/pick"), data=io.BytesIO(b"x" * (LONGEST + 1)))).status == 413
    for path in ("/file/slack/F1", "/file/discord/1", "/file/discord/x", "/file/irc/1"):
        assert (await browser.get(url.with_path(path))).status == 404
    assert (
        "list" in (await live.ask(do="post", **ALICE, place="slack/channel", text="x", files="y"))["message"]
    )


async def test_the_questions_that_slack_proposes_are_told(live, stage, slack):
    dm = stage.slack_places.dms["alice"]
    await live.ask(do="open", **ALICE)
    assert stage.slack.deliveries[-1].event["type"] == "app_home_opened"
    await slack.assistant_threads_setSuggestedPrompts(
        channel_id=dm.id, prompts=[{"title": "A", "message": "A?"}], thread_ts=None
    )
    assert await live.until(lambda: live.get("prompts/slack/dm/alice")) == ["A?"]
