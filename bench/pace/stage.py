"""Answers that grow by the clock, and a platform that shows them: what every policy meets alike."""

import asyncio
import random
from bisect import bisect_right
from dataclasses import dataclass, field

from bench.pace.limits import Bucket, Cell
from core.contract import Allowance, Budget, RateLimited

TOKEN = "word "  # noqa: S105 (a piece of an answer)
_SPREAD = 0.35  # sigma of the round trips' logarithm
_STARTS = 4.0  # seconds over which several answers begin


def now() -> float:
    """Seconds of the running loop."""
    return asyncio.get_running_loop().time()


async def until(at: float) -> None:
    """Wait for a time of the loop."""
    await asyncio.sleep(max(0.0, at - now()))


@dataclass
class Answer:
    """When each token came, and when how many could be seen."""

    number: int
    arrivals: list[float]
    seen: list[tuple[float, int]] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """How many there are in the end."""
        return len(self.arrivals)

    def here(self) -> int:
        """How many have come by now."""
        return bisect_right(self.arrivals, now())

    def lags(self) -> list[float]:
        """For each token the seconds from its coming until it could be seen."""
        lags: list[float] = []
        for at, count in self.seen:
            lags += [at - arrived for arrived in self.arrivals[len(lags) : count]]
        return lags

    @property
    def first(self) -> float:
        """From the first token to the first text that could be seen, in seconds."""
        return next(at for at, count in self.seen if count) - self.arrivals[0]

    @property
    def last(self) -> float:
        """From the last token to the full text."""
        return next(at for at, count in self.seen if count == self.tokens) - self.arrivals[-1]


class Platform:
    """One workspace with its limits."""

    def __init__(self, cell: Cell, seed: int) -> None:
        chance = random.Random(f"{seed} {cell.seconds} {cell.rate} {cell.rtt} {cell.answers}")
        self.cell = cell
        self.answers = [_answer(number, cell, chance) for number in range(cell.answers)]
        self._chance = chance
        self._buckets: dict[str, Bucket] = {}

    @property
    def refused(self) -> int:
        """How often somebody was told to wait (429)."""
        return sum(bucket.refused for bucket in self._buckets.values())

    async def call(self, budget: Budget, answer: Answer, tokens: int) -> Allowance | None:
        """One call that makes so many tokens seen. Raises RateLimited."""
        key = self.cell.limiter.key(budget, answer.number)
        bucket = self._buckets.setdefault(key, Bucket(budget))
        half = self.cell.rtt * self._chance.lognormvariate(0.0, _SPREAD) / 2
        await asyncio.sleep(half)
        wait = bucket.take(now())
        if not wait:
            answer.seen.append((now(), tokens))
        allowance = bucket.allowance(now())
        await asyncio.sleep(half)
        if wait:
            raise RateLimited(wait)
        return allowance

    async def insist(self, budget: Budget, answer: Answer, tokens: int) -> None:
        """The call, again and again as it is told to wait: what the platforms' own libraries do."""
        while True:
            try:
                await self.call(budget, answer, tokens)
            except RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            else:
                return


def _answer(number: int, cell: Cell, chance: random.Random) -> Answer:
    at = chance.uniform(0.0, _STARTS) if cell.answers > 1 else chance.uniform(0.0, 1.0)
    arrivals = []
    for _ in range(max(2, round(cell.seconds * cell.rate))):
        arrivals.append(at)
        at += chance.uniform(0.5, 1.5) / cell.rate
    return Answer(number, arrivals)
