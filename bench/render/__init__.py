"""What it costs to bring a growing Markdown text onto a platform: cut into pages, made safe, rendered.

CPU only; no call is made. Reading Dify and calling the platforms is in `bridge` and `streams`.
"""

import argparse
from collections.abc import Iterator, Sequence
from statistics import median

from bench.render.growing import Step, anew, early_and_late, grow, total
from bench.render.surfaces import Surface, all_surfaces
from bench.report import Figure, Goal, Measured

STEP = 60  # characters
LENGTHS = (12_000, 48_000)  # characters
WHOLE = "{}: {} kB in {} steps, CPU"
LATER = "{}: {} kB, CPU per step behind many frozen pages / behind few"
SLOWEST = "{}: {} kB, slowest step"
NAMES = ("Slack, edited", "Slack, streamed", "Discord")
GOALS = [  # 12 kB are not three of Slack's pages
    Goal(LATER.format(name, kilo), 1.3, "ratio")
    for name, kilo in (*((name, 48) for name in NAMES), ("Discord", 12))
]


async def run(arguments: Sequence[str] = ()) -> Measured:
    """Measure every surface; SystemExit for wrong options."""
    rounds = _parser().parse_args(arguments).rounds
    return Measured([figure for surface in all_surfaces() for figure in _figures(surface, rounds)], GOALS)


def cpu_seconds(characters: int = LENGTHS[0], steps: int = 200, rounds: int = 3) -> dict[str, float]:
    """What rendering one answer costs on each surface (NAMES), to set against what the whole bridge costs.

    `steps`: the calls in which it is shown, the last one included.
    """
    return {
        surface.name: median(total(grow(surface, characters, steps)) for _ in range(rounds))
        for surface in all_surfaces()
    }


def _figures(surface: Surface, rounds: int) -> Iterator[Figure]:
    grow(surface, LENGTHS[0], 20)  # warm up
    for length in LENGTHS:
        steps, kilo = length // STEP, length // 1000
        taken = [grow(surface, length, steps) for _ in range(rounds)]
        totals = [1000 * total(each) for each in taken]
        reference = 1000 * total(anew(surface, length, steps)) if length == LENGTHS[0] else None
        spread = (min(totals), max(totals))
        yield Figure(WHOLE.format(surface.name, kilo, steps), median(totals), "ms", reference, spread)
        quickest = [min(tries, key=lambda step: step.cpu) for tries in zip(*taken, strict=True)]
        yield Figure(SLOWEST.format(surface.name, kilo), 1000 * max(step.cpu for step in quickest), "ms")
        yield from _growth(LATER.format(surface.name, kilo), quickest)


def _growth(title: str, taken: Sequence[Step]) -> Iterator[Figure]:
    found = early_and_late(taken)
    if found is not None:
        early, late = found
        yield Figure(title, 1e6 * late, "us", 1e6 * early)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley bench render", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each answer (default: %(default)s)")
    return parser
