"""Showing that we work on a question, or that it waits in line, until its first text can be seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.asking import Asking
from core.contract import ChatAdapter, Sign
from core.messages import Target
from core.reply import Reply
from core.sentences import say

SIGN_SECONDS = 5.0  # how often a sign is renewed: typing lasts 10 s on some platforms


class Signs:
    """The signs of all turns. Taking one away never holds up an answer."""

    def __init__(self) -> None:
        self._clearing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def shown(
        self, asking: Asking, reply: Reply, adapter: ChatAdapter, target: Target, lang: str
    ) -> AsyncIterator[None]:
        """Show signs while in the context: until there is text to be seen, and while it is looked for."""
        task = asyncio.create_task(_renew(asking, reply, adapter, target, lang))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])  # who is cancelled just now must not overhear it
            self._cleared(task)
            clearing = asyncio.create_task(adapter.busy(target, None, ""))
            self._clearing.add(clearing)
            clearing.add_done_callback(self._cleared)

    def _cleared(self, task: asyncio.Task[None]) -> None:
        self._clearing.discard(task)
        if not task.cancelled():
            task.exception()  # best effort: looked at, so that nobody warns

    async def aclose(self, seconds: float) -> None:
        """Give the last signs so long to go away."""
        left = list(self._clearing)
        if left:
            await asyncio.wait(left, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _renew(asking: Asking, reply: Reply, adapter: ChatAdapter, target: Target, lang: str) -> None:
    while True:
        asking.turned.clear()
        if reply.visible.is_set() and not asking.recovering:
            await asking.turned.wait()
            continue
        sign: Sign = "waiting" if asking.waiting else "working"
        await adapter.busy(target, sign, say("resuming" if asking.recovering else sign, lang))
        news = (asking.turned,) if asking.recovering else (asking.turned, reply.visible)
        await _first_of(*news, seconds=SIGN_SECONDS)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
