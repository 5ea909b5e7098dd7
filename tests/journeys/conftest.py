"""The real bot, through the real SDKs, against the simulators."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from chats import CHATS

from bots.config import parse
from bots.running import running_bot
from simulators.dify.app import DifySimulator
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator

KEY = "app-support"


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


async def ready(address, *parts):
    """Wait until /readyz says so, of these parts or of all; asking again is the only way from outside."""
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=f"http://{address}") as client:
        while True:
            answer = (await client.get("/readyz")).json()
            if all(answer[part] == "ok" for part in parts) and (parts or answer["ready"]):
                return
            await asyncio.sleep(0.01)


@pytest.fixture
async def dify():
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
