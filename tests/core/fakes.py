"""A chat platform in memory, behind the core's seam: limits as strict as told, and faults on order."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from core.contract import Allowance, Budget, Gone, Limits, RateLimited, Receipt, Uncertain, Way
from core.messages import Draft, MessageRef, Names, Person, Place, Target

PLACE = Place("fake", "w", "c", "t")
ASKER = Person("u1", "Ann")
WAITLESS = Budget("fake:free", 1_000_000, 1.0)


def target(name="q"):
    return Target(PLACE, MessageRef("fake", "w", "c", name), ASKER, f"key-{name}")


@dataclass
class Posted:
    """One message as it stands on the platform, and every draft that it was made to look like."""

    ref: MessageRef
    drafts: list = field(default_factory=list)
    removed: bool = False

    @property
    def text(self):
        return self.drafts[-1].markdown


@dataclass(frozen=True)
class Call:
    """One call as the platform received it."""

    at: float
    message: str
    draft: object
    outcome: str


@dataclass(frozen=True)
class Limited:
    """Answer the next call with a 429."""

    retry_after: float


@dataclass(frozen=True)
class Lost:
    """Lose the reply of the next call; `done` says whether the platform had done it."""

    done: bool


class Limiter:
    """The platform's own limit, strict: counts calls as they arrive, refuses what is too much."""

    def __init__(self, calls, seconds, *, fixed=False):
        self.calls, self.seconds, self.fixed = calls, seconds, fixed
        self._seen = deque()
        self._window_ends = 0.0

    def admit(self, now):
        """Seconds to wait, 0 if the call is let in."""
        if self.fixed and now >= self._window_ends:
            self._seen.clear()
            self._window_ends = now + self.seconds
        while not self.fixed and self._seen and self._seen[0] <= now - self.seconds:
            self._seen.popleft()
        if len(self._seen) >= self.calls:
            return (self._window_ends if self.fixed else self._seen[0] + self.seconds) - now
        self._seen.append(now)
        return 0.0

    def allowance(self, now):
        """What the platform's headers say."""
        return Allowance(self.calls - len(self._seen), self._window_ends - now) if self.fixed else None


class FakeAdapter:
    """Keeps every message and every call; `faults` are met by the next calls, in order."""

    name = "fake"
    status = "ok"

    def __init__(
        self, *, page_length=1000, page_seconds=float("inf"), budget=WAITLESS, limiter=None, rtt=0.2
    ):
        self.page_length, self.page_seconds = page_length, page_seconds
        self.budgets = budget if callable(budget) else lambda _draft, _posted: budget
        self.limiter = limiter
        self.rtt = rtt  # seconds; or a function that gives them
        self.faults = deque()
        self.calls = []
        self.messages = {}
        self.busy_now = self.busiest = 0
        self._began = asyncio.Event()

    def limits(self, place):
        return Limits(self.page_length, self.page_seconds)

    def measure(self, markdown):
        return len(markdown)

    def live(self, target, posted=None, guard=None):
        return FakeMessage(self, target, posted)

    async def names(self, message):
        return Names("Ann", "general")

    @property
    def standing(self):
        """The messages that can be seen now, oldest first."""
        return [message for message in self.messages.values() if not message.removed]

    @property
    def text(self):
        return "".join(message.text for message in self.standing)

    async def underway(self, calls):
        """Returns once so many calls are in flight."""
        while self.busy_now < calls:
            self._began.clear()
            await self._began.wait()

    def done(self):
        """The calls that the platform has done."""
        return [call for call in self.calls if call.outcome in {"ok", "lost-done"}]

    async def received(self, key, draft):
        """A call on its way there, and back: half the round trip each way."""
        loop = asyncio.get_running_loop()
        trip = self.rtt() if callable(self.rtt) else self.rtt
        await asyncio.sleep(trip / 2)
        try:
            return self._judge(loop.time(), key, draft)
        finally:
            await asyncio.sleep(trip / 2)

    def _judge(self, now, key, draft):
        wait = self.limiter.admit(now) if self.limiter else 0.0
        fault = Limited(wait) if wait else (self.faults.popleft() if self.faults else None)
        outcome = {Limited: "limited", Lost: "lost"}.get(type(fault), "ok" if fault is None else "gone")
        done = fault is None or (isinstance(fault, Lost) and fault.done)
        self.calls.append(Call(now, key, draft, "lost-done" if outcome == "lost" and done else outcome))
        if done:
            self._do(key, draft)
        if isinstance(fault, Limited):
            raise RateLimited(fault.retry_after)
        if isinstance(fault, Lost):
            raise Uncertain("connection reset")
        if fault is not None:
            raise fault
        return self.limiter.allowance(now) if self.limiter else None

    def _do(self, key, draft):
        found = self.messages.setdefault(key, Posted(MessageRef("fake", "w", "c", key)))
        if found.removed:
            raise Gone("message_not_found")
        if draft is None:
            found.removed = True
        else:
            found.drafts.append(draft)


class FakeMessage:
    """One message; the key makes a repeated post the same message, as the seam demands."""

    def __init__(self, adapter, target, posted):
        self._adapter, self._key = adapter, posted.id if posted else target.key
        self._posted = posted is not None
        self._calling = 0
        if posted:
            adapter.messages.setdefault(posted.id, Posted(posted))

    @property
    def ref(self):
        return MessageRef("fake", "w", "c", self._key) if self._posted else None

    def budget(self, draft):
        return self._adapter.budgets(draft, self._posted)

    def ways(self):
        edit = self._adapter.budgets(Draft("", final=True), True)
        return [Way(edit, edit)]

    def go(self, way):
        pass

    async def show(self, draft):
        allowance = await self._call(draft)
        self._posted = True
        return Receipt(self.ref, allowance)

    async def remove(self):
        await self._call(None)

    async def _call(self, draft):
        assert not self._calling or self._may_overlap(draft), "two calls in flight for one message"
        self._calling += 1
        adapter = self._adapter
        adapter.busy_now += 1
        adapter.busiest = max(adapter.busiest, adapter.busy_now)
        adapter._began.set()
        try:
            return await adapter.received(self._key, draft)
        finally:
            adapter.busy_now -= 1
            self._calling -= 1

    def _may_overlap(self, draft):
        """Only the end, beside one edit of a message that stands."""
        ends = draft is not None and draft.final and self.budget(draft).whole
        return self._posted and self._calling == 1 and ends
