"""Making turns: whatever becomes one is run, also where who offered it is gone by then."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from core.dispatch.queues import Queues
from core.store.rows import Accepted


class Taking:
    """Makes turns and hands them to the queues."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._taking: set[asyncio.Task[bool]] = set()

    @property
    def queues(self) -> Queues:
        """Where turns go to be run."""
        return self._queues

    async def taken(self, accepting: Coroutine[Any, Any, Accepted | None]) -> bool:
        """Make a turn, and see that it is run, also where the caller is cancelled; False: there is none.

        A turn that is kept and not run would wait for the next start: the message, delivered again, is known.
        """

        async def take() -> bool:
            accepted = await accepting
            if accepted is not None:
                self._queues.submit(accepted.turn, accepted.line)
            return accepted is not None

        task = asyncio.create_task(take())
        self._taking.add(task)
        task.add_done_callback(self._took)
        return await asyncio.shield(task)

    def _took(self, task: asyncio.Task[bool]) -> None:
        self._taking.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it, if anybody still waits

    async def aclose(self) -> None:
        """Let what is being taken be kept; the process ends."""
        await asyncio.gather(*self._taking, return_exceptions=True)
