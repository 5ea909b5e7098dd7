"""Queues in this process: for the one process that an embedded store allows."""

import asyncio
import logging
from collections import deque

from core.dispatch.ownership import Tenure
from core.dispatch.queues import RunTurn
from core.errors import Superseded
from core.log_context import apart
from core.store.group import Transaction
from core.store.patience import patiently
from core.store.store import Store

log = logging.getLogger(__name__)


class LocalQueues:
    """Runs each line's turns strictly in order. A turn is known by its id in the store."""

    def __init__(self, run: RunTurn, store: Store) -> None:
        self._run = run
        self._store = store
        self._tenure = Tenure()
        self._waiting: dict[int, deque[int]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._draining = False

    async def take_up(self) -> None:
        """Queue every turn that a process before us did not close: it is no more, whatever ended it."""
        for waiting in await patiently(self._store.open_turns):
            self.submit(waiting.turn, waiting.line)

    async def enlist(self, connection: Transaction, turn: int, line: int) -> None:
        """The turn's row is all: `take_up` finds it."""

    def submit(self, turn: int, line: int) -> None:
        """Queue a turn behind the earlier ones of its line."""
        self._waiting.setdefault(line, deque()).append(turn)
        if line not in self._workers and not self._draining:
            self._workers[line] = asyncio.create_task(self._work(line))

    async def nudge(self, turn: int) -> None:
        """There is no other process."""

    async def serve(self) -> None:
        """There is nothing to do beside the turns."""
        await asyncio.Event().wait()

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

    async def aclose(self) -> None:
        """The next process takes up what is left."""

    async def _work(self, line: int) -> None:
        waiting = self._waiting[line]
        try:
            while waiting and not self._draining:
                with apart():
                    await self._take(waiting.popleft())
        finally:
            del self._workers[line]
            if not waiting:
                self._waiting.pop(line, None)

    async def _take(self, turn: int) -> None:
        try:
            await self._run(turn, self._tenure)
        except Superseded:
            log.info("turn %d is gone: its person was forgotten", turn)
        except Exception as error:
            log.error("turn %d was given up: %s", turn, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
