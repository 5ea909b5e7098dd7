"""The sender's process, as the benchmark deals with it: on another core, where there is one."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from bench.crash.processes import ROOT

_ANSWER_BYTES = 2**24
_ANSWER_SECONDS = 300.0


class Remote:
    """Slack, Dify and the people there; see bench.store.sender."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.addresses: dict[str, str] = {}

    async def order(self, **order: Any) -> dict[str, Any]:
        """Have it do something; what it measured."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        """The next line that it says."""
        assert self._process.stdout is not None
        async with asyncio.timeout(_ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def parted() -> Iterator[int | None]:
    """Keep to all cores but one; that one, where there is more than one."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1:
        yield None
        return
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus - {max(cpus)})
    try:
        yield max(cpus)
    finally:
        os.sched_setaffinity(0, cpus)


@asynccontextmanager
async def other_side(cpu: int | None) -> AsyncIterator[Remote]:
    """A new one, on this core."""
    where = [] if cpu is None else [str(cpu)]
    command = (sys.executable, "-m", "bench.store.sender", *where)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=_ANSWER_BYTES
    )
    try:
        remote = Remote(process)
        remote.addresses = await remote.answer()
        yield remote
    finally:
        process.kill()
        await process.communicate()
