"""One answer being written into a chat: growing Markdown → pages → live messages, at the platform's pace.

Whoever reads the answer never waits for this: `show` only leaves the newest text; a task writes it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from core.continuation import Earlier, Keep, Written
from core.contract import (
    Budget,
    ChatAdapter,
    Gone,
    Guard,
    LiveMessage,
    RateLimited,
    Receipt,
    Uncertain,
    unguarded,
)
from core.lane import Lane
from core.lanes import Lanes
from core.layout import Layout
from core.messages import Button, Draft, MessageRef, Step, Target
from core.persist import persist
from core.writer import Writer

log = logging.getLogger(__name__)

T = TypeVar("T")
LEAST_WAIT_SECONDS = 0.1


class Reply:
    """The messages of one answer. `gone` says why nothing can be written any more, if so."""

    def __init__(
        self,
        adapter: ChatAdapter,
        target: Target,
        lanes: Lanes,
        *,
        posted: Sequence[MessageRef] = (),
        keep: Keep | None = None,
        guard: Guard = unguarded,
        earlier: Earlier | None = None,
        again: bool = False,
        growing: tuple[Button, ...] = (),
    ) -> None:
        """`guard`: awaited before each call; `again`: repeats what stands; `growing`: buttons meanwhile."""
        self._adapter = adapter
        self._target = target
        self._lanes = lanes
        self._layout = Layout(adapter.limits(target.place), adapter.measure, lanes.clock)
        self._keep = keep
        self._guard = guard
        self._earlier = earlier
        self._removed = 0  # what is written in the place of a removed message is another message
        self._layout.messages = self._standing(posted)
        self._layout.text, self._layout.growing = earlier.text if earlier else "", growing
        self._writer = Writer(spare=again)
        self._lane: Lane | None = None  # where the writer waits or has been
        self._joined: set[Lane] = set()
        self._running: tuple[Lane, Written, Budget] | None = None  # the edit in flight
        self._ahead: asyncio.Task[None] | None = None  # the end, sent beside it
        self._changed = asyncio.Event()
        self._whole: asyncio.Event | None = None  # while there is no room: set when nothing more will come
        self._task: asyncio.Task[None] | None = None
        self.visible = asyncio.Event()  # the first message stands
        self.first_text_at: float | None = None
        self.calls = self.rate_limited = 0
        self.gone: Gone | None = None

    @property
    def refs(self) -> list[MessageRef]:
        """The messages posted, first page first."""
        return [message.live.ref for message in self._layout.messages if message.live.ref is not None]

    @property
    def text(self) -> str:
        """The newest text."""
        return self._layout.text

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is done for it."""
        return self._layout.steps

    def show(self, text: str, steps: tuple[Step, ...] = ()) -> None:
        """This is the text by now, and what is done for it. Returns at once; the newest text wins."""
        layout = self._layout
        if (text == layout.text and steps == layout.steps) or layout.final:
            return
        if not self._writer.stale_since:
            self._writer.stale_since = self._lanes.clock()
        layout.text, layout.steps = text, steps
        self._wake()

    async def finish(
        self, text: str, notices: tuple[str, ...] = (), buttons: tuple[Button, ...] = ()
    ) -> None:
        """This is the whole text; returns when it stands (or when the message is gone, see `gone`)."""
        layout = self._layout
        layout.text, layout.notices, layout.buttons = text, notices, buttons
        layout.final = self._writer.final = True
        if self._whole is not None:
            self._whole.set()
        self._overlap()
        self._wake()
        if self._lane is not None:
            self._lane.hasten()
        if self._task is not None:
            await self._task

    async def abandon(self) -> None:
        """Stop writing; what stands stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _overlap(self) -> None:
        """The end needs not wait for the edit in flight. Either may land first: one edit more follows."""
        step = self._layout.next_step()
        if self._running is None or step is None or self._writer.spare:
            return
        lane, message, budget = self._running
        index, draft = step
        if draft is None or self._layout.messages[index : index + 1] != [message]:
            return
        if budget.whole and message.live.budget(draft) == budget and lane.take():
            self._ahead = asyncio.create_task(self._show_ahead(lane, message, draft))

    async def _show_ahead(self, lane: Lane, message: Written, draft: Draft) -> None:
        sender = Writer(last=self._lanes.clock())
        self.calls += 1
        try:
            await self._guard()
            await message.live.show(draft)
        except RateLimited as limited:
            self.rate_limited += 1
            lane.pause(limited.retry_after)
        except Exception as error:  # noqa: BLE001 - whatever it is, the edit that follows meets it too
            log.debug("the end was not shown ahead: %s (%s)", type(error).__name__, self._target.key)
        finally:
            lane.release(sender)

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._write(), name=f"reply {self._target.key}")
        self._changed.set()

    async def _write(self) -> None:
        self._lanes.crowd.enter()
        try:
            await self._take_up()
            while True:
                self._changed.clear()
                step = self._layout.next_step()
                if step is not None:
                    await self._take(*step)
                elif self._layout.final:
                    return
                else:
                    await self._wait_for_news()
        except Gone as gone:
            self.gone = gone
        finally:
            self._lanes.crowd.leave()
            if self._ahead is not None:
                self._ahead.cancel()
            for lane in self._joined:
                lane.leave(self._writer)

    async def _take_up(self) -> None:
        """Go on in the messages of a process before us, those too that it could not keep any more."""
        if self._earlier is None:
            return
        known = set(self.refs)
        standing = await self._persist(self._earlier.find)
        self._layout.messages = self._standing(standing)
        for page, ref in enumerate(standing):
            if self._keep is not None and ref not in known:
                self._keep.posted(page, ref)

    async def _wait_for_news(self) -> None:
        left = self._layout.seconds_to_roll_over(len(self._layout.messages))
        with suppress(TimeoutError):
            async with asyncio.timeout(None if left == float("inf") else max(LEAST_WAIT_SECONDS, left)):
                await self._changed.wait()

    async def _take(self, index: int, draft: Draft | None) -> None:
        if draft is None:
            message = self._layout.messages.pop()
            self._removed += 1
            try:
                await self._persist(lambda: self._remove(message))
            except Gone as gone:
                log.warning("a message that is not needed any more stays: %s (%s)", gone, self._target.key)
            return
        if index == len(self._layout.messages):
            live = self._live(index, None)
            await self._begin(live)
            self._layout.messages.append(Written(live))
        message = self._layout.messages[index]
        await self._persist(lambda: self._show(index, message))

    async def _begin(self, live: LiveMessage) -> None:
        """Wait for room to grow in; what is whole by then is posted whole."""
        rooms, goes_on, self._whole = self._lanes.rooms, bool(self._layout.messages), asyncio.Event()
        if self._layout.final:
            self._whole.set()
        lane = await rooms.find(self._writer, live, self._whole, goes_on=goes_on)
        self._whole = None
        if lane is not None:
            self._joined.add(lane)

    async def _remove(self, message: Written) -> None:
        await self._guard()
        if self._keep is not None and message.live.ref is not None:
            await self._keep.removing(message.live.ref)
        try:
            await message.live.remove()
        except RateLimited as limited:  # no lane waits for a removal
            await asyncio.sleep(limited.retry_after)
            raise

    async def _show(self, index: int, message: Written) -> None:
        if self._ahead is not None:
            await asyncio.wait([self._ahead])
        step = self._layout.next_step()
        if step is None or step[0] != index or step[1] is None:
            return
        asked = message.live.budget(step[1])
        lane = await self._slot(asked)
        step = self._layout.next_step()  # newer text may have come while we waited
        if step is None or step[0] != index or step[1] is None:
            lane.release(self._writer, used=False)
            return
        draft = message.doubtful or step[1]
        if message.live.budget(draft).key != asked.key:  # the end came: another call, another budget
            lane.release(self._writer, used=False)
            return
        self._running = (lane, message, asked) if message.shown else None
        try:
            receipt = await self._call(lane, message, draft)
        finally:
            self._running = None
        self._note(index, message, draft, receipt)

    async def _call(self, lane: Lane, message: Written, draft: Draft) -> Receipt:
        self.calls += 1
        receipt: Receipt | None = None
        try:
            await self._guard()
            receipt = await message.live.show(draft)
        except RateLimited as limited:
            self.rate_limited += 1
            lane.pause(limited.retry_after)
            raise
        except Uncertain:
            message.doubtful = None if self._ahead else draft  # never back to an older text
            raise
        finally:
            lane.release(self._writer, receipt.allowance if receipt else None)
        message.doubtful = None
        self._writer.stale_since = 0.0
        if self._keep is not None:
            self._keep.shown(self._layout.text)
        return receipt

    async def _slot(self, budget: Budget) -> Lane:
        self._lane = self._lanes.lane(budget)
        self._joined.add(self._lane)
        await self._lane.acquire(self._writer)
        return self._lane

    def _note(self, index: int, message: Written, draft: Draft, receipt: Receipt) -> None:
        first = message.shown is None
        message.shown = draft
        if not first:
            return
        message.posted_at = self._lanes.clock()
        self.first_text_at = self.first_text_at or message.posted_at
        self.visible.set()
        if self._keep is not None and not message.kept:
            self._keep.posted(index, receipt.ref)

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        return await persist(call, self._lanes.clock, self._target.key)

    def _standing(self, refs: Sequence[MessageRef]) -> list[Written]:
        return [Written(self._live(page, ref), kept=True) for page, ref in enumerate(refs)]

    def _live(self, page: int, posted: MessageRef | None) -> LiveMessage:
        key = f"{self._target.key}:{page}" + (f".{self._removed}" if self._removed else "")
        return self._adapter.live(replace(self._target, key=key), posted, self._guard)
