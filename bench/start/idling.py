"""The bot as anybody starts it, in a process of its own, against simulators: what it takes while nobody asks.

Linux only: /proc says what a process uses.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.crash.processes import Bot
from bench.crash.stage import Stage
from bench.start.setups import Setup

_SAMPLES = 8  # of the memory, one after the other, that are to be alike
_PAUSE = 0.5  # seconds between two of them
_ALIKE = 0.005  # of their size
_PATIENCE = 30.0  # seconds
# Python runs it before anything else: the names are written down when the process ends.
_NOTE = """
import atexit, os, sys

def note():
    with open(os.environ["PARLEY_BENCH_MODULES"], "w") as file:
        file.write("\\n".join(sys.modules))

atexit.register(note)
"""


@dataclass(frozen=True)
class Idle:
    """One process, from its start until it was told to end."""

    rss: float  # MiB, once it does not change any more
    busy: float  # percent of a core
    ready: float  # CPU seconds until /readyz says yes
    modules: tuple[str, ...]  # all that it loaded, in order


async def idle(setup: Setup, stage: Stage, store: str, folder: Path, seconds: float) -> Idle:
    """Start the set-up on this store, let it idle for so long. Raises BotFailed."""
    config = folder / "config.yaml"
    config.write_text(json.dumps(_config(setup, stage, store)), encoding="utf-8")  # JSON is YAML
    with _noted_modules(folder) as names:
        async with _running(config, folder) as bot:
            ready = _cpu_seconds(bot.pid)
            rss = await _settled(bot.pid)
            busy = await _busy(bot.pid, seconds)
        return Idle(rss, busy, ready, tuple(names.read_text(encoding="utf-8").splitlines()))


@asynccontextmanager
async def _running(config: Path, folder: Path) -> AsyncIterator[Bot]:
    bot = Bot("start", config, folder)
    try:
        await bot.start()
        yield bot
        bot.send(signal.SIGTERM)
        await bot.ended()
    finally:
        await bot.destroy()


def _config(setup: Setup, stage: Stage, store: str) -> dict[str, Any]:
    """The stage's configuration with the platforms of the set-up alone."""
    whole = stage.config(store)
    chosen = {name: whole[name] for name in ("dify", "apps", "store", "server", *setup.platforms)}
    return chosen | {"routes": [{"app": next(iter(whole["apps"]))}]}


@contextmanager
def _noted_modules(folder: Path) -> Iterator[Path]:
    """Processes that are started in here write down which modules they have loaded, in this file."""
    (folder / "sitecustomize.py").write_text(_NOTE, encoding="utf-8")
    names, before = folder / "modules", dict(os.environ)
    path = os.pathsep.join(filter(None, (str(folder), before.get("PYTHONPATH"))))
    os.environ.update({"PARLEY_BENCH_MODULES": str(names), "PYTHONPATH": path})
    try:
        yield names
    finally:
        _restore(before)


def _restore(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


async def _settled(pid: int) -> float:
    """The memory, once it has been the same for a while; at the latest after `_PATIENCE`."""
    until = time.monotonic() + _PATIENCE
    samples = [rss(pid)]
    while len(samples) < _SAMPLES or max(samples) - min(samples) > _ALIKE * max(samples):
        if time.monotonic() > until:
            break
        await asyncio.sleep(_PAUSE)
        samples = [*samples[1 - _SAMPLES :], rss(pid)]
    return samples[-1]


async def _busy(pid: int, seconds: float) -> float:
    before, began = _cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return 100 * (_cpu_seconds(pid) - before) / (time.monotonic() - began)


def rss(pid: int) -> float:
    """The memory of a process that is not swapped out, in MiB (proc(5): VmRSS)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _cpu_seconds(pid: int) -> float:
    """User and system time (proc(5): /proc/pid/stat, fields 14 and 15; the second may hold blanks)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
