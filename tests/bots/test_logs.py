"""The log, as text and as JSON: of the real `parley run` in a process of its own, against the simulators."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bots.config import load
from bots.yaml_file import ConfigError
from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Fail
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator
from tests.bots.files import GOOD

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
KEY = "app-support"
TEXT = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ (ERROR|WARNING|INFO|DEBUG) [\w.]+: .+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ABOUT = ("turn", "trace", "app", "platform")


class Dify(DifySimulator):
    """Remembers the header by which its traces are found again."""

    def __init__(self):
        super().__init__()
        self.traces = []

    def _app_of(self, request):
        self.traces += [request.headers["X-Trace-Id"]] if "X-Trace-Id" in request.headers else []
        return super()._app_of(request)


class Town:
    """Three servers, and what the bot writes to stderr."""

    def __init__(self, dify, slack, discord, folder):
        self.dify, self.slack, self.discord, self.folder = dify, slack, discord, folder
        self.alice = discord.add_user("alice")
        self.lines = []
        self._process = None

    @property
    def secrets(self):
        return [KEY, self.slack.bot_token, self.slack.app_token, self.discord.token]

    def config(self, log, listen="127.0.0.1:0"):
        slack, discord = self.slack, self.discord
        values = {
            "dify": {"base_url": self.dify.base_url},
            "apps": {"support": {"api_key": KEY}},
            "routes": [{"app": "support"}],
            "server": {"listen": listen, "grace": 1},
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "discord": {
                "token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
            },
            "log": log,
        }
        file = self.folder / "config.yaml"
        file.write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML
        return str(file)

    @asynccontextmanager
    async def bot(self, *options, **log):
        """Up while in the context, and stopped as a container is; `lines` then has all that it wrote."""
        command = (sys.executable, "-m", "bots", *options, "run", "--config", self.config(log))
        self._process = await asyncio.create_subprocess_exec(
            *command, env=ENVIRONMENT, stderr=asyncio.subprocess.PIPE
        )
        try:
            await _ready((await self.says(r"listening on http://([\w.:]+)"))[1])
            yield
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                while await self._next():
                    pass
                assert await self._process.wait() == 0
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.communicate()

    async def says(self, pattern):
        """Wait for a line; gives the match."""
        async with asyncio.timeout(20):
            while line := await self._next():
                if found := re.search(pattern, line):
                    return found
        return pytest.fail(f"the process ended without saying {pattern}: {self.lines}")

    async def _next(self):
        line = (await self._process.stderr.readline()).decode()
        self.lines += [line.rstrip("\n")] if line else []
        return line

    def over(self):
        """The lines of turns that are over, by what the app made of them."""
        lines = [json.loads(line) for line in self.lines]
        return [line for line in lines if "outcome" in line]


async def _ready(address):
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=f"http://{address}") as client:
        while True:
            if (await client.get("/readyz")).json()["ready"]:
                return
            await asyncio.sleep(0.03)  # asking again is the only way from outside


@pytest.fixture
async def town(tmp_path, new_store):
    new_store(tmp_path / "parley.db")
    async with Dify() as dify, SlackSimulator() as slack, DiscordSimulator() as discord:
        dify.add_app(KEY, mode="chat", name="Support")
        yield Town(dify, slack, discord, tmp_path)


@pytest.mark.heavy
async def test_as_json_each_line_is_an_object_and_those_of_a_turn_say_which(town):
    town.dify.reply("My secret answer.", Answer([Fail()]))
    async with town.bot(format="json"):
        town.slack.post(town.slack.dm("ada"), "ada", "My secret question")
        await town.says('"outcome": "complete"')
        town.discord.post(town.discord.dm(town.alice), town.alice, "Another secret")
        await town.says('"outcome": "failed"')

    lines = [json.loads(line) for line in town.lines]
    assert all(list(line)[:4] == ["time", "level", "logger", "message"] for line in lines)
    assert all(TIME.fullmatch(line["time"]) for line in lines)
    first, second = town.over()
    assert [first[name] for name in ABOUT] == [1, town.dify.traces[0], "support", "slack"]
    assert [second[name] for name in ABOUT] == [2, town.dify.traces[1], "support", "discord"]
    assert len(set(town.dify.traces)) == 2
    assert first["message"].startswith("turn 1: complete after ")
    assert first["tokens"] > 0
    assert 0 < first["seconds"] < 20
    [failure] = [line for line in lines if line["level"] == "WARNING"]
    assert failure["message"].startswith("turn 2: ")
    assert [failure[name] for name in ABOUT] == [second[name] for name in ABOUT]
    named = [(line, re.match(r"turn (\d+): ", line["message"])) for line in lines]
    assert all(line["turn"] == int(found[1]) for line, found in named if found)
    assert [set(line) & set(ABOUT) for line in lines if "stopping" in line["message"]] == [set()]
    said = "\n".join(town.lines)
    assert not [secret for secret in [*town.secrets, "secret"] if secret in said]


@pytest.mark.heavy
async def test_as_text_a_line_of_a_turn_holds_the_same(town):
    async with town.bot():
        town.slack.post(town.slack.dm("ada"), "ada", "My secret question")
        over = await town.says(r" INFO \S+: turn 1: complete after [\d.]+ s, (\d+) tokens \((.*)\)$")
    assert int(over[1]) > 0
    assert over[2] == f"app support, trace {town.dify.traces[0]}"
    assert [line for line in town.lines if not TEXT.fullmatch(line)] == []


@pytest.mark.heavy
async def test_the_level_is_the_file_s_unless_details_are_asked_for(town):
    async with town.bot("--verbose", format="json", level="error"):
        pass  # it said where it listens
    levels = {json.loads(line)["level"] for line in town.lines}
    assert {"DEBUG", "INFO"} <= levels


@pytest.mark.heavy
async def test_why_it_does_not_start_is_a_line_too(town):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        for log, pattern in ({"format": "json"}, r"\{.*\}"), ({}, "parley: .*"):
            command = ("-m", "bots", "run", "--config", town.config(log, listen))
            done = await asyncio.to_thread(python, *command)
            assert done.returncode == 1
            [line] = done.stderr.splitlines()
            assert re.fullmatch(pattern, line)
            assert "set another with --port (demo) or server.listen (run)" in line
            if log:
                assert json.loads(line)["level"] == "ERROR"


# ---- what is logged, and how ----


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def logged(code, **how):
    """What a process writes that sets up its log so and then does this."""
    said = "import logging, sys, warnings; from bots.logs import set_up"
    return python("-c", f"{said}; set_up(**{ {'verbose': False} | how!r})\n{code}").stderr


FAILING = """
try:
    raise KeyError("what a library says")
