"""One scheduler per bucket of the platform's rate limit, shared by all the answers that are taken from it.

Final texts go first, then whose text has waited longest; everybody sends the newest text when its turn comes.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable

from core.contract import Allowance, Budget
from core.crowd import Crowd
from core.gate import Gate
from core.pacing import APPENDING, FIXED, SLIDING, Load, reserve, wait
from core.writer import Writer, part

Clock = Callable[[], float]  # seconds
_RECOMPUTE_SECONDS = 0.25  # the plan changes as others come and go
_LOOKS = 10  # within the time between two edits, where a crowd makes that long
_FIRST_ROUND_TRIP = 0.2
_A_MOMENT = 1e-6  # a timer for less would come back in the same moment
_ENDS_WITHIN = 10.0  # seconds: if all who have begun end now, their whole texts should stand by then
_OTHER_WINDOW = 1.0  # seconds: a window whose end is said to be so much later is another one


class Lane:
    """One bucket: grants calls one by one, as the law of pacing and the platform's own words allow."""

    def __init__(
        self,
        budget: Budget,
        clock: Clock,
        among: int = 1,
        crowd: Crowd | None = None,
        gate: Gate | None = None,
    ) -> None:
        """`gate`: of the bucket that all its calls count in as well."""
        self._gate = gate
        self._whole = budget
        self._crowd = crowd or Crowd()
        self._budget = part(budget, among)
        self._among = among
        self._law = FIXED if budget.fixed else SLIDING if budget.whole else APPENDING
        self._clock = clock
        self._waiting: dict[Writer, asyncio.Future[None]] = {}
        self._writers: set[Writer] = set()
        self._in_flight = 0
        self._used: list[float] = []  # sliding: when each finished call comes back (empty, a deque is 0.6 kB)
        self._window_used = 0  # fixed: our calls finished in the running window …
        self._window_said = 0  # … and how many were used in all by the platform's word
        self._window_ends = 0.0
        self._paused_until = 0.0
        self._round_trip = _FIRST_ROUND_TRIP
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing of the bucket is in use, so that the lane can be forgotten."""
        return not self._writers and not self._returning() and self._paused_until <= self._clock()

    def share(self, among: int) -> None:
        """So many processes take from the budget."""
        self._budget, self._among = part(self._whole, among), among
        self.poke()

    async def acquire(self, writer: Writer) -> None:
        """Wait until the writer may make one call now; follow it with `release`."""
        self._writers.add(writer)
        granted = asyncio.get_running_loop().create_future()
        self._waiting[writer] = granted
        self.poke()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._in_flight -= 1
            raise
        finally:
            if self._waiting.get(writer) is granted:
                del self._waiting[writer]
            self.poke()
        if self._gate is not None:
            try:
                await self._through(self._gate, writer)
            except asyncio.CancelledError:
                self._in_flight -= 1
                self.poke()
                raise
            now = self._clock()  # the call goes out now: what it waited for is no round trip
            writer.first, writer.last = (now if writer.first == writer.last else writer.first), now

    async def _through(self, gate: Gate, writer: Writer) -> None:
        """Pass the gate; not while the platform wants this bucket left alone, which it may say meanwhile."""
        await gate.acquire(writer)
        while (left := self._paused_until - self._clock()) > 0:
            gate.release(used=False)
            await asyncio.sleep(left + _A_MOMENT)
            await gate.acquire(writer)

    def take(self) -> bool:
        """Grant one call beside the one in flight, if the ends of all others keep theirs; then `release`."""
        paused = self._paused_until > self._clock()
        granted = not paused and self._load().left > len(self._writers)
        granted = granted and (self._gate is None or self._gate.take())
        self._in_flight += granted
        return granted

    def release(self, writer: Writer, allowance: Allowance | None = None, *, used: bool = True) -> None:
        """A call that was granted is over; with `used` false it never went out."""
        self._in_flight -= 1
        if used:
            self._count(writer, allowance)
        if self._gate is not None:
            self._gate.release(used=used)
        self.poke()

    def hasten(self) -> None:
        """The text of a writer who waits is whole: its end may go before others."""
        self.poke()
        if self._gate is not None:
            self._gate.poke()

    def room(self, writer: Writer, waiting: int, *, only_ends: bool) -> int:
        """How many more may begin an answer whose end is taken from here, the writer among those waiting.

        `only_ends`: what grows takes from another budget, so that a call for every end can be kept.
        """
        budget, load, others = self._budget, self._load(), len(self._writers - {writer})
        if only_ends:
            return load.left - others
        kept = others + 1 if waiting > 1 else reserve(self._law, load)  # a crowd ends as a crowd
        if not budget.fixed and load.left < kept:
            return 0
        most = max(budget.calls // 4, int(_ENDS_WITHIN * budget.calls / budget.seconds), 1)
        return most - others

    def join(self, writer: Writer) -> None:
        """The writer has begun an answer whose end is taken from here; it is to `leave`."""
        self._writers.add(writer)

    def pause(self, seconds: float) -> None:
        """The platform said to wait: nobody calls before that is over."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def leave(self, writer: Writer) -> None:
        """The answer is over: the others share what it had."""
        self._writers.discard(writer)
        self.poke()

    def poke(self) -> None:
        """Grant what can be granted now, and come back when the next may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            due, writer = self._next()
            if due > _A_MOMENT:
                look = max(_RECOMPUTE_SECONDS, self._crowd.seconds(self._clock()) / _LOOKS)
                self._timer = asyncio.get_running_loop().call_later(min(due, look), self.poke)
                return
            self._grant(writer)

    def _grant(self, writer: Writer) -> None:
        now = self._clock()
        self._in_flight += 1
        writer.first = now if writer.first is None else writer.first
        writer.last = now
        granted = self._waiting.pop(writer)
        if not granted.done():
            granted.set_result(None)
        else:  # whoever waited was cancelled in this very moment
            self._in_flight -= 1

    def _next(self) -> tuple[float, Writer]:
        now, load = self._clock(), self._load()
        dues = [
            (max(self._due(writer, load, now), self._paused_until - now), writer) for writer in self._waiting
        ]
        ready = [writer for due, writer in dues if due <= _A_MOMENT]
        if ready:
            return 0.0, min(ready, key=lambda writer: writer.rank)
        return min(dues, key=lambda pair: pair[0])

    def _due(self, writer: Writer, load: Load, now: float) -> float:
        if writer.first is None or writer.last is None or writer.final:
            missing = (load.calls // 2 if writer.spare else 0) - load.left
            return load.returning[missing] if missing >= 0 else 0.0
        since = now - writer.last
        return max(
            wait(self._law, load, age=now - writer.first, since_last=since),
            self._crowd.seconds(now) * writer.pace - since,
        )

    def _load(self) -> Load:
        budget = self._budget
        return Load(budget.calls, budget.seconds, self._round_trip, len(self._writers), self._returning())

    def _returning(self) -> list[float]:
        now = self._clock()
        if self._budget.fixed:
            used = max(self._window_used, self._window_said) if now < self._window_ends else 0
            ends = self._window_ends - now if now < self._window_ends else self._budget.seconds
            return [ends] * (used + self._in_flight)
        del self._used[: bisect_right(self._used, now)]
        return [at - now for at in self._used] + [self._budget.seconds] * self._in_flight

    def _count(self, writer: Writer, allowance: Allowance | None) -> None:
        now = self._clock()
        sent = now if writer.last is None else writer.last
        self._round_trip += 0.2 * (now - sent - self._round_trip)
        if self._budget.fixed:
            self._count_in_window(now, allowance)
        else:
            self._used.append(now + self._budget.seconds)

    def _count_in_window(self, now: float, allowance: Allowance | None) -> None:
        """The platform's word and our own count, whichever is more: replies overtake each other.

        Whether the calls in flight are in the platform's count can't be told; they are counted beside it.
        """
        ends = now + (self._budget.seconds if allowance is None else allowance.reset_after)
        told = allowance is not None
        if now >= self._window_ends or (told and ends > self._window_ends + _OTHER_WINDOW):
            self._window_used, self._window_said, self._window_ends = 0, 0, ends
        elif told:  # each word is late by the way back: the earliest is the truest
            self._window_ends = min(ends, self._window_ends)
        self._window_used += 1
        if allowance is not None:  # of the whole; what others have left us of our part
            self._window_said = max(self._window_said, self._budget.calls - allowance.remaining)
