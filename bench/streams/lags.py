"""How late events were, counted in fine steps: 300,000 of them take no memory while they come."""

from array import array

_STEP = 1e-4  # seconds
_STEPS = 100_000  # ten seconds; what is later counts as that


class Lags:
    """Counts by lag."""

    def __init__(self) -> None:
        self._counts = array("L", [0]) * (_STEPS + 1)
        self.longest = 0.0

    def note(self, seconds: float) -> None:
        """One event came so late."""
        self._counts[min(_STEPS, int(seconds / _STEP))] += 1
        self.longest = max(self.longest, seconds)

    def share(self, part: float) -> float:
        """The milliseconds that this part of all events does not exceed, such as 0.99."""
        left = part * sum(self._counts)
        for step, count in enumerate(self._counts):
            left -= count
            if left <= 0:
                return min((step + 1) * _STEP, self.longest) * 1000
        return self.longest * 1000
