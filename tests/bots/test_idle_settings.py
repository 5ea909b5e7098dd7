"""`parley check` says which settings of an app change nothing, and why."""

import pytest

from bots.checking import check, show
from bots.config import parse
from bots.idle_settings import idle_settings
from core.dify.about import Parameters
from core.settings import AppSettings
from simulators.dify import DifySimulator

QUESTION = ({"paragraph": {"variable": "topic", "required": True}},)
MUTE = "read_aloud has no effect: text to speech is off: switch it on in Dify, or remove it"
UNSPOKEN = "read_aloud has no effect: the answers of a workflow can't be spoken: remove it"
SILENT = (
    "show.speech has no effect: the app speaks nothing by itself: switch on auto-play in Dify, or remove it"
)
UNNAMED = "auto_name has no effect: {} has no conversations: remove it"
UNASKED = "human_input has no effect: only workflows and chatflows ask people, this is {}: remove it"
TOO_OLD = "human_input has no effect: decisions need Dify 1.14, this is {}"


@pytest.fixture
async def noted(tmp_path):
    """The notes of the doctor on an app of this kind and release with these settings."""

    async def look(mode, version, settings, speech):
        async with DifySimulator(version) as dify:
            form = QUESTION if mode in {"completion", "workflow"} else ()
            dify.add_app("app-k", mode=mode, name="Support", input_form=form, speech=speech)
            values = {
                "dify": {"base_url": dify.base_url},
                "apps": {"support": {"api_key": "app-k", "mode": mode} | settings},
                "routes": [{"app": "support"}],
                "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": "http://127.0.0.1:9/"},
            }
            [first, *_] = await check(parse(values, tmp_path / "config.yaml"))
        assert first.ok
        lines = show([first]).splitlines()
        return [line.removeprefix("       note: ") for line in lines if "note: " in line]

    return look


@pytest.mark.parametrize(
    ("mode", "version", "settings", "notes"),
    [
        ("chat", "1.16.1", {"read_aloud": True}, [MUTE]),
        ("completion", "0.15.8", {"read_aloud": True}, [MUTE]),
        ("workflow", "1.16.1", {"read_aloud": True}, [UNSPOKEN]),
        ("chat", "1.16.1", {"show": {"speech": True}}, [SILENT]),
        ("completion", "1.16.1", {"auto_name": True}, [UNNAMED.format("a completion app")]),
        ("workflow", "0.15.8", {"auto_name": True}, [UNNAMED.format("a workflow app")]),
        ("chat", "1.16.1", {"human_input": "channel"}, [UNASKED.format("a chat app")]),
        ("agent-chat", "1.16.1", {"human_input": "asker"}, [UNASKED.format("an agent-chat app")]),
        ("advanced-chat", "1.13.3", {"human_input": "channel"}, [TOO_OLD.format("1.13.3")]),
        ("workflow", "0.15.8", {"human_input": "channel"}, [TOO_OLD.format("0.15.8")]),
        (
            "completion",
            "0.15.8",
            {"read_aloud": True, "show": {"speech": True}, "auto_name": True, "human_input": "channel"},
            [MUTE, SILENT, UNNAMED.format("a completion app"), UNASKED.format("a completion app")],
        ),
    ],
)
async def test_what_changes_nothing_is_noted(noted, mode, version, settings, notes):
    assert await noted(mode, version, settings, None) == notes


@pytest.mark.parametrize(
    ("mode", "version", "settings"),
    [
        ("chat", "1.16.1", {}),
        ("workflow", "0.15.8", {"read_aloud": False, "auto_name": False, "show": {"speech": False}}),
        ("chat", "0.15.8", {"read_aloud": True, "auto_name": True}),
        ("completion", "1.16.1", {"read_aloud": True}),
        ("advanced-chat", "1.14.0", {"human_input": "channel", "auto_name": True}),
        ("workflow", "1.16.1", {"human_input": "asker"}),
    ],
)
async def test_what_works_is_not(noted, mode, version, settings):
    assert await noted(mode, version, settings, b"ID3") == []


@pytest.mark.parametrize(
    ("speech", "idle"),
    [
        ({"enabled": True, "autoPlay": "enabled"}, False),
        ({"enabled": True, "autoPlay": "disabled"}, True),
        ({"enabled": True}, True),
        ({"enabled": False, "autoPlay": "enabled"}, True),
    ],
)
def test_an_app_speaks_by_itself_where_dify_plays_it_by_itself(speech, idle):
    settings = AppSettings(api_key="app-k", show={"speech": True})
    said = Parameters.model_validate({"text_to_speech": speech})
    assert list(idle_settings(settings, "chat", "1.16.1", said)) == ([SILENT] if idle else [])


def test_of_a_server_that_does_not_say_its_release_nothing_is_said():
    settings = AppSettings(api_key="app-k", human_input="channel")
    assert list(idle_settings(settings, "workflow", "", Parameters())) == []
