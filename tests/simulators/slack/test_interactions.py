"""Buttons, commands, modals and response_urls, with the real bolt app."""

import pytest
from slack_sdk.errors import SlackApiError

MODAL = {
    "type": "modal",
    "callback_id": "why",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "What went wrong?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "optional": True,
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "kind",
            "optional": True,
            "label": {"type": "plain_text", "text": "Kind"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [{"text": {"type": "plain_text", "text": "Bug"}, "value": "bug"}],
            },
        },
    ],
}
FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
        }
    ],
}


@pytest.fixture
async def answer(slack, client):
    posted = await client.chat_postMessage(channel=slack.channel("general").id, text="42", blocks=[FEEDBACK])
    return slack.at(posted["channel"], posted["ts"])


@pytest.fixture
def pressed(slack, bot):
    seen = []

    @bot.app.action("feedback")
    async def on_press(ack, body):
        await ack()
        seen.append(body)
        slack.journal.changed("pressed", {})

    return seen


async def test_feedback_buttons(slack, pressed, answer):
    slack.press(answer, "feedback", "ada", "negative")
    (body,) = await slack.journal.wait(lambda: pressed)
    action = body["actions"][0]
    assert (action["type"], action["action_id"], action["value"]) == ("feedback_buttons", "feedback", "bad")
    assert body["container"]["message_ts"] == body["message"]["ts"] == answer.ts
    assert body["user"]["id"] == slack.user("ada").id


async def test_a_button_that_is_not_shown_cannot_be_pressed(slack, answer):
    with pytest.raises(KeyError):
        slack.press(answer, "other", "ada")


def _row(*names, text="Go"):
    label = {"type": "plain_text", "text": text}
    buttons = [{"type": "button", "action_id": name, "value": name, "text": label} for name in names]
    return [{"type": "actions", "elements": buttons}]


async def test_buttons_are_pressed_until_an_update_takes_them_away(slack, client, bot):
    pressed = []

    @bot.app.action("stop")
    async def on_press(ack, body):
        await ack()
        pressed.append((body["actions"][0]["value"], body["user"]["id"], body["container"]["message_ts"]))
        slack.journal.changed("pressed", {})

    where = slack.channel("general").id
    posted = await client.chat_postMessage(channel=where, text="42", blocks=_row("again", "stop"))
    message = slack.at(where, posted["ts"])
    slack.press(message, "stop", "ben")
    await slack.journal.wait(lambda: pressed)
    assert pressed == [("stop", slack.user("ben").id, message.ts)]
    await client.chat_update(channel=where, ts=message.ts, text="43", blocks=[])
    assert (message.shown, message.buttons) == ("43", [])
    with pytest.raises(KeyError):
        slack.press(message, "stop", "ben")


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (_row(), "no fewer than 1 items allowed"),
        (_row("stop", "stop"), "`action_id` stop already exists"),
        (_row("stop", text=""), "missing required field: text"),
        (_row("stop", text="x" * 76), "less than 76 characters"),
    ],
)
async def test_a_row_of_buttons_that_slack_does_not_take(slack, client, blocks, words):
    with pytest.raises(SlackApiError, match="invalid_blocks") as refused:
        await client.chat_postMessage(channel=slack.channel("general").id, text="42", blocks=blocks)
    assert words in refused.value.response["errors"][0]


async def test_an_ephemeral_message_is_for_one_person_and_in_no_history(slack, client):
    where, ada = slack.channel("general").id, slack.user("ada").id
    asked = slack.post("general", "ben", "hey")
    await client.chat_postEphemeral(channel=where, user=ada, thread_ts=asked.ts, text="psst")
    assert slack.visible("general", "ada", asked.ts) == ["hey", "psst"]
    assert slack.visible("general", "ben", asked.ts) == ["hey"]
    assert len((await client.conversations_replies(channel=where, ts=asked.ts))["messages"]) == 1
    assert len((await client.conversations_history(channel=where))["messages"]) == 1


async def test_a_response_url_answers_the_person_or_everybody_five_times(
    slack, bot, pressed, session, answer
):
    slack.press(answer, "feedback", "ada")
    (body,) = await slack.journal.wait(lambda: pressed)
    statuses = []
    bodies = [{"text": "thanks"}, {"text": "all", "response_type": "in_channel"}]
    bodies += [
        {"text": "43", "replace_original": True},
        {"delete_original": True},
        {"text": "5"},
        {"text": "6"},
    ]
    for reply in bodies:
        async with session.post(body["response_url"], json=reply) as response:
            statuses.append(response.status)
    assert statuses == [200] * 5 + [404]
    assert [state.text for state in answer.history] == ["42", "43"]
    assert [message.shown for message in slack.ephemerals("general", "ada")] == ["thanks", "5"]
    assert slack.visible("general", "ben") == ["all"]
    assert len(slack.journal.named("response_url")) == 6


