"""Two hundred messages in one moment, to a bot that is busy with answers: the last acknowledgement.

The bot is a process of its own, as anybody starts it. The reference is an intake without anything else to do,
over dictionaries: what Slack's own library needs for so many.
"""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.crash.databases import store as fresh_store
from bench.crash.processes import Bot
from bench.report import Figure, Goal
from bench.store.acks import open_intake
from bench.store.house import NAMES
from bench.store.metering import share
from bench.store.options import Options
from bench.store.remote import Remote, other_side, parted

LIMITS = {8: 8, 0: 50}  # of answers at once (0: none) → answers that grow when the burst comes
LAST = "{}: burst while {} answers grow, last acknowledged"
LOST = "{}: burst while {} answers grow, not acknowledged at all"
_ALL = [(name, growing) for name in NAMES.values() for growing in LIMITS.values()]
GOALS = [
    *(Goal(LAST.format(*each), 3000) for each in _ALL),
    *(Goal(LOST.format(*each), 0) for each in _ALL),
]


async def measure(kind: str, options: Options) -> list[Figure]:
    """A burst with Dify's usual limit, and one that all may be asked of it at once. Raises NoServer."""
    figures: list[Figure] = []
    with parted() as cpu:
        async with other_side(cpu) as remote, open_intake("memory", options.postgres, remote):
            reference = await remote.order(do="burst", count=options.burst)
        for limit, growing in LIMITS.items():
            async with other_side(cpu) as remote, _open_bot(kind, options.postgres, remote, limit):
                await remote.order(do="connect")
                await remote.order(do="ask", count=growing)
                burst = await remote.order(do="burst", count=options.burst)
            figures += _figures((NAMES[kind], growing), burst, reference["acks"])
    return figures


def _figures(name: tuple[str, int], burst: dict[str, Any], reference: list[float]) -> list[Figure]:
    acks, last = burst["acks"], LAST.format(*name)
    return [
        Figure(last, max(acks), "ms", max(reference)),
        Figure(last.replace("last acknowledged", "p50"), share(acks, 0.5), "ms", share(reference, 0.5)),
        Figure(LOST.format(*name), burst["lost"]),
    ]


@asynccontextmanager
async def _open_bot(kind: str, server: str, remote: Remote, limit: int) -> AsyncIterator[None]:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        async with fresh_store(kind, server, folder) as url:
            config = folder / "config.yaml"
            config.write_text(json.dumps(_config(url, remote, limit)), encoding="utf-8")  # JSON is YAML
            bot = Bot("bench", config, folder)
            try:
                await bot.start()
                yield
            finally:
                await bot.destroy()


def _config(url: str, remote: Remote, limit: int) -> dict[str, Any]:
    said = remote.addresses
    return {
        "dify": {"base_url": said["dify_url"], "max_streams": limit, "max_runs": limit},
        "apps": {"support": {"api_key": said["dify_key"]}},
        "slack": {name: said[name] for name in ("api_url", "bot_token", "app_token")},
        "routes": [{"app": "support"}],
        "store": {"url": url},
        "server": {"listen": "127.0.0.1:0"},
    }
