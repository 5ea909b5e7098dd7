"""Processes beside the benchmark's own: one that serves, on a core of its own, and those that read."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.crash.processes import ROOT

START_SECONDS = 60.0


@asynccontextmanager
async def servers(cpu: int | None) -> AsyncIterator[dict[str, str]]:
    """The fake Dify and the fake platform, on this core: {"dify": URL, "platform": URL}."""
    where = [] if cpu is None else [str(cpu)]
    command = (sys.executable, "-m", "bench.streams.servers", *where)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            addresses: dict[str, str] = json.loads(await process.stdout.readline())
        yield addresses
    finally:
        process.kill()
        await process.communicate()


async def reading(options: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What a reader in a new process measured (see bench.streams.reader), which has so long for it."""
    command = (sys.executable, "-m", "bench.streams.reader", json.dumps(options))
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT, env=environment)
    try:
        async with asyncio.timeout(START_SECONDS + seconds):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode == 0, f"the reader ended with {process.returncode}"
    measured: dict[str, Any] = json.loads(said)
    return measured
