"""The processes beside the bot: started on a core of their own, and told line by line what to do.

Each answers a line of JSON with a line of JSON, and ends with its input.
"""

import asyncio
import gc
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_ANSWER_BYTES = 2**28  # a stamp for every piece of every answer
_PATIENCE = 1200.0  # seconds for one order

Obey = Callable[[dict[str, Any]], Awaitable[Any]]


class Side:
    """A process that takes orders."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def order(self, do: str, **details: Any) -> Any:
        """Have it do something; what it says about it. Raises EOFError where it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            raise EOFError(f"the process that should {do} has ended with {await self._process.wait()}")
        return json.loads(line)


@asynccontextmanager
async def side(module: str, cpu: int | None = None) -> AsyncIterator[Side]:
    """A process of this module, whose `main` is `serve`; on this core, or where we run."""
    where = [] if cpu is None else [str(cpu)]
    command = (sys.executable, "-m", module, *where)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=_ANSWER_BYTES
    )
    try:
        yield Side(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def main(serve: Callable[[], Awaitable[None]]) -> None:
    """What such a module runs: on the core of the command line, if one is named."""
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    gc.freeze()  # what was imported is looked at no more

    async def run() -> None:
        await serve()

    asyncio.run(run())


async def serve(obey: Obey) -> None:
    """Do what each line asks for, until there are no more."""
    lines = asyncio.StreamReader(limit=_ANSWER_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        print(json.dumps(await obey(json.loads(line))), flush=True)
