"""The platforms' limits as strict as they are published, and the cells in which paces are compared."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.contract import Allowance, Budget


@dataclass(frozen=True)
class Limiter:
    """One way to write an answer: the budgets of its first call, of the growing text, and of the end."""

    name: str
    whole: Budget  # of an answer that was not begun
    post: Budget
    edit: Budget
    close: Budget

    def key(self, budget: Budget, answer: int) -> str:
        """The bucket that a call of an answer is taken from."""
        return budget.key.format(answer=answer)


_POST = Budget("postMessage {answer}", 1, 1)  # per channel: every answer is in its own
_UPDATE = Budget("update", 50, 60)
_START = Budget("startStream", 20, 60)
_STOP = Budget("stopStream", 20, 60)
_APPEND = Budget("appendStream", 100, 60, whole=False)
_DISCORD_POST = Budget("POST", 5, 5, fixed=True)
_DISCORD_PATCH = Budget("PATCH", 5, 5, fixed=True)

LIMITERS = (
    Limiter("update", _POST, _POST, _UPDATE, _UPDATE),
    Limiter("append", _POST, _START, _APPEND, _STOP),
    Limiter("Discord", _DISCORD_POST, _DISCORD_POST, _DISCORD_PATCH, _DISCORD_PATCH),
)


@dataclass(frozen=True)
class Cell:
    """What is asked of every policy alike."""

    limiter: Limiter
    answers: int  # at once
    seconds: float  # that each is streamed
    rate: float  # tokens per second
    rtt: float  # seconds, median

    @property
    def optimum(self) -> float:
        """Mean staleness of calls evenly spaced over an answer of known length, in seconds.

        As many calls as the budget has in that time, shared by the answers, not closer than one round trip,
        seen half a round trip after they are sent.
        """
        budget = self.limiter.edit
        calls = budget.calls * max(1.0, self.seconds / budget.seconds) / self.answers
        return max(self.rtt, self.seconds / calls) / 2 + self.rtt / 2


RATES = (20.0, 80.0)
RTTS = (0.15, 0.35)
ALONE = (3.0, 5.0, 12.0, 30.0, 90.0, 120.0)
TOGETHER = (5.0, 12.0, 30.0, 90.0)


def alone() -> Iterator[Cell]:
    """One answer, of every length."""
    for limiter, seconds, rate, rtt in itertools.product(LIMITERS, ALONE, RATES, RTTS):
        yield Cell(limiter, 1, seconds, rate, rtt)


def together(numbers: tuple[int, ...]) -> Iterator[Cell]:
    """Several at once, on one budget."""
    for limiter, number, seconds, rate, rtt in itertools.product(LIMITERS, numbers, TOGETHER, RATES, RTTS):
        yield Cell(limiter, number, seconds, rate, rtt)


def crowd() -> Iterator[Cell]:
    """A hundred at once in one workspace, each in a channel of its own."""
    for limiter, seconds, rtt in itertools.product(LIMITERS[:2], TOGETHER, RTTS):
        yield Cell(limiter, 100, seconds, RATES[0], rtt)


@dataclass
class Bucket:
    """A limit as its server keeps it: what is too much is refused."""

    budget: Budget
    refused: int = 0
    _taken: deque[float] = field(default_factory=deque)
    _ends: float = 0.0  # fixed: of the running window

    def take(self, now: float) -> float:
        """Count a call that arrives now; 0.0, or the seconds to wait where it is one too many."""
        if self.budget.fixed:
            if now >= self._ends:
                self._taken.clear()
                self._ends = now + self.budget.seconds
        else:
            while self._taken and self._taken[0] <= now - self.budget.seconds:
                self._taken.popleft()
        if len(self._taken) >= self.budget.calls:
            self.refused += 1
            back = self._ends if self.budget.fixed else self._taken[0] + self.budget.seconds
            return back - now
        self._taken.append(now)
        return 0.0

    def allowance(self, now: float) -> Allowance | None:
        """What the reply's headers say; Slack's say nothing."""
        if not self.budget.fixed:
            return None
        return Allowance(self.budget.calls - len(self._taken), max(0.0, self._ends - now))
