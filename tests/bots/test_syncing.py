"""`parley discord-sync`, run as a person runs it, against the simulated Discord."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from core.commands import COMMANDS
from simulators.discord import DiscordSimulator

ROOT = Path(__file__).parents[2]
NAMES = [spec.name for spec in COMMANDS]


async def sync(folder, platforms):
    values = {"apps": {"a": {"api_key": "app-k"}}, "routes": [{"app": "a"}], **platforms}
    (folder / "config.yaml").write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bots", "discord-sync"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


@pytest.fixture
async def discord():
    async with DiscordSimulator() as simulator:
        yield simulator


async def test_the_commands_are_registered_and_named(tmp_path, discord):
    section = {"token": discord.token, "api_url": discord.api_url}
    code, out, _ = await sync(tmp_path, {"discord": section})
    assert (code, out) == (0, f"registered: {', '.join(f'/{name}' for name in NAMES)}\n")
    assert [each["name"] for each in discord.world.commands[None]] == NAMES


async def test_a_wrong_token_is_said_in_one_line(tmp_path, discord):
    section = {"token": "wrong", "api_url": discord.api_url}
    code, out, error = await sync(tmp_path, {"discord": section})
    assert (code, out) == (1, "")
    assert error.startswith("parley: ")
    assert "discord.token" in error
    assert "wrong" not in error


async def test_without_discord_there_is_nothing_to_register(tmp_path):
    section = {"bot_token": "xoxb-1", "app_token": "xapp-1"}
    code, _, error = await sync(tmp_path, {"slack": section})
    assert code == 2
    assert "discord" in error
