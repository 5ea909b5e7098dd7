"""What keeping everything costs: per turn, until a message is acknowledged, and in a store that has grown."""

from collections.abc import Awaitable, Callable, Sequence

from bench.crash.databases import NoServer
from bench.report import Figure, Goal, Measured
from bench.store import acks, burst, large, price
from bench.store.house import NAMES
from bench.store.options import Options, parse

GOALS: list[Goal] = [*acks.GOALS, *burst.GOALS, *large.GOALS]

Measure = Callable[[str, Options], Awaitable[list[Figure]]]
_MEASURES: dict[str, Measure] = {
    "price": price.measure,
    "acks": acks.measure,
    "burst": burst.measure,
    "large": large.measure,
}


async def run(arguments: Sequence[str] = ()) -> Measured:
    """Measure as a command line asks for it; SystemExit for wrong options."""
    options = parse(arguments)
    figures: list[Figure] = []
    skipped: list[str] = []
    for part in options.parts:
        for kind in options.stores:
            try:
                figures += await _MEASURES[part](kind, options)
            except NoServer as reason:
                skipped.append(f"{part} on {NAMES[kind]}: {reason}")
    return Measured(figures, GOALS, skipped)
