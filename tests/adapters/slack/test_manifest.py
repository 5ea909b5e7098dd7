import json

from adapters.slack.manifest import BOT_SCOPES, PURPOSES, manifest
from adapters.slack.settings import SlackSettings
from simulators.slack.workspace import EVENTS, SCOPES

SETTINGS = SlackSettings(bot_token="xoxb-1", app_token="xapp-1")


def test_the_manifest_is_json_without_secrets():
    text = json.dumps(manifest(SETTINGS, "Ask us"))
    assert "xoxb" not in text
    assert '"name": "Ask us"' in text


def test_people_can_write_to_the_app_stop_it_and_press_buttons():
    made = manifest(SETTINGS)
    home = made["features"]["app_home"]
    assert home["messages_tab_enabled"]
    assert not home["messages_tab_read_only_enabled"]
    assert made["features"]["agent_view"]["agent_description"]
    assert made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"]["is_enabled"]


def test_events_and_scopes_are_ones_that_slack_knows():
    made = manifest(SETTINGS)
    assert set(made["settings"]["event_subscriptions"]["bot_events"]) <= EVENTS
    assert set(made["oauth_config"]["scopes"]["bot"]) <= SCOPES


def test_what_we_read_is_subscribed_to():
    subscribed = set(manifest(SETTINGS)["settings"]["event_subscriptions"]["bot_events"])
    needed = {"app_mention", "message.channels", "message.groups", "message.im", "message.mpim"}
    assert (
        needed | {"reaction_added", "reaction_removed", "agent_session_stopped", "app_home_opened"}
        == subscribed
    )


def test_the_slash_command_is_the_one_of_the_settings():
    made = manifest(SETTINGS.model_copy(update={"command": "ask-us"}))
    (command,) = made["features"]["slash_commands"]
    assert command["command"] == "/ask-us"
    assert "ask … | new" in command["usage_hint"]
    assert command["should_escape"]


def test_the_doctor_knows_scopes_that_are_asked_for():
    assert set(PURPOSES) <= set(BOT_SCOPES)
