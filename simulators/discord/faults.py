"""Scripted misbehaviour of the REST API: errors, rate limits, lost and delayed replies."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from simulators.discord.errors import Refusal
from simulators.discord.limits import refusal_body, refusal_headers
from simulators.journal import Journal


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of what should."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    code: int | None = None
    lose_reply: bool = False  # the request is carried out, but nobody hears of it


Wanted = Callable[[dict[str, Any]], bool]


class Gate:
    """Holds the replies of one method until it is opened; with `when` only those whose arguments it likes."""

    def __init__(self, method: str, journal: Journal, *, before: bool, when: Wanted | None = None) -> None:
        self.method = method
        self.before = before  # True: hold the request itself, so that nothing has happened yet
        self.waiting = 0
        self.peers: list[int] = []  # the client's port of every request that was held, oldest first
        self._when = when
        self._cut = False
        self._journal = journal
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let everything through, now and later."""
        self._opened.set()

    def cut(self) -> None:
        """Cut the held requests' connections (with `before` they were never carried out), hold no more."""
        self._cut = True
        self._opened.set()

    async def pass_through(self, args: dict[str, Any], peer: int) -> bool:
        """Called by the server: wait until the gate is opened. False where the request is to be cut."""
        if self._when is not None and (self._opened.is_set() or not self._when(args)):
            return True
        self.waiting += 1
        self.peers.append(peer)
        self._journal.changed("held", {"method": self.method})
        await self._opened.wait()
        self.waiting -= 1
        return not self._cut

    async def reached(self, count: int = 1) -> None:
        """Wait until that many requests are held."""
        await self._journal.wait(lambda: self.waiting >= count)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()


class Faults:
    """The misbehaviour that is still to come, by method ("POST /channels/{channel_id}/messages")."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._scripts: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._gates: dict[str, Gate] = {}

    def take(self, method: str) -> Fault | None:
        script = self._scripts[method]
        return script.popleft() if script else None

    def gate(self, method: str, *, before: bool) -> Gate | None:
        gate = self._gates.get(method)
        return gate if gate and gate.before == before else None

    def fail_next(self, method: str, status: int = 502, *, times: int = 1) -> None:
        """Answer the next requests with a server error; nothing is carried out."""
        body = {"message": f"{status}: Server Error", "code": 0} if status == 500 else None
        self._add(method, Fault(status, body), times)

    def refuse_next(self, method: str, code: int, *, times: int = 1) -> None:
        """Answer the next requests with Discord's JSON error code; nothing is carried out."""
        refusal = Refusal(code)
        self._add(method, Fault(refusal.status, refusal.body(), code=code), times)

    def rate_limit_next(
        self, method: str, retry_after: float, *, scope: str = "shared", via: bool = True, times: int = 1
    ) -> None:
        """Answer the next requests with 429; `via=False` makes it look like a ban by Cloudflare."""
        headers = refusal_headers(retry_after, scope)
        shown = tuple(each for each in headers.items() if via or each[0] != "Via")
        self._add(method, Fault(429, refusal_body(retry_after, scope), shown), times)

    def lose_reply_next(self, method: str, *, times: int = 1) -> None:
        """Carry the next requests out, then cut the connection instead of replying."""
        self._add(method, Fault(lose_reply=True), times)

    def hold(self, method: str, *, before: bool = False, when: Wanted | None = None) -> Gate:
        """Hold the method's replies (`before`: the requests) behind a gate until it is opened.

        With `when` only the requests whose arguments it likes; `gate.cut()` ends them without a reply.
        """
        gate = self._gates[method] = Gate(method, self._journal, before=before, when=when)
        return gate

    def open_all(self) -> None:
        for gate in self._gates.values():
            gate.open()

    def _add(self, method: str, fault: Fault, times: int) -> None:
        self._scripts[method].extend([fault] * times)
