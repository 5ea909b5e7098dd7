"""The simulator's payloads beside those that real Slack sent (recorded; not part of this repository)."""

import json
from pathlib import Path

import pytest

from simulators.slack import Upload

RECORDINGS = Path(__file__).parents[3] / ".." / "shared" / "reference" / "payloads"
# Fields of a real payload that the simulator leaves out on purpose.
LEFT_OUT = ("assistant_thread", "thumb_", "original_")

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recorded payloads are not on this machine"
)


def recorded(name, key):
    return json.loads((RECORDINGS / f"{name}.json").read_text())[key]


def missing(real, ours, path=""):
    """The paths of `real` that `ours` has not, or has with another JSON type."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key, value in real.items():
            if key.startswith(LEFT_OUT):
                continue
            if key not in ours:
                yield f"{path}/{key}"
            else:
                yield from missing(value, ours[key], f"{path}/{key}")
    elif isinstance(real, list) and isinstance(ours, list):
        if real and not ours:
            yield f"{path}[]"
        elif real and path.rpartition("/")[2] not in ("elements", "blocks"):
            yield from missing(real[0], ours[0], f"{path}[]")
    elif type(real) is not type(ours):
        yield f"{path}: {type(real).__name__} is {type(ours).__name__}"


@pytest.fixture
async def told(slack):
    """Everything a conversation in a channel and a DM makes Slack send."""
    root = slack.post("general", "ada", f"{slack.mention} hey")
    slack.post("general", "ada", "and?", thread_ts=root.ts)
    slack.post("general", "ada", f"{slack.mention} look", files=[Upload("image.png", b"x", "image/png")])
    slack.post(slack.dm("ada"), "ada", "psst")
    return [delivery.payload for delivery in slack.deliveries]


@pytest.mark.parametrize(
    ("name", "key", "number"),
    [
        ("slack", "mention", 0),
        ("slack", "followUp", 2),
        ("slack-dm", "mention", 1),
        ("slack-dm", "dmMessage", 5),
        ("slack-modal", "mention", 1),
        ("slack-streaming", "aiMention", 0),
        ("slack-streaming", "followUp", 2),
        ("slack-streaming", "threadFollowUp", 2),
        ("slack-streaming", "aiMentionWithFile", 4),
    ],
)
async def test_an_event_has_all_that_the_real_one_has(told, name, key, number):
    real = recorded(name, key)
    assert told[number]["event"]["type"] == real["event"]["type"]
    assert list(missing(real, told[number])) == []


def blocks():
    button = {
        "type": "button",
        "action_id": "go",
        "text": {"type": "plain_text", "text": "Go", "emoji": True},
    }
    return [{"type": "actions", "elements": [{**button, "value": "1", "style": "primary"}]}]


async def test_the_bots_own_message_and_a_press_in_it(slack, client):
    root = slack.post("general", "ada", "hey")
    posted = await client.chat_postMessage(
        channel=root.channel, thread_ts=root.ts, text="choose", blocks=blocks()
    )
    assert list(missing(recorded("slack-streaming", "promptMessage"), slack.deliveries[1].payload)) == []
    pressed = slack.press(slack.at(root.channel, posted["ts"]), "go", "ada").payload
    for name, key in (("slack-streaming", "buttonAction"), ("slack-modal", "action")):
        assert list(missing(recorded(name, key), pressed)) == []


async def test_a_press_in_an_ephemeral_message(slack, client):
    root = slack.post("general", "ada", "hey")
    ada = slack.user("ada").id
    await client.chat_postEphemeral(
        channel=root.channel, user=ada, thread_ts=root.ts, text="choose", blocks=blocks()
    )
    pressed = slack.press(slack.ephemerals("general", "ada")[0], "go", "ada").payload
    real = recorded("slack-modal", "ephemeralAction")
    assert list(missing(real, pressed)) == []
    assert set(pressed) <= set(real)


async def test_slash_commands(slack):
    ours = slack.slash_command("general", "ada", "/test-feedback", "some arguments here").payload
    assert set(ours) == set(recorded("slack-slash-command", "slashCommandWithArgs"))


@pytest.mark.parametrize("name", ["slack-modal", "slack-slash-command"])
async def test_a_submitted_modal(slack, client, name):
    real = recorded(name, "viewSubmission")
    view = {key: real["view"][key] for key in ("type", "title", "submit", "close", "blocks", "callback_id")}
    view |= {"private_metadata": "x", "notify_on_close": True}
    await client.views_open(trigger_id=slack.trigger(slack.user("ada")), view=view)
    ours = slack.submit(
        slack.open_views[0], {"message": "Hello!", "category": "feature", "email": "a@b.c"}
    ).payload
    assert list(missing(real, ours)) == []
    assert ours["view"]["state"]["values"]["category"] == real["view"]["state"]["values"]["category"]
