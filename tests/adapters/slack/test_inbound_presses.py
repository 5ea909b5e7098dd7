import json
from pathlib import Path

import pytest

from adapters.slack.inbound import Malformed, Self, normalised
from adapters.slack.origin import of_press
from adapters.slack.settings import SlackSettings
from core.messages import ButtonPressed, MessageRef, Person

RECORDED = Path(__file__).parents[4] / "shared" / "reference" / "payloads"
SETTINGS = SlackSettings(bot_token="xoxb-1", app_token="xapp-1")
ME = Self("T1", "T1", "U0BOT", "B0BOT")
OURS = {"action_id": "parley:again:1", "value": "again:1", "type": "button"}


def press(*actions, **fields):
    where = {"type": "message", "message_ts": "100.2", "channel_id": "C1"}
    return {"type": "block_actions", "user": {"id": "U1"}, "container": where, "actions": actions, **fields}


def taken(body, me=ME):
    return normalised(body, me, SETTINGS)


def test_a_press_says_who_pressed_what_and_where():
    assert taken(press(OURS, team={"id": "T1"})) == ButtonPressed(
        MessageRef("slack", "T1", "C1", "100.2"),
        Person("U1"),
        "again:1",
        facts={"channels": {"C1"}, "users": {"U1"}, "teams": {"T1"}},
    )


def test_a_press_in_a_workspace_of_an_organisation_names_that():
    me = Self("E1", "", "U0BOT", "B0BOT")
    assert taken(press(OURS, team={"id": "T7"}), me).facts["teams"] == {"T7"}


def test_a_press_in_an_organisation_wide_install_names_the_same_message_as_its_post():
    me = Self("E1", "T1", "U0BOT", "B0BOT")
    assert taken(press(OURS), me).ref.workspace == "E1"


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"action_id": "again:1", "value": "again:1"},
        {"action_id": "parley:again:1"},
        {"action_id": "parley:again:1", "value": None},
        {"action_id": None, "value": "again:1"},
    ],
)
def test_buttons_of_others_are_nothing(action):
    assert taken(press(action)) is None
    assert taken(press(action, container={"type": "view", "view_id": "V1"})) is None


@pytest.mark.parametrize("kind", ["message_action", "view_submission", "shortcut", "secret", None])
def test_other_interactions_are_nothing(kind):
    assert taken({**press(OURS), "type": kind}) is None


@pytest.mark.parametrize(
    "body",
    [
        {"type": "block_actions"},
        press("secret"),
        press(OURS, container="secret"),
        press(OURS, container={"channel_id": "secret"}),
        press(OURS, user=None),
        press(OURS, user={"id": 7, "name": "secret"}),
    ],
)
def test_malformed_presses_are_told_apart_without_their_content(body):
    with pytest.raises(Malformed) as caught:
        taken(body)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("name", "key"), [("slack-streaming", "buttonAction"), ("slack-modal", "action")])
def test_a_real_press(name, key):
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no recordings at hand ({name}.json)")
    body = json.loads(path.read_text())[key]
    assert taken(body) is None  # of the button of another app
    body["actions"][0] |= OURS
    said = taken(body)
    assert said.ref == MessageRef("slack", "T1", body["channel"]["id"], body["container"]["message_ts"])
    assert (said.author, said.button) == (Person(body["user"]["id"]), "again:1")
    origin = of_press(body, ME, SETTINGS)
    thread = body["container"].get("thread_ts", "")
    assert origin.place.thread == thread == body["message"].get("thread_ts", "")
    assert (origin.trigger, origin.url) == (body["trigger_id"], body["response_url"])
