"""One answer, as those see it who share out the platform's budgets; and a process's part of a budget."""

import random
from dataclasses import dataclass, field, replace

from core.contract import Budget


@dataclass(eq=False, slots=True)
class Writer:
    """One answer, as the lanes see it."""

    first: float | None = None  # when its first call went out
    last: float | None = None
    stale_since: float = 0.0  # when the oldest text that is not on the screen yet came
    final: bool = False  # nothing more will come: it may use the reserve
    spare: bool = False  # only repeats what stands: behind all others, and never more than half of the budget
    # of the time between two edits in a crowd: who began together are not to be edited together
    pace: float = field(default_factory=lambda: random.uniform(0.6, 1.4))  # noqa: S311 - no secret

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Whose turn it is first: ends, then whose text has waited longest; repeats last."""
        return self.spare, not self.final, self.stale_since


def part(budget: Budget, among: int) -> Budget:
    """An equal part of a budget; of one that is too small to divide, a call more seldom."""
    if among <= 1:
        return budget
    calls = max(1, budget.calls // among)
    seconds = budget.seconds if budget.calls >= among else budget.seconds * among / budget.calls
    return replace(budget, calls=calls, seconds=seconds)
