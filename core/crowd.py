"""How often a process can bear to edit: an edit costs it a millisecond, and reading Dify must not wait.

A few answers are held back by nothing here. Of a thousand, each is edited more seldom, and the more so the
busier the process is; first texts and ends are never held back.
"""

from collections.abc import Callable

MOST = 200.0  # edits per second …
READ = 0.2  # … less so many for each answer, for it has to be read as well
MANY = 20.0  # but so many of any number of answers, while the process is not busy
LEAST = 10.0
BUSY = 0.75  # of a core: above that edits become rarer
_LOOK_SECONDS = 1.0
_CAREFULLY = 1.25  # times as many a second later, while there is room


class Crowd:
    """The answers that a process writes at once."""

    def __init__(self, cpu: Callable[[], float] | None = None) -> None:
        """`cpu`: seconds of CPU that the process has taken so far; without it, it is never busy."""
        self._cpu = cpu
        self._writing = 0
        self._part = 1.0  # of the edits that the number allows
        self._looked: tuple[float, float] | None = None

    def enter(self) -> None:
        """An answer begins to be written."""
        self._writing += 1

    def leave(self) -> None:
        """It stands."""
        self._writing -= 1

    def seconds(self, now: float) -> float:
        """The time between two edits of one answer, if all are edited as often as the process can bear."""
        if self._cpu is not None and self._writing > MANY:
            self._look(now, self._cpu)
        allowed = max(MANY, MOST - READ * self._writing)
        return self._writing / max(LEAST, allowed * self._part)

    def _look(self, now: float, cpu: Callable[[], float]) -> None:
        if self._looked is None:
            self._looked = now, cpu()
            return
        then, spent = self._looked
        if now - then < _LOOK_SECONDS:
            return
        self._looked = now, cpu()
        share = (self._looked[1] - spent) / (now - then)
        factor = min(_CAREFULLY, BUSY / share) if share > 0 else _CAREFULLY
        self._part = min(1.0, max(LEAST / MOST, self._part * factor))
