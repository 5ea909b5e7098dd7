"""`parley demo`: the sandbox and the real bot against it, in one process."""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.config import parse
from bots.running import running_bot, stop_on_signals
from simulators.page.server import DemoPage
from simulators.stage import Stage
from simulators.stage_script import play


@dataclass
class Demo:
    """The sandbox with the bot running in it."""

    stage: Stage
    page: DemoPage
    bot_address: str

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return self.page.url


@asynccontextmanager
async def running_demo(
    *, port: int = 0, dify_url: str | None = None, dify_key: str | None = None
) -> AsyncIterator[Demo]:
    """Sandbox, page and bot, up while in the context; all state is thrown away at its end."""
    with tempfile.TemporaryDirectory(prefix="parley-demo-") as folder:
        async with (
            Stage(dify_url=dify_url, dify_key=dify_key) as stage,
            DemoPage(stage, port) as page,
            running_bot(parse(stage.config, Path(folder) / "demo")) as address,
        ):
            yield Demo(stage, page, address)


async def demo(*, port: int, dify_url: str | None, dify_key: str | None, script: bool) -> int:
    """Run the demo until Ctrl-C, or, with `script`, until its short conversation has been played."""
    stop = stop_on_signals()
    async with running_demo(port=0 if script else port, dify_url=dify_url, dify_key=dify_key) as running:
        if script:
            await play(running.stage, sys.stdout)
        else:
            print(f"Open {running.url}\nCtrl-C stops everything.", flush=True)
            await stop.wait()
    return 0
