"""What the outcomes come to, and what is asked of them."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from statistics import geometric_mean

from bench.pace.limits import LIMITERS
from bench.pace.peers import PEERS
from bench.pace.rounds import Outcome
from bench.report import Figure, Goal

_GEOMETRIC = {"update": 1.5, "append": 1.3, "Discord": 1.25}
_LAST = {"update": 1.3, "append": 2.0, "Discord": 1.3}  # round trips
_ALONE = "one answer"
_TOGETHER = "several at once"
_CROWD = "a hundred at once: last token to full text, longest"

GOALS = [
    Goal(f"{_ALONE}: staleness / optimum, geometric mean", 1.35),
    *(
        Goal(f"{_ALONE}, {name}: staleness / optimum, geometric mean", most)
        for name, most in _GEOMETRIC.items()
    ),
    Goal(f"{_ALONE}: staleness / optimum, worst cell", 2.0),
    *(
        Goal(f"{where}, {limiter.name}: staleness / that of {peer}, geometric mean", 1.0)
        for where in (_ALONE, _TOGETHER)
        for limiter in LIMITERS
        for peer in PEERS
    ),
    Goal(f"{_ALONE}: staleness / best peer, worst cell", 1.45),
    *(Goal(f"{_ALONE}, {name}: last token to full text, p95", most) for name, most in _LAST.items()),
    Goal(f"{_ALONE}: first token to first text, p95", 1.1),
    Goal(f"{_TOGETHER}: staleness / optimum, worst cell", 2.5),
    Goal(f"{_TOGETHER}: staleness / best peer, worst cell", 2.2),
    Goal(_CROWD, 10.0),
    Goal("refused (429)", 0),
]


def figures(alone: Sequence[Outcome], together: Sequence[Outcome], crowd: Sequence[Outcome]) -> list[Figure]:
    """All that is held to a goal, and what it is made of."""
    return [
        _geometric(f"{_ALONE}: staleness / optimum, geometric mean", alone, Outcome.against_optimum),
        *_per_limiter(_ALONE, alone),
        _worst(f"{_ALONE}: staleness / optimum, worst cell", alone, Outcome.against_optimum),
        _worst(f"{_ALONE}: staleness / best peer, worst cell", alone, _against_best_peer),
        _p95(f"{_ALONE}: first token to first text, p95", alone, "firsts"),
        *(
            _p95(f"{_ALONE}, {name}: last token to full text, p95", _of(name, alone), "lasts")
            for name in _LAST
        ),
        *_per_limiter(_TOGETHER, together),
        _worst(f"{_TOGETHER}: staleness / optimum, worst cell", together, Outcome.against_optimum),
        _worst(f"{_TOGETHER}: staleness / best peer, worst cell", together, _against_best_peer),
        Figure(_CROWD, max(last for outcome in crowd for last in outcome.by["ours"].lasts), "s"),
        Figure("refused (429)", sum(outcome.by["ours"].refused for outcome in (*alone, *together, *crowd))),
    ]


def _per_limiter(where: str, outcomes: Sequence[Outcome]) -> Iterable[Figure]:
    for limiter in LIMITERS:
        mine = _of(limiter.name, outcomes)
        title = f"{where}, {limiter.name}: staleness / "
        yield _geometric(f"{title}optimum, geometric mean", mine, Outcome.against_optimum)
        for peer in PEERS:
            yield _ahead(f"{title}that of {peer}, geometric mean", mine, peer)


def _ahead(title: str, outcomes: Sequence[Outcome], peer: str) -> Figure:
    """For the number of answers at once where we do worst against the peer."""

    def against(outcome: Outcome) -> float:
        return outcome.by["ours"].staleness / outcome.by[peer].staleness

    ordered = sorted(outcomes, key=lambda outcome: outcome.cell.answers)
    groups = groupby(ordered, key=lambda outcome: outcome.cell.answers)
    means = [geometric_mean(against(outcome) for outcome in group) for _, group in groups]
    return Figure(title, max(means), "x", spread=(min(means), max(means)))


def _geometric(title: str, outcomes: Sequence[Outcome], of: Callable[[Outcome], float]) -> Figure:
    values = [of(outcome) for outcome in outcomes]
    return Figure(title, geometric_mean(values), "x", spread=(min(values), max(values)))


def _worst(title: str, outcomes: Sequence[Outcome], of: Callable[[Outcome], float]) -> Figure:
    values = [of(outcome) for outcome in outcomes]
    return Figure(title, max(values), "x", spread=(min(values), max(values)))


def _p95(title: str, outcomes: Sequence[Outcome], which: str) -> Figure:
    """In round trips; for the cell where it is longest the spread's end."""
    trips = [[s / o.cell.rtt for s in getattr(o.by["ours"], which)] for o in outcomes]
    everything = sorted(trip for cell in trips for trip in cell)
    return Figure(
        title, everything[int(0.95 * (len(everything) - 1))], "RTT", spread=(everything[0], everything[-1])
    )


def _of(limiter: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.cell.limiter.name == limiter]


def _against_best_peer(outcome: Outcome) -> float:
    return outcome.against_best_peer
