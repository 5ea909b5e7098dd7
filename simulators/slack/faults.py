"""Scripted misbehaviour of the Web API: what the next calls of a method run into."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.journal import Journal
from simulators.slack.refusal import Refusal

Args = dict[str, Any]
Wanted = Callable[[Args], bool]


class Gate:
    """Holds the replies of one method (after Slack has done the work, unless `before`) until `release()`.

    With `when` only the calls whose arguments it likes are held.
    """

    def __init__(self, journal: Journal, *, before: bool, when: Wanted | None = None) -> None:
        self.before = before
        self.waiting = 0  # calls held right now
        self.peers: list[int] = []  # the client's port of every call that was held, oldest first
        self._when = when
        self._cut = False
        self._journal = journal
        self._open = asyncio.Event()

    def release(self) -> None:
        """Let all held calls go on, and hold no more."""
        self._open.set()

    def cut(self) -> None:
        """Cut the held calls' connections (with `before` they were never carried out), and hold no more."""
        self._cut = True
        self._open.set()

    async def wait(self, args: Args, peer: int) -> bool:
        """Called by the server: wait until the gate is opened. False where the call is to be cut."""
        if self._open.is_set() or not (self._when is None or self._when(args)):
            return True
        self.waiting += 1
        self.peers.append(peer)
        self._journal.changed("held", {"waiting": self.waiting})
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1
        return not self._cut


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
    chunked: bool = False  # file downloads do not say how long they are
    redirects: deque[str] = field(default_factory=deque)  # where the next file downloads lead to
    late_shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # files.info tells none yet

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

    async def hold(self, method: str, args: Args, peer: int, *, before: bool) -> bool:
        """Wait at the method's gate, if there is one on this side of the work. False: cut the call."""
        gate = self.gates.get(method)
        return gate is None or gate.before is not before or await gate.wait(args, peer)
