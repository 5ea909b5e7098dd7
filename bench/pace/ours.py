"""The real scheduler (core.reply, core.lanes, core.pacing), before a platform that is only a clock."""

import asyncio
from dataclasses import replace
from typing import Any

from bench.pace.stage import TOKEN, Answer, Platform, now, until
from core.contract import Budget, Guard, Limits, Receipt, Way, unguarded
from core.lanes import Lanes
from core.messages import Draft, MessageRef, Person, Place, Target
from core.reply import Reply

_ENDLESS = 10**9


class Live:
    """One message of an answer (core.contract.LiveMessage)."""

    def __init__(self, platform: Platform, answer: Answer) -> None:
        self.ref: MessageRef | None = None
        self._platform = platform
        self._answer = answer

    def budget(self, draft: Draft) -> Budget:
        """The bucket of the next call."""
        return self._own(self._next(draft))

    def ways(self) -> list[Way]:
        """As the cell has it."""
        limiter = self._platform.cell.limiter
        return [Way(self._own(limiter.edit), self._own(limiter.close))]

    def go(self, way: Way) -> None:
        """There is only one."""

    async def show(self, draft: Draft) -> Receipt:
        """One call."""
        tokens = len(draft.markdown) // len(TOKEN)
        allowance = await self._platform.call(self._next(draft), self._answer, tokens)
        self.ref = MessageRef("bench", "w", "c", str(self._answer.number))
        return Receipt(self.ref, allowance)

    async def remove(self) -> None:
        """Nothing is ever surplus here."""

    def _own(self, budget: Budget) -> Budget:
        return replace(budget, key=self._platform.cell.limiter.key(budget, self._answer.number))

    def _next(self, draft: Draft) -> Budget:
        limiter = self._platform.cell.limiter
        if self.ref is None:
            return limiter.whole if draft.final else limiter.post
        return limiter.close if draft.final else limiter.edit


class Adapter:
    """As much of core.contract.ChatAdapter as a reply asks for."""

    name = "bench"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def limits(self, place: Place) -> Limits:
        """Messages without an end: the pace is what is measured."""
        del place
        return Limits(page_length=_ENDLESS)

    def measure(self, markdown: str) -> int:
        """Characters."""
        return len(markdown)

    def live(self, target: Target, posted: MessageRef | None = None, guard: Guard = unguarded) -> Live:
        """The message of an answer."""
        del posted, guard
        return Live(self._platform, self._platform.answers[int(target.question.id)])


async def ours(platform: Platform) -> None:
    """Every answer through a reply of its own, all through the same lanes."""
    adapter: Any = Adapter(platform)
    lanes = Lanes(now)

    async def write(answer: Answer) -> None:
        place = Place("bench", "w", "c", str(answer.number))
        question = MessageRef("bench", "w", "c", str(answer.number))
        reply = Reply(adapter, Target(place, question, Person("u", "u"), f"k{answer.number}"), lanes)
        whole = TOKEN * answer.tokens
        for count, at in enumerate(answer.arrivals[:-1], 1):
            await until(at)
            reply.show(whole[: count * len(TOKEN)])
        await until(answer.arrivals[-1])
        await reply.finish(whole)

    await asyncio.gather(*(write(answer) for answer in platform.answers))
