"""Scripted misbehaviour of the Web API: what the next calls of a method run into."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

from simulators.journal import Journal
from simulators.slack.refusal import Refusal


class Gate:
    """Holds the replies of one method (after Slack has done the work, unless `before`) until `release()`."""

    def __init__(self, journal: Journal, *, before: bool) -> None:
        self.before = before
        self.waiting = 0  # calls held right now
        self._journal = journal
        self._open = asyncio.Event()

    def release(self) -> None:
        """Let all held calls go on, and hold no more."""
        self._open.set()

    async def wait(self) -> None:
        """Called by the server: wait until the gate is opened."""
        if self._open.is_set():
            return
        self.waiting += 1
        self._journal.changed("held", {"waiting": self.waiting})
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1


@dataclass
class Faults:
    """The misbehaviour that is planned, by method."""

    retry_after: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    statuses: dict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    refusals: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    switched_off: dict[str, str] = field(default_factory=dict)  # method -> error, until allowed again
    lost_replies: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lost_requests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    gates: dict[str, Gate] = field(default_factory=dict)
    login_page: bool = False  # file downloads answer the login page

    def check_refusal(self, method: str) -> None:
        """Raise the planned refusal of this call, if any."""
        if self.refusals[method]:
            raise Refusal(self.refusals[method].popleft())
        if method in self.switched_off:
            raise Refusal(self.switched_off[method])

    def next_status(self, method: str) -> int | None:
        """The HTTP status (500, 503) that this call gets instead of an answer, if any."""
        return self.statuses[method].popleft() if self.statuses[method] else None

    def next_retry_after(self, method: str) -> int:
        """The forced Retry-After of this call, or 0."""
        return self.retry_after[method].popleft() if self.retry_after[method] else 0

    def take(self, planned: dict[str, int], method: str) -> bool:
        """Use up one planned loss of this method."""
        if planned[method] <= 0:
            return False
        planned[method] -= 1
        return True

    async def hold(self, method: str, *, before: bool) -> None:
        """Wait at the method's gate, if there is one on this side of the work."""
        gate = self.gates.get(method)
        if gate is not None and gate.before is before:
            await gate.wait()
