"""Runs the cells, every policy in each, on all cores."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from statistics import mean

from bench.pace.limits import Cell
from bench.pace.ours import ours
from bench.pace.peers import PEERS, Policy
from bench.pace.stage import Platform
from bench.virtual_time import run

POLICIES: dict[str, Policy] = {"ours": ours, **PEERS}


@dataclass(frozen=True)
class Seen:
    """How one policy did in one cell, over all seeds."""

    staleness: float  # mean seconds from a token's coming until it could be seen
    firsts: Sequence[float]  # seconds from the first token to the first text
    lasts: Sequence[float]  # seconds from the last token to the full text
    refused: int  # answers 429


@dataclass(frozen=True)
class Outcome:
    """A cell and how each policy did."""

    cell: Cell
    by: Mapping[str, Seen]

    def against_optimum(self, policy: str = "ours") -> float:
        """The policy's staleness over that of the offline optimum."""
        return self.by[policy].staleness / self.cell.optimum

    @property
    def against_best_peer(self) -> float:
        """Our staleness over that of whichever peer did best here."""
        return self.by["ours"].staleness / min(self.by[peer].staleness for peer in PEERS)


def play(cells: Iterable[Cell], seeds: Sequence[int], names: Iterable[str] = POLICIES) -> list[Outcome]:
    """Every cell with every policy of these names."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(_outcome, cells, repeat(seeds), repeat(tuple(names)), chunksize=1))


def _outcome(cell: Cell, seeds: Sequence[int], names: Sequence[str]) -> Outcome:
    return Outcome(cell, {name: _seen(cell, POLICIES[name], seeds) for name in names})


def _seen(cell: Cell, policy: Policy, seeds: Sequence[int]) -> Seen:
    platforms = [_played(cell, policy, seed) for seed in seeds]
    answers = [answer for platform in platforms for answer in platform.answers]
    return Seen(
        mean(mean(answer.lags()) for answer in answers),
        [answer.first for answer in answers],
        [answer.last for answer in answers],
        sum(platform.refused for platform in platforms),
    )


def _played(cell: Cell, policy: Policy, seed: int) -> Platform:
    platform = Platform(cell, seed)

    async def play() -> None:
        await policy(platform)

    run(play())
    return platform
