"""What it costs a turn that everything is kept: the real core over a database, and over dictionaries.

The platform and Dify are in memory and take no time, so that the store is nearly all there is: ratios against
a turn over a network would be smaller.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.report import Figure
from bench.store.house import NAMES, House, open_house
from bench.store.metering import share, timed
from bench.store.options import Options
from bench.store.questions import place, question

_QUESTIONS = 5  # of one conversation


@dataclass
class Sample:
    """One round. Milliseconds, per turn where nothing else is said."""

    turns: int
    store: float  # that the turn's parts waited for the store, one after the other or not
    cpu: float  # of the whole process
    reads: float
    changes: float
    commits: float
    acks: list[float] = field(default_factory=list)  # of each message


async def measure(kind: str, options: Options) -> list[Figure]:
    """A database beside memory, by turns. Raises NoServer."""
    alone: dict[str, list[Sample]] = {"memory": [], kind: []}
    together: dict[str, list[Sample]] = {"memory": [], kind: []}
    async with AsyncExitStack() as stack:
        houses = {name: await stack.enter_async_context(open_house(name, options.postgres)) for name in alone}
        for house in houses.values():
            await _one_by_one(house, 10)  # warm up
        for _ in range(options.rounds):
            for name, house in houses.items():
                alone[name].append(await _one_by_one(house, options.turns))
        for _ in range(2):
            for name, house in houses.items():
                together[name].append(await _together(house, options))
    return [*_alone(kind, alone), *_at_once(kind, together, options)]


async def _one_by_one(house: House, turns: int) -> Sample:
    """Each question when the one before has its answer, which takes no time."""
    house.dify.seconds = 0.0
    return await _round(house, turns, wait=True)


async def _together(house: House, options: Options) -> Sample:
    """Answers that take as long as answers do, all at once, each in a conversation of its own."""
    house.dify.seconds = options.answer
    return await _round(house, options.together, wait=False)


async def _round(house: House, turns: int, *, wait: bool) -> Sample:
    meter, before, acks = house.keep.meter, house.closed, list[float]()
    meter.reset()
    cpu = time.process_time()
    for number in range(turns):
        name = f"{before + number}"
        where = place(0, (before + number) // _QUESTIONS if wait else 1_000_000 + before + number)
        message = question(name, where)
        await timed(acks, lambda message=message: house.intake.message(message))  # type: ignore[misc]
        if wait:
            await house.until_closed(before + number + 1)
    await house.until_closed(before + turns)
    cpu = time.process_time() - cpu
    return Sample(
        turns,
        1000 * meter.seconds / turns,
        1000 * cpu / turns,
        meter.reads / turns,
        meter.changes / turns,
        meter.commits / turns,
        acks,
    )


def _alone(kind: str, samples: dict[str, list[Sample]]) -> list[Figure]:
    mine, reference, name = samples[kind], samples["memory"], NAMES[kind]

    def compared(what: str, value: Callable[[Sample], float], unit: str = "ms") -> Figure:
        return _compared(f"{name}: {what}", mine, reference, value, unit)

    return [
        compared("time in the store per turn", lambda sample: sample.store),
        compared("CPU per turn, of the whole core", lambda sample: sample.cpu),
        compared("acknowledged, p50", lambda sample: share(sample.acks, 0.5)),
        compared("acknowledged, p99", lambda sample: share(sample.acks, 0.99)),
        _plain(f"{name}: changes per turn", (sample.changes for sample in mine)),
        _plain(f"{name}: commits per turn", (sample.commits for sample in mine)),
        _plain(f"{name}: reads per turn", (sample.reads for sample in mine)),
    ]


def _at_once(kind: str, samples: dict[str, list[Sample]], options: Options) -> list[Figure]:
    mine, reference = samples[kind], samples["memory"]
    what = f"{NAMES[kind]}: {options.together} answers of {options.answer:g} s at once,"
    return [
        _compared(f"{what} CPU per turn", mine, reference, lambda sample: sample.cpu, "ms"),
        _plain(f"{what} changes per turn", (sample.changes for sample in mine)),
        _plain(f"{what} commits per turn", (sample.commits for sample in mine)),
    ]


def _compared(
    name: str,
    mine: Sequence[Sample],
    reference: Sequence[Sample],
    value: Callable[[Sample], float],
    unit: str,
) -> Figure:
    values = [value(sample) for sample in mine]
    return Figure(
        name,
        median(values),
        unit,
        median(value(sample) for sample in reference),
        (min(values), max(values)),
    )


def _plain(name: str, values: Iterable[float]) -> Figure:
    ordered = sorted(values)
    return Figure(name, median(ordered), spread=(ordered[0], ordered[-1]))
