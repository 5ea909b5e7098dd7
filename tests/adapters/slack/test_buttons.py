import json

import pytest

from adapters.slack import blocks
from core.messages import Button, ButtonPressed, Draft, Person

AGAIN = Button("again:1", "Try again")
FINAL = Draft("Love is all.", final=True, notices=("Stopped.",), buttons=(AGAIN, Button("stop:1", "Stop")))


def kinds(message):
    return [block["type"] for block in message.blocks]


def labels(message):
    return [element["text"]["text"] for element in message.buttons]


async def test_buttons_stand_under_the_answer_and_its_notices(make, ask, answers):
    target = ask("general")
    await make().live(target).show(FINAL)
    (written,) = answers(target)
    assert kinds(written) == ["markdown", "context", "actions"]
    assert [(each["action_id"], each["value"]) for each in written.buttons] == [
        ("parley:again:1", "again:1"),
        ("parley:stop:1", "stop:1"),
    ]
    assert labels(written) == ["Try again", "Stop"]
    assert written.text == "Love is all."  # the notification


async def test_a_stream_is_stopped_with_its_buttons_and_then_edited_without(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    await live.show(FINAL)
    (written,) = answers(target)
    assert [call.method for call in slack.journal.calls] == ["chat.startStream", "chat.stopStream"]
    assert (written.text, kinds(written)) == ("Love is all.", ["context", "actions"])
    await live.show(Draft("Love is all.", final=True))
    assert (written.shown, kinds(written)) == ("Love is all.", ["markdown"])


async def test_a_label_is_as_long_as_slack_takes_it(make, ask, answers):
    target = ask("general")
    await make().live(target).show(Draft("Yes", final=True, buttons=(Button("a", "x" * 80),)))
    assert labels(answers(target)[0]) == ["x" * 75]


async def test_an_answer_whose_buttons_are_refused_is_shown_without(slack, make, ask, answers):
    target = ask("general")
    live = make().live(target)
    slack.refuse("chat.postMessage", "invalid_blocks", times=1)
    await live.show(FINAL)
    (written,) = answers(target)
    assert (written.shown, written.buttons) == ("Love is all.\n\n_Stopped._", [])
    await live.show(FINAL)
    assert labels(written) == ["Try again", "Stop"]


async def test_a_stream_whose_buttons_are_refused_ends_with_its_text(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.refuse("chat.stopStream", "invalid_blocks", times=1)
    slack.refuse("chat.update", "invalid_blocks", times=1)
    await live.show(FINAL)
    (written,) = answers(target)
    assert (written.shown, written.streaming) == ("Love is all.\n\n_Stopped._", False)


async def test_buttons_go_where_slack_keeps_the_rich_text_of_a_stream(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    await live.show(FINAL)
    slack.refuse("chat.update", "block_mismatch", times=1)
    await live.show(Draft("Love is all.", final=True))
    (written,) = answers(target)
    assert (written.shown, written.buttons) == ("Love is all.", [])


async def test_a_press_reaches_the_inbox_before_it_is_acknowledged(slack, run, ask):
    bot = await run()
    live = bot.adapter.live(ask("general"))
    await live.show(FINAL)
    slack.press(slack.at("general", live.ref.id), "parley:again:1", "ben")
    await slack.journal.wait(lambda: bot.inbox.actions)
    ben, channel = slack.user("ben").id, slack.channel("general").id
    facts = {"channels": {channel}, "users": {ben}, "teams": {slack.world.team_id}}
    [pressed] = bot.inbox.actions
    assert pressed == ButtonPressed(
        live.ref, Person(ben), "again:1", facts=facts, place=pressed.place, identity=pressed.identity
    )
    assert (pressed.place.channel, pressed.place.direct) == (channel, False)
    assert pressed.identity == f"slack:{slack.world.team_id}:{channel}:{pressed.place.thread}"
    press = slack.deliveries[-1]
    await slack.journal.wait(lambda: press.acked)


async def test_a_press_that_was_not_taken_in_is_not_acknowledged(slack, run, ask, caplog):
    bot = await run()
    live = bot.adapter.live(ask("general"))
    await live.show(FINAL)
    bot.inbox.trouble = ValueError("secret words")
    press = slack.press(slack.at("general", live.ref.id), "parley:again:1", "ada")
    await slack.journal.wait(lambda: press.given_up)
    assert bot.inbox.offered > 0
    assert "was not taken in" in caplog.text
    assert "secret words" not in caplog.text


FOREIGN = [{"type": "actions", "elements": [{
    "type": "button", "action_id": "theirs", "value": "again:1", "text": {"type": "plain_text", "text": "Go"},
}]}]  # fmt: skip


async def test_other_interactions_are_acknowledged_and_left(slack, run):
    bot = await run()
    api = bot.adapter._api
    place = slack.channel("general").id
    posted = await api.post("chat.postMessage", channel=place, text="by a tool of yours", blocks=FOREIGN)
    view = {"type": "home", "blocks": FOREIGN}
    await api.post("views.publish", user_id=slack.user("ada").id, view=view)
    sent = [
        slack.press(slack.at(place, posted["ts"]), "theirs", "ada"),
        slack.press_home("ada", "theirs"),
        slack.message_shortcut(slack.at(place, posted["ts"]), "summarise", "ada"),
        slack.global_shortcut("open", "ada"),
        slack.slash_command("general", "ada", "/dify", "hello"),
    ]
    await slack.journal.wait(lambda: all(delivery.acked for delivery in sent))
    assert (bot.inbox.offered, bot.inbox.actions) == (0, [])


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"actions": None},
        {"actions": ["text"]},
        {"actions": [{"action_id": "parley:a", "value": "a"}]},
        {"actions": [{"action_id": "parley:a", "value": "a"}], "container": "text", "user": {"id": "U1"}},
        {"actions": [{"action_id": "parley:a", "value": "a"}], "container": {"channel_id": "C1"}},
    ],
)
async def test_malformed_presses_are_survived(slack, run, payload):
    bot = await run()
    envelope = {"type": "interactive", "envelope_id": "broken", "accepts_response_payload": False}
    await slack.send_raw(json.dumps({**envelope, "payload": {"type": "block_actions", **payload}}))
    slack.post(slack.dm("ada"), "ada", "still there?")
    await slack.journal.wait(lambda: bot.inbox.messages)
    assert bot.inbox.actions == []


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("turn-1:0", 0),
        ("turn-1:12", 12),
        ("turn-1:2.1", 2),
        ("turn-10:0", None),
        ("0", None),
        ("turn-1", None),
        ("turn-1:", None),
        ("turn-1:0:1", None),
        ("turn-1:²", None),
        ("other", None),
    ],
)
def test_the_page_in_a_key(key, page):
    assert blocks.page_of(key, "turn-1") == page
