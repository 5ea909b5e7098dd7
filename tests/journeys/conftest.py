"""The real bot, through the real SDKs, against the simulators."""

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from chats import CHATS, Spot

from bots.config import parse
from bots.running import run, running_bot
from simulators.dify.app import DifySimulator
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator

KEY = "app-support"
ROOT = Path(__file__).parents[2]


@dataclass
class World:
    """Three simulated servers and what the bot is told of them."""

    dify: DifySimulator
    folder: Path
    platforms: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    slack: Any = None
    discord: Any = None

    def config(self, **changes):
        return parse(self.values(**changes), self.folder / "config.yaml")

    def values(self, **changes):
        values = {
            "dify": {"base_url": self.dify.base_url},
            "apps": {"support": {"api_key": KEY}},
            "routes": [{"app": "support"}],
            "store": {"url": "sqlite:///bot.db"},
            "server": {"listen": "127.0.0.1:0", "grace": 1},
            **self.platforms,
        }
        for path, value in {**self.settings, **changes}.items():
            section, *keys = path.split("__")
            target = values
            for key in (section, *keys)[:-1]:
                target = target.setdefault(key, {})
            target[(section, *keys)[-1]] = value
        return values

    @asynccontextmanager
    async def bot(self, **changes):
        async with running_bot(self.config(**changes)) as address:
            await ready(address)
            yield address

    @asynccontextmanager
    async def doomed(self, **changes):
        """A bot that is killed at the end of the block: its turns end at whatever they wait for.

        In this process, where a kill costs nothing; what the operating system does to a killed process, it
        does to those of `process`.
        """
        started = asyncio.get_running_loop().create_future()
        bot = asyncio.create_task(run(self.config(**changes), asyncio.Event(), started.set_result))
        bot.add_done_callback(lambda _: started.done() or started.cancel())
        try:
            await ready(await started)
            yield
        finally:
            turns = [task for task in asyncio.all_tasks() if _name(task) == "LocalQueues._work"]
            # who is killed begins no next turn, whatever the one that it is in makes of this
            for turn in turns:
                turn.get_coro().cr_frame.f_locals["self"]._draining = True
            for task in (*turns, bot):
                task.cancel()
            await asyncio.wait([*turns, bot])

    @asynccontextmanager
    async def process(self, **changes):
        """The bot as a process of its own, connected; killed at the end of the block, if it still lives."""
        file = self.folder / "config.yaml"
        file.write_text(json.dumps(self.values(**changes)), encoding="utf-8")  # JSON is YAML
        process = await Process.start("run", "--config", str(file))
        try:
            await ready((await process.says(r"listening on http://(\S+)"))[1])
            yield process
        finally:
            await process.end()


class Process:
    """A command of ours, run by itself."""

    def __init__(self, process):
        self._process = process
        self.wait, self.terminate, self.kill = process.wait, process.terminate, process.kill

    @classmethod
    async def start(cls, *words):
        command = (sys.executable, "-m", "bots", *words)
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, stderr=pipe, cwd=ROOT))

    async def says(self, pattern):
        """Wait for a line of its log; gives the match."""
        async with asyncio.timeout(20):
            while line := (await self._process.stderr.readline()).decode():
                if found := re.search(pattern, line):
                    return found
        pytest.fail(f"the process ended without saying {pattern}")

    async def end(self):
        with suppress(ProcessLookupError):
            self.kill()
        await self._process.communicate()


def _name(task):
    return getattr(task.get_coro(), "__qualname__", "")


async def ready(address, *parts):
    """Wait until /readyz says so, of these parts or of all; asking again is the only way from outside."""
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=f"http://{address}") as client:
        while True:
            answer = (await client.get("/readyz")).json()
            if all(answer[part] == "ok" for part in parts) and (parts or answer["ready"]):
                return
            await asyncio.sleep(0.03)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looking for a lost answer takes a moment instead of half a minute (but in a process of its own)."""
    monkeypatch.setattr("core.asking.LOOK_AFTER_DEATH_SECONDS", 0.5)
    monkeypatch.setattr("core.asking.LOOK_AFTER_BREAK_SECONDS", 0.5)
    monkeypatch.setattr("core.recovery.PAUSES", (0.05,))
    monkeypatch.setattr("core.recovery.SETTLE_SECONDS", 0.05)


@pytest.fixture
async def dify(new_store, tmp_path):
    new_store(tmp_path / "bot.db")
    async with DifySimulator() as simulator:
        simulator.add_app(KEY, mode="chat", name="Support")
        yield simulator


@pytest.fixture
async def discord_world(dify, tmp_path):
    async with DiscordSimulator() as discord:
        yield World(
            dify,
            tmp_path,
            {
                "discord": {
                    "token": discord.token,
                    "api_url": discord.api_url,
                    "gateway_url": discord.gateway_url,
                }
            },
            discord=discord,
        )


@pytest.fixture
async def slack_world(dify, tmp_path):
    async with SlackSimulator() as slack:
        yield World(
            dify,
            tmp_path,
            {"slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}},
            slack=slack,
        )


@pytest.fixture(params=sorted(CHATS))
def world(request):
    return request.getfixturevalue(f"{request.param}_world")


@pytest.fixture
async def chat(world):
    return CHATS[next(iter(world.platforms))](world.slack or world.discord)


@pytest.fixture
def dm(chat):
    return Spot(chat, direct=True)


@pytest.fixture(params=["dm", "thread"])
def spot(request, chat):
    """Where Alice asks: with both platforms, the four ways in which an answer is written."""
    return Spot(chat, direct=request.param == "dm")