except KeyError:
    logging.getLogger("slack_bolt").error("no\\nluck", exc_info=True, extra={"request": "secret"})
    logging.getLogger("core").debug("details", exc_info=True)
"""


def test_an_exception_is_a_field_and_what_a_library_attaches_is_left_out():
    [line] = logged(FAILING, structured=True).splitlines()
    found = json.loads(line)
    assert list(found) == ["time", "level", "logger", "message", "error"]
    assert (found["level"], found["logger"], found["message"]) == ("ERROR", "slack_bolt", "no\nluck")
    assert found["error"].startswith("Traceback")
    assert found["error"].endswith("KeyError: 'what a library says'")


def test_no_form_says_more_than_the_other():
    as_json = [json.loads(line) for line in logged(FAILING, structured=True).splitlines()]
    as_text = logged(FAILING)
    assert "\n".join([*(f"{line['message']}\n{line['error']}" for line in as_json), ""]) in as_text
    assert as_text.count("Traceback") == len(as_json) == 1


@pytest.mark.parametrize("structured", [True, False])
def test_libraries_are_heard_when_they_fail_and_with_details_only(structured):
    names = ["slack_bolt", "discord", "procrastinate", "alembic"]
    code = f"[(logging.getLogger(n).warning('body'), logging.getLogger(n).error('no')) for n in {names}]"
    assert len(logged(code, structured=structured).splitlines()) == len(names)
    assert len(logged(code, structured=structured, level="debug").splitlines()) == 2 * len(names)


def test_the_level_counts_and_verbose_wins():
    code = "[logging.getLogger('core').log(level, 'x') for level in (10, 20, 30, 40)]"
    levels = ("error", "warning", "info", "debug")
    assert [len(logged(code, level=level).splitlines()) for level in levels] == [1, 2, 3, 4]
    assert len(logged(code, level="error", verbose=True).splitlines()) == 4
    assert len(logged(code, quiet=True).splitlines()) == 2


@pytest.mark.parametrize(
    ("code", "level", "where", "what"),
    [
        ("raise ValueError('by itself')", "CRITICAL", "error", "ValueError: by itself"),
        (
            "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
            "CRITICAL",
            "error",
            "ZeroDivisionError",
        ),
        ("class A:\n    def __del__(self): 1 / 0\nA()", "ERROR", "error", "ZeroDivisionError"),
        ("warnings.warn('odd', RuntimeWarning)", "WARNING", "message", "RuntimeWarning: odd"),
    ],
    ids=["a crash", "a thread's", "a finalizer's", "a warning of Python's"],
)
def test_what_python_itself_says_is_json_too(code, level, where, what):
    [line] = logged(code, structured=True).splitlines()
    assert json.loads(line)["level"] == level
    assert what in json.loads(line)[where]
    assert what in logged(code)


def test_the_library_is_loaded_only_for_json():
    code = "print('pythonjsonlogger' in sys.modules, file=sys.stderr)"
    assert (logged(code), logged(code, structured=True)) == ("False\n", "True\n")


# ---- the section ----


def test_the_section_has_its_defaults(written):
    log = load(written(GOOD)).core.log
    assert (log.format, log.level) == ("text", "info")
    log = load(written(GOOD + "log: {format: json, level: debug}\n")).core.log
    assert (log.format, log.level) == ("json", "debug")


@pytest.mark.parametrize(
    ("section", "path", "mend"),
    [
        ("{format: xml}", "log.format", "'text' or 'json'"),
        ("{level: loud}", "log.level", "'error', 'warning', 'info' or 'debug'"),
        ("{colour: red}", "log.colour", "remove it"),
        ("json", "log", "a section with keys"),
    ],
)
def test_what_is_wrong_in_it_stops_the_start(written, section, path, mend):
    file = written(GOOD + f"log: {section}\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{file}: {path}: ")
    assert mend in line


def test_a_wrong_form_is_said_as_text(written):
    file = written(GOOD + "log: {format: JSON}\n")
    done = python("-m", "bots", "run", "--config", str(file))
    assert (done.returncode, done.stderr) == (2, f"{file}: log.format: Input should be 'text' or 'json'\n")
