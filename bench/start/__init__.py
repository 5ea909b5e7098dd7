"""What it takes to start and to wait: imports beside the platforms' own libraries, memory while idle.

The bot is the real `parley run` in a process of its own, connected to simulators in this one. What it
imported is then imported again by itself, in an empty interpreter, by turns with the libraries.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.crash.databases import NoServer
from bench.crash.databases import store as fresh_store
from bench.crash.stage import Stage
from bench.report import Figure, Goal, Measured
from bench.start.idling import Idle, idle
from bench.start.importing import Price, compile_ours, price
from bench.start.setups import BOTH, ON_POSTGRES, SETUPS, Setup
from bench.store.options import SERVER

Of = Callable[[Iterable[float]], float]

CPU = "{}: imports, CPU"
RSS = "{}: imported, RSS"
ASTRAY = "{}: modules that it has no use for"
IDLE = "{}: idle, RSS"
FIRST = "{}: idle after the start that made the store, RSS"
GOALS = [
    *(Goal(title.format(setup.name), 2.0, "ratio") for setup in SETUPS[:3] for title in (CPU, RSS)),
    *(Goal(ASTRAY.format(setup.name), 0) for setup in SETUPS),
    Goal(IDLE.format(BOTH.name), 100),
    Goal(IDLE.format(ON_POSTGRES.name), 110),
]


@dataclass(frozen=True)
class _Started:
    """Two starts of a set-up: on a new store, and on the same again."""

    first: Idle
    again: Idle


async def run(arguments: Sequence[str] = ()) -> Measured:
    """Measure as a command line asks for it; SystemExit for wrong options, BotFailed where none starts."""
    options = _parser().parse_args(arguments)
    if not os.access("/proc/self/status", os.R_OK):
        return Measured([], skipped=["everything: there is no /proc to ask what a process uses"])
    compile_ours()
    figures, skipped = list[Figure](), list[str]()
    for setup in [each for each in SETUPS if each.name in (options.setups or [s.name for s in SETUPS])]:
        try:
            started = await _start_twice(setup, options.postgres, options.idle)
        except NoServer as reason:
            skipped.append(f"{setup.name}: {reason}")
            continue
        if setup.store == "sqlite":
            figures += await _imports(setup, started.again.modules, options.tries)
        figures += _idle(setup, started)
    return Measured(figures, GOALS, skipped)


async def _start_twice(setup: Setup, server: str, seconds: float) -> _Started:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        async with fresh_store(setup.store, server, folder) as url, Stage(people=1) as stage:
            first = await idle(setup, stage, url, folder, 0.0)
            return _Started(first, await idle(setup, stage, url, folder, seconds))


async def _imports(setup: Setup, modules: Sequence[str], tries: int) -> list[Figure]:
    mine, reference = list[Price](), list[Price]()
    for _ in range(tries):
        mine.append(await price(_importable(modules), collected=False))  # as bots.__main__ has it
        reference.append(await price(setup.libraries))
    failed = {name for each in reference for name in each.failed}
    assert not failed, f"not installed: {', '.join(failed)}"

    def compared(title: str, unit: str, value: Callable[[Price], float], of: Of) -> Figure:
        values = [value(each) for each in mine]
        yardstick = of(value(each) for each in reference)
        return Figure(title.format(setup.name), of(values), unit, yardstick, (min(values), max(values)))

    return [
        # the least: the same work each time, to which the rest of the machine can only add
        compared(CPU, "ms", lambda each: 1000 * each.cpu, min),
        compared(RSS, "MiB", lambda each: each.rss, median),
    ]


def _importable(modules: Sequence[str]) -> list[str]:
    """What `python -m bots` loaded, by names under which it can be loaded again."""
    return ["bots.__main__", *(name for name in modules if name not in {"__main__", "sitecustomize"})]


def _idle(setup: Setup, started: _Started) -> list[Figure]:
    name, again = setup.name, started.again
    astray = [
        *setup.astray(started.first.modules, migrated=False),
        *setup.astray(again.modules, migrated=True),
    ]
    return [
        Figure(ASTRAY.format(name), len(astray), ", ".join(sorted(set(astray))[:3])),
        Figure(f"{name}: CPU until ready", 1000 * again.ready, "ms"),
        Figure(IDLE.format(name), again.rss, "MiB"),
        Figure(FIRST.format(name), started.first.rss, "MiB"),
        Figure(f"{name}: idle, CPU", again.busy, "% of a core"),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley bench start", description=__doc__)
    names = [setup.name for setup in SETUPS]
    parser.add_argument("--setup", action="append", dest="setups", choices=names, help="default: all")
    parser.add_argument("--tries", type=int, default=11, help="of each import (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=20.0, help="seconds (default: %(default)g)")
    server = os.environ.get("PARLEY_TEST_POSTGRES", SERVER)
    parser.add_argument("--postgres", metavar="URL", default=server, help="a server for new databases")
    return parser
