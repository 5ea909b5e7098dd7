"""What a benchmark says: figures beside their reference, and the goals that they are held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

COLUMNS = ("what", "figure", "reference", "ratio", "spread", "goal", "")


class Report(Protocol):
    """What a benchmark's `run` gives back."""

    @property
    def ok(self) -> bool:
        """Nothing is short of its goal."""
        ...

    def table(self) -> str:
        """The lines for a person to read."""
        ...


@dataclass(frozen=True)
class Figure:
    """One thing that was measured."""

    name: str
    value: float
    unit: str = ""
    reference: float | None = None  # the same of what it is compared with, in the same run
    spread: tuple[float, float] | None = None  # the least and the most, of several rounds

    @property
    def ratio(self) -> float | None:
        """How many times the reference it is."""
        return self.value / self.reference if self.reference else None


@dataclass(frozen=True)
class Goal:
    """The most that a figure, or its ratio, may be."""

    figure: str  # its name
    most: float
    of: str = "value"  # or "ratio"

    def is_met(self, figure: Figure) -> bool:
        """Whether the figure is good enough; one without a reference has no ratio."""
        measured = figure.ratio if self.of == "ratio" else figure.value
        return measured is not None and measured <= self.most


@dataclass(frozen=True)
class Measured:
    """The figures of a benchmark."""

    figures: Sequence[Figure]
    goals: Sequence[Goal] = ()
    skipped: Sequence[str] = ()  # what could not be measured, and why

    @property
    def ok(self) -> bool:
        """Every figure that was measured is as good as its goals."""
        return all(goal.is_met(figure) for figure in self.figures for goal in self._goals(figure))

    def table(self) -> str:
        """One line per figure."""
        rows = [COLUMNS, *(self._row(figure) for figure in self.figures)]
        return "\n".join([*aligned(rows), *(f"skipped: {reason}" for reason in self.skipped)])

    def to_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {"figures": [self._entry(figure) for figure in self.figures], "skipped": list(self.skipped)}

    def _goals(self, figure: Figure) -> list[Goal]:
        return [goal for goal in self.goals if goal.figure == figure.name]

    def _verdict(self, figure: Figure) -> str:
        goals = self._goals(figure)
        if not goals:
            return ""
        return "ok" if all(goal.is_met(figure) for goal in goals) else "short"

    def _row(self, figure: Figure) -> tuple[str, ...]:
        reference = "" if figure.reference is None else _number(figure.reference)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
        spread = "" if figure.spread is None else f"{_number(figure.spread[0])}…{_number(figure.spread[1])}"
        goals = " ".join(f"≤{_number(goal.most)}{'x' * (goal.of == 'ratio')}" for goal in self._goals(figure))
        value = f"{_number(figure.value)} {figure.unit}".rstrip()
        return (figure.name, value, reference, ratio, spread, goals, self._verdict(figure))

    def _entry(self, figure: Figure) -> dict[str, Any]:
        return {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "reference": figure.reference,
            "ratio": figure.ratio,
            "spread": figure.spread,
            "goals": [{"of": goal.of, "most": goal.most} for goal in self._goals(figure)],
            "verdict": self._verdict(figure) or None,
        }


def _number(value: float) -> str:
    """Three digits that count, without an exponent."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
