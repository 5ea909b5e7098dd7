"""The commands, run as a person runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bots.checking import check, show
from bots.config import parse
from simulators.dify import DifySimulator
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator

ROOT = Path(__file__).parents[2]


def parley(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bots", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_manifest_needs_no_token_and_no_file(tmp_path):
    done = parley("slack-manifest", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize("arguments", [["fly"], [], ["demo", "--dify-url", "https://dify.example.com"]])
def test_wrong_usage_ends_with_2(tmp_path, arguments):
    assert parley(*arguments, cwd=tmp_path).returncode == 2


def test_a_missing_configuration_says_what_to_do(tmp_path):
    done = parley("run", cwd=tmp_path)
    assert done.returncode == 2
    assert "config.example.yaml" in done.stderr


FORM = [
    {"paragraph": {"variable": "topic", "required": True, "max_length": 4000}},
    {"text-input": {"variable": "name", "required": True, "max_length": 48}},
    {"select": {"variable": "tone", "options": ["plain", "fancy"], "default": "plain"}},
    {"number": {"variable": "age"}},
    {"file-list": {"variable": "docs", "max_length": 3, "allowed_file_types": ["document"]}},
]
HIDDEN = [{"text-input": {"variable": "secret", "required": True, "hide": True}}]
SIZES = "image 10 MB, audio 50 MB, video 100 MB, document 15 MB"
VERSION = "11111111-1111-4111-8111-111111111111"


class Doctored:
    """A Dify and a Slack to look at, and a configuration for them."""

    def __init__(self, dify, slack, folder):
        self.dify, self.slack, self.folder = dify, slack, folder

    def config(self, token=None, **app):
        slack = {"bot_token": token or self.slack.bot_token, "app_token": self.slack.app_token}
        values = {
            "dify": {"base_url": self.dify.base_url},
            "apps": {"support": {"api_key": "app-good"} | app},
            "routes": [{"app": "support"}],
            "slack": slack | {"api_url": self.slack.api_url},
        }
        return parse(values, self.folder / "config.yaml")

    async def check(self, **changes):
        return await check(self.config(**changes))


@pytest.fixture(params=["1.16.1"])
async def doctored(request, tmp_path):
    async with DifySimulator(request.param) as dify, SlackSimulator() as slack:
        dify.add_app("app-good", mode="chat", name="Support")
        dify.add_app("app-empty", mode="workflow", name="Reports")
        dify.add_app("app-flow", mode="workflow", name="Reports", input_form=FORM, versions=[VERSION])
        dify.add_app("app-hidden", mode="chat", name="Support", input_form=HIDDEN)
        dify.add_app("app-agent", mode="agent-chat", name="Agent")
        dify.add_app("app-draft", mode="chat", name="Draft", published=False)
        yield Doctored(dify, slack, tmp_path)


def wrong(findings):
    return show([finding for finding in findings if not finding.ok])


async def test_the_doctor_finds_all_well(doctored):
    findings = await doctored.check()
    assert wrong(findings) == ""
    assert show(findings).splitlines()[0] == "ok   app support: 'Support' is a chat app on Dify 1.16.1"


async def test_the_doctor_tells_features_limits_and_form(doctored):
    app = doctored.dify.apps["app-flow"]
    app.opening_statement, app.suggested_questions, app.transcript = "Hi!", ["What?", "Why?"], "hello"
    app.citations, app.suggestions, app.file_types, app.file_limit = False, None, ("image", "audio"), 2
    findings = await doctored.check(api_key="app-flow", inputs={"age": 5, "hue": "red"})
    assert wrong(findings) == ""
    assert show(findings[:1]).splitlines() == [
        "ok   app support: 'Reports' is a workflow app on Dify 1.16.1",
        "       features: opening statement, 2 first questions, speech to text",
        f"       files: image, audio, at most 2 per question; up to {SIZES}",
        "       form: topic (paragraph, required, at most 4000 characters): the question",
        "       form: name (text-input, required, at most 48 characters): people are asked for it in a form",
        "       form: tone (select, optional, one of plain, fancy): has a default",
        "       form: age (number, optional): from `inputs`",
        "       form: docs (file-list, optional, at most 3 files): files that come with the question",
        "       note: the form has no variable hue: Dify ignores it; there is topic, name, tone, age, docs",
    ]


async def test_an_app_that_asks_for_nothing_and_takes_no_files_says_so(doctored):
    app = doctored.dify.apps["app-good"]
    app.file_upload, app.citations, app.suggestions = False, False, None
    shown = show(await doctored.check(query_input="x"))
    assert "\n       features: none\n       files: not with a question; up to image 10 MB" in shown
    assert "\n       form: asks for nothing\n       note: query_input has no effect" in shown


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"api_key": "app-wrong"}, "FAIL app support: Dify refuses the API key"),
        ({"api_key": "app-empty"}, "FAIL app support: it has no text input"),
        ({"api_key": "app-draft"}, "FAIL app support: the app is not published"),
        ({"api_key": "app-agent", "response": "blocking"}, "response: an agent-chat app can't be asked"),
        ({"workflow_id": VERSION}, "workflow_id: is for workflows and chatflows"),
        (
            {"api_key": "app-flow", "query_input": "subject"},
            "has no variable subject: use one of topic, name",
        ),
        ({"api_key": "app-flow", "inputs": {"tone": "loud"}}, "inputs.tone: must be one of plain, fancy"),
        ({"api_key": "app-flow", "inputs": {"age": "old"}}, "inputs.age: must be a number"),
        ({"api_key": "app-flow", "inputs": {"name": "x" * 49}}, "inputs.name: has 49 characters: at most 48"),
        ({"api_key": "app-flow", "inputs": {"name": ""}}, "inputs.name: is empty, and required"),
        ({"api_key": "app-flow", "inputs": {"docs": "a.pdf"}}, "inputs.docs: is not of the type"),
        ({"api_key": "app-hidden"}, "inputs.secret: is missing, and the form hides it"),
        ({"files_base_url": "http://127.0.0.1:9"}, "files_base_url: can't be reached"),
        ({"token": "xoxb-wrong"}, "bot_token"),
    ],
)
async def test_the_doctor_names_what_is_wrong_and_the_mend(doctored, changes, text):
    found = wrong(await doctored.check(**changes))
    assert text in found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"response": "blocking"},
        {"api_key": "app-flow", "query_input": "name", "workflow_id": VERSION},
        {"api_key": "app-flow", "inputs": {"tone": "{locale}", "name": "{user_name}"}},
        {"api_key": "app-hidden", "inputs": {"secret": "s"}},
    ],
)
async def test_the_doctor_has_nothing_against_what_works(doctored, changes):
    assert wrong(await doctored.check(**changes)) == ""


@pytest.mark.parametrize(("transcodes", "transcript"), [(False, "hi"), (False, None), (True, "hi")])
async def test_the_doctor_says_what_discords_voice_messages_need(doctored, tmp_path, transcodes, transcript):
    doctored.dify.apps["app-good"].transcript = transcript
    async with DiscordSimulator() as discord:
        values = {
            "dify": {"base_url": doctored.dify.base_url},
            "apps": {"support": {"api_key": "app-good"}},
            "routes": [{"app": "support"}],
            "discord": {
                "token": discord.token, "api_url": discord.api_url, "gateway_url": discord.gateway_url
            },
        }  # fmt: skip
        findings = await check(parse(values, tmp_path / "config.yaml"), transcodes=transcodes)
    needed = "Discord's voice messages are Ogg, and can't be heard without the extra voice: pip install"
    assert (needed in show(findings[:1])) is (transcript is not None and not transcodes)
    assert findings[0].ok


async def test_where_files_are_is_looked_at(doctored):
    assert wrong(await doctored.check(files_base_url=doctored.dify.origin)) == ""


@pytest.mark.parametrize(("doctored", "old"), [("0.15.8", True), ("1.16.1", False)], indirect=["doctored"])
async def test_an_old_server_does_not_tell_agents_from_chats(doctored, old):
    said = "note: Dify 0.15.8 does not tell agents from chats; an agent is streamed whatever `response` says"
    assert (said in show(await doctored.check(response="blocking"))) is old
    assert "from chats" not in show(await doctored.check())
    assert "from chats" not in show(await doctored.check(response="blocking", mode="chat"))
    assert "from chats" not in show(await doctored.check(response="blocking", api_key="app-flow"))


@pytest.mark.parametrize("doctored", ["0.15.8"], indirect=True)
async def test_an_old_server_has_no_versions_to_choose_from(doctored):
    found = wrong(await doctored.check(api_key="app-flow", workflow_id=VERSION))
    assert "workflow_id: needs Dify 1.7.2, this is 0.15.8" in found
