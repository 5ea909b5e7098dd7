"""Queues in this process: for the one process that an embedded store allows."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

RunTurn = Callable[[int], Awaitable[None]]


class LocalQueues:
    """Runs each conversation's turns strictly in order. A turn is known by its id in the store."""

    def __init__(self, run: RunTurn) -> None:
        self._run = run
        self._waiting: dict[int, deque[int]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._draining = False

    def submit(self, turn: int, conversation: int) -> None:
        """Queue a turn behind the earlier ones of its conversation."""
        self._waiting.setdefault(conversation, deque()).append(turn)
        if conversation not in self._workers and not self._draining:
            self._workers[conversation] = asyncio.create_task(self._work(conversation))

    async def drain(self, seconds: float) -> int:
        """Start no more turns, let the running ones finish for so long; the number still running."""
        self._draining = True
        if self._workers:
            await asyncio.wait(list(self._workers.values()), timeout=seconds)
        return len(self._workers)

    async def cancel(self, seconds: float) -> None:
        """Cut off what runs; it may take so long to let go."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers, timeout=seconds)

    async def _work(self, conversation: int) -> None:
        waiting = self._waiting[conversation]
        try:
            while waiting and not self._draining:
                turn = waiting.popleft()
                try:
                    await self._run(turn)
                except Exception as error:
                    log.error("turn %d was given up: %s", turn, type(error).__name__)  # noqa: TRY400
                    log.debug("details", exc_info=True)
        finally:
            del self._workers[conversation]
            if not waiting:
                self._waiting.pop(conversation, None)
