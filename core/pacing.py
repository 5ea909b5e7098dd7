"""When an answer that grows may be edited next; pure.

Per budget of n calls in w seconds: the gap between two edits grows with the age of the answer (its length is
unknown; about the square root of the age while the budget is ample), stretches as the budget is used up, and
is shared fairly by the k answers in flight. The numbers come from a
search over simulated answers of 4 to 105 s against limiters of both kinds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

_MANY = 10  # answers; the search was made with up to so many


@dataclass(frozen=True, slots=True)
class Law:
    """The numbers of one kind of limiter."""

    beta: float
    kappa: float
    omega: float
    q: float
    settle: float  # seconds: the least age that the plan starts from
    leeway: float  # round trips that a call may leave before the reserve is free again
    reserve: int
    reserve_per_answer: float
    reserve_beyond: float  # per answer beyond ten: where so many grow, each keeps the call of its end


SLIDING = Law(
    beta=1.5,
    kappa=1.1,
    omega=0.45,
    q=1.2,
    settle=4.0,
    leeway=0.0,
    reserve=2,
    reserve_per_answer=0.5,
    reserve_beyond=2.5,
)
APPENDING = replace(SLIDING, reserve=1)  # where no call carries the full text, the end overlaps no edit
FIXED = Law(
    beta=1.0,
    kappa=0.75,
    omega=1.0,
    q=0.0,
    settle=2.5,
    leeway=1.0,
    reserve=1,
    reserve_per_answer=0.0,
    reserve_beyond=0.0,
)


@dataclass(frozen=True, slots=True)
class Load:
    """How a budget stands now."""

    calls: int  # n
    seconds: float  # w
    round_trip: float  # seconds, of the calls lately
    answers: int  # in flight on this budget
    returning: Sequence[float]  # for each used call the seconds until it comes back, ascending

    @property
    def left(self) -> int:
        """Calls that could be made now."""
        return self.calls - len(self.returning)


def wait(law: Law, load: Load, *, age: float, since_last: float) -> float:
    """Seconds until an answer's next edit is due; 0.0 or less is now.

    `age` is the time since its first call, `since_last` since its last one, both in seconds.
    """
    kept = reserve(law, load)
    due = _gap(law, load, age, kept) - since_last
    if load.left <= 0:
        due = max(due, load.returning[0])
    if load.left - 1 < kept and load.returning:
        freed = min(kept - load.left, len(load.returning) - 1)
        due = max(due, load.returning[max(0, freed)] - law.leeway * load.round_trip)
    return due


def reserve(law: Law, load: Load) -> int:
    """How many calls are kept for the ends of the answers in flight."""
    grown = law.reserve + law.reserve_per_answer * (load.answers - 1)
    grown += law.reserve_beyond * max(0, load.answers - _MANY)
    return min(int(grown), load.calls // 2)


def _gap(law: Law, load: Load, age: float, kept: int) -> float:
    n, w, k = load.calls, load.seconds, max(1, load.answers)
    x: float = age + max(law.settle, law.beta * n * load.round_trip / math.pow(k, law.q))
    horizon = law.kappa * x * math.log(1 + law.omega * w / x)
    back = [seconds for seconds in load.returning if seconds <= horizon]
    free = load.left - kept
    paces = [horizon / (free + len(back))] if free + len(back) >= 1 else []
    paces += [seconds / (free + j) for j, seconds in enumerate(back, 1) if free + j >= 1]
    pace = max(paces, default=horizon)
    return max(load.round_trip, k * min(pace, 3 * w / max(1, n - kept)))
