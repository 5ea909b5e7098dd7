"""All the budgets of a process that answers are written from."""

from core.contract import Budget
from core.crowd import Crowd
from core.gate import Gate
from core.lane import Clock, Lane
from core.rooms import Rooms

_IDLE_LANES = 1000


class Lanes:
    """All the lanes of a process, by the key of their budget."""

    def __init__(self, clock: Clock, cpu: Clock | None = None) -> None:
        """`cpu`: seconds of CPU that the process has taken, so that edits become rarer while it is busy."""
        self.clock = clock
        self.rooms = Rooms(self.lane)
        self.crowd = Crowd(cpu)
        self._lanes: dict[str, Lane] = {}
        self._gates: dict[str, Gate] = {}
        self._among = 1

    def share(self, among: int) -> None:
        """So many processes take from the same budgets: from now on each lane keeps to its part."""
        if among != self._among:
            self._among = among
            for lane in self._lanes.values():
                lane.share(among)
            for gate in self._gates.values():
                gate.share(among)

    def lane(self, budget: Budget) -> Lane:
        """The lane of a budget."""
        lane = self._lanes.get(budget.key)
        if lane is None:
            if len(self._lanes) >= _IDLE_LANES:
                self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.idle}
            gate = self._gate(budget.within) if budget.within is not None else None
            lane = self._lanes[budget.key] = Lane(budget, self.clock, self._among, self.crowd, gate)
        return lane

    def _gate(self, budget: Budget) -> Gate:
        if budget.key not in self._gates:
            self._gates[budget.key] = Gate(budget, self.clock, self._among)
        return self._gates[budget.key]