async def test_an_ephemeral_press_comes_without_its_message(slack, client, pressed):
    ada = slack.user("ada").id
    await client.chat_postEphemeral(
        channel=slack.channel("general").id, user=ada, text="x", blocks=[FEEDBACK]
    )
    slack.press(slack.ephemerals("general", "ada")[0], "feedback", "ada")
    (body,) = await slack.journal.wait(lambda: pressed)
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body


async def test_a_slash_command_and_its_answer(slack, bot):
    slack.socket.ack_timeout = 10.0  # a busy machine is no failure

    @bot.app.command("/dify")
    async def on_command(ack, command):
        await ack(f"you said {command['text']}")

    delivery = slack.slash_command("general", "ada", "/dify", "hello")
    await slack.journal.wait(lambda: slack.ephemerals("general", "ada"))
    assert delivery.response == {"text": "you said hello"}
    assert slack.visible("general", "ada") == ["you said hello"]
    assert slack.visible("general", "ben") == []


async def test_a_command_nobody_acknowledges_is_given_up_at_once(slack, bot):
    delivery = slack.slash_command("general", "ada", "/unknown")
    await slack.journal.wait(lambda: delivery.given_up)
    assert delivery.attempts == 1


async def test_a_modal_from_button_to_submission(slack, client, bot, answer):
    submitted = []

    @bot.app.action("feedback")
    async def on_press(ack, body):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @bot.app.view("why")
    async def on_submit(ack, view):
        text = view["state"]["values"]["reason"]["text"]["value"]
        if not text:
            await ack(response_action="errors", errors={"reason": "Say something"})
            return
        submitted.append(view["state"]["values"])
        await ack()

    slack.press(answer, "feedback", "ada", "negative")
    (view,) = await slack.journal.wait(lambda: slack.open_views)
    refused = slack.submit(view, {"text": ""})
    await slack.journal.wait(lambda: refused.done)
    assert refused.response["response_action"] == "errors"
    assert slack.open_views == [view]
    slack.submit(view, {"text": "too long", "pick": "bug"})
    await slack.journal.wait(lambda: not slack.open_views)
    assert submitted[0]["reason"]["text"] == {"type": "plain_text_input", "value": "too long"}
    assert submitted[0]["kind"]["pick"]["selected_option"]["value"] == "bug"


async def test_a_view_is_updated_by_its_newest_hash_only(slack, client, bot, clock):
    slack.global_shortcut("ask", "ada")
    trigger = slack.deliveries[0].payload["trigger_id"]
    opened = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]
    title = {"type": "plain_text", "text": "Thanks"}
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view={**MODAL, "title": title})
    assert slack.open_views[0].body["title"] == title
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id=trigger, view=MODAL)
    late = slack.trigger(slack.user("ada"))
    clock.now += 3.1
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=late, view=MODAL)


async def test_a_pushed_view_and_a_closed_one(slack, client, bot):
    closed = []

    @bot.app.view_closed("why")
    async def on_close(ack, view):
        await ack()
        closed.append(view["id"])
        slack.journal.changed("closed", {})

    ada = slack.user("ada")
    first = (await client.views_open(trigger_id=slack.trigger(ada), view=MODAL))["view"]
    second = (await client.views_push(trigger_id=slack.trigger(ada), view=MODAL))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    slack.close(slack.open_views[-1])
    await slack.journal.wait(lambda: closed)
    assert closed == [second["id"]]


async def test_the_home_tab(slack, client, bot):
    button = {"type": "button", "action_id": "reset", "text": {"type": "plain_text", "text": "Reset"}}
    pressed = []

    @bot.app.action("reset")
    async def on_press(ack, body):
        await ack()
        pressed.append(body["view"]["type"])
        slack.journal.changed("pressed", {})

    view = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    await client.views_publish(user_id=slack.user("ada").id, view=view)
    assert slack.user("ada").home["blocks"][0]["elements"][0]["action_id"] == "reset"
    slack.press_home("ada", "reset")
    await slack.journal.wait(lambda: pressed)
    slack.open_home("ada")
    await slack.journal.wait(lambda: bot.of("app_home_opened"))
    assert bot.of("app_home_opened")[0]["event"]["view"]["type"] == "home"


async def test_a_message_shortcut(slack, bot):
    seen = []

    @bot.app.shortcut("ask_about")
    async def on_shortcut(ack, shortcut):
        await ack()
        seen.append(shortcut["message"]["text"])
        slack.journal.changed("seen", {})

    slack.message_shortcut(slack.post("general", "ada", "what is this?"), "ask_about", "ben")
    assert await slack.journal.wait(lambda: seen) == ["what is this?"]
