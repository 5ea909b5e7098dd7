"""A picture of how stale the text on screens is while answers grow: a panel per limit, a line per policy."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import product, repeat
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from bench.pace.limits import LIMITERS, Cell
from bench.pace.rounds import POLICIES
from bench.pace.stage import Answer, Platform
from bench.virtual_time import run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SECONDS, RATE, RTT = 30.0, 50.0, 0.15
NUMBERS = (1, 5)  # of answers at once: a row of panels each
STEP = 0.25  # seconds
MISSING = "--plot needs matplotlib: pip install matplotlib (make test installs it in a checkout)"
_LEAST, _MOST = 0.1, 100.0  # seconds of staleness that are shown
_AROUND = 2  # steps before and after, over which a line is smoothed
_LOOKS = {
    "ours": ("Parley", "#d62728", 2.4),
    "llmcord": ("llmcord's policy", "#1f77b4", 1.2),
    "vercel": ("vercel/chat's policy", "#2ca02c", 1.2),
    "fixed": ("fixed 1.2 s", "#9467bd", 1.2),
}


def problem(file: Path) -> str:
    """Why no picture can be drawn into the file; "" where it can."""
    if find_spec("matplotlib") is None:
        return MISSING
    return "" if file.absolute().parent.is_dir() else f"there is no folder {file.parent}"


def draw(file: Path, seeds: Sequence[int]) -> None:
    """Play 30 s answers with every policy and write the PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only who wants the picture needs the library)

    cells = [Cell(limiter, answers, SECONDS, RATE, RTT) for answers, limiter in product(NUMBERS, LIMITERS)]
    with ProcessPoolExecutor() as pool:
        lines = list(pool.map(curves, cells, repeat(seeds)))
    figure = Figure(figsize=(15, 8), layout="constrained")
    panels = figure.subplots(len(NUMBERS), len(LIMITERS), sharex="row", sharey=True)
    for panel, cell, curve in zip(panels.flat, cells, lines, strict=True):
        _draw_panel(panel, cell, curve)
    figure.suptitle(
        f"How stale the text on the screen is: answers of {SECONDS:g} s, {RATE:g} tokens/s, "
        f"round trip {RTT:g} s; mean of {len(seeds)} rounds in virtual time. Dot: every text stands"
    )
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    figure.savefig(file, format="png", dpi=110)


def curves(cell: Cell, seeds: Sequence[int]) -> dict[str, list[float]]:
    """Per policy the mean staleness of all answers of all rounds, for each STEP until the last one stands."""
    return {name: _curve([_played(name, cell, seed) for seed in seeds]) for name in POLICIES}


def staleness(answer: Answer, at: float) -> float:
    """How long the oldest token that can't be seen yet has been here, in seconds; 0 where all can be seen."""
    seen = max((count for when, count in answer.seen if when <= at), default=0)
    return at - answer.arrivals[seen] if seen < bisect_right(answer.arrivals, at) else 0.0


def _played(name: str, cell: Cell, seed: int) -> list[Answer]:
    platform = Platform(cell, seed)

    async def play() -> None:
        await POLICIES[name](platform)

    run(play())
    return platform.answers


def _curve(rounds: Iterable[list[Answer]]) -> list[float]:
    answers = [_from_its_start(answer) for answers in rounds for answer in answers]
    end = max(answer.arrivals[-1] + answer.last for answer in answers)
    times = [step * STEP for step in range(int(end / STEP) + 1)]
    return [mean(staleness(answer, at) for answer in answers) for at in times]


def _from_its_start(answer: Answer) -> Answer:
    """With its first token at zero."""
    start = answer.arrivals[0]
    moved = [at - start for at in answer.arrivals]
    return Answer(answer.number, moved, [(at - start, count) for at, count in answer.seen])


def _draw_panel(panel: "Axes", cell: Cell, lines: dict[str, list[float]]) -> None:
    for name, values in lines.items():
        label, colour, width = _LOOKS[name]
        smooth = [mean(values[max(0, at - _AROUND) : at + _AROUND + 1]) for at in range(len(values))]
        times = [at * STEP for at in range(len(values))]
        look: dict[str, Any] = {"color": colour, "linewidth": width, "zorder": 1 + width}
        panel.plot(times, smooth, label=label, **look, marker="o", markevery=[-1])
    panel.axhline(cell.optimum, color="black", linestyle="--", linewidth=1, label="offline optimum (mean)")
    panel.axvline(cell.seconds, color="grey", linestyle=":", linewidth=1, label="last token")
    panel.set_yscale("log")
    panel.set_ylim(_LEAST, _MOST)
    panel.set_xlim(left=0)
    panel.yaxis.set_major_formatter("{x:g}")
    budget, many = cell.limiter.edit, cell.answers > 1
    what = f"{cell.answers} answers at once" if many else "one answer"
    panel.set_title(f"{cell.limiter.name}: {budget.calls} calls per {budget.seconds:g} s, {what}")
    panel.set_xlabel("seconds since the first token")
    panel.set_ylabel("staleness in seconds")
    panel.grid(visible=True, which="major", alpha=0.3)
