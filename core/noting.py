"""Keeping Dify's ids as soon as they are seen, without making the reader of the stream wait for it."""

import asyncio

from core.answer import Answer
from core.errors import Superseded
from core.running import Running
from core.store.ledger import Ledger
from core.store.patience import patiently


class Noting:
    """Keeps one turn's ids, however long the database is away: a rating and a restart need them."""

    def __init__(self, ledger: Ledger, running: Running) -> None:
        self._ledger = ledger
        self._running = running
        self._turn = running.turn
        self._answer = Answer()
        self._asked_at: float | None = None
        self._noted: tuple[str, ...] = ("", "", "", "")
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def accepted(self, at: float) -> None:
        """Dify's 200 came at this time (seconds since the epoch); ids follow."""
        self._asked_at = at
        self._answer, self._noted = Answer(), ()
        self._note()

    def take(self, answer: Answer) -> None:
        """So much is known by now."""
        self._answer = answer
        if _ids(answer) != self._noted:
            self._note()

    async def settle(self) -> None:
        """Wait until all that is known is kept, or another process has the turn."""
        while not self._over and (self._task is not None or _ids(self._answer) != self._noted):
            if self._task is None:
                self._note()
            task, self._task = self._task, None
            if task is not None:
                await task

    def _note(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while (ids := _ids(self._answer)) != self._noted:
            try:
                await self._save(*ids)
            except Superseded:  # whoever has the turn now keeps them
                self._over = True
                self._running.relieve()
                return
            self._noted = ids

    async def _save(self, task_id: str, message_id: str, run_id: str, conversation_id: str) -> None:
        await patiently(
            lambda: self._ledger.note_ids(
                self._turn,
                task_id=task_id,
                message_id=message_id,
                run_id=run_id,
                conversation_id=conversation_id,
                asked_at=self._asked_at,
            )
        )


def _ids(answer: Answer) -> tuple[str, str, str, str]:
    return answer.task_id, answer.message_id, answer.run_id, answer.conversation_id
