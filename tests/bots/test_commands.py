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


@pytest.fixture
async def doctored(tmp_path):
    async with DifySimulator() as dify, SlackSimulator() as slack:
        dify.add_app("app-good", mode="chat", name="Support")
        dify.add_app("app-flow", mode="workflow", name="Reports")

        def config(key="app-good", token=slack.bot_token):
            return parse(
                {
                    "dify": {"base_url": dify.base_url},
                    "apps": {"support": {"api_key": key}},
                    "routes": [{"app": "support"}],
                    "slack": {"bot_token": token, "app_token": slack.app_token, "api_url": slack.api_url},
                },
                tmp_path / "config.yaml",
            )

        yield config


async def test_the_doctor_finds_all_well(doctored):
    findings = await check(doctored())
    assert [finding.text for finding in findings if not finding.ok] == []
    assert "'Support' is a chat app on Dify 1.16.1" in show(findings)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"key": "app-wrong"}, "FAIL app support: Dify refuses the API key"),
        ({"key": "app-flow"}, "FAIL app support: it has no text input"),
        ({"token": "xoxb-wrong"}, "bot_token"),
    ],
)
async def test_the_doctor_names_what_is_wrong_and_the_mend(doctored, changes, text):
    findings = await check(doctored(**changes))
    assert text in show([finding for finding in findings if not finding.ok])
