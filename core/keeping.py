"""What is kept of an answer while it is written: where its messages stand, and what they showed last.

Whoever takes the turn up after us works from it. Writing never waits for it.
"""

import asyncio
import logging

from core.errors import Superseded
from core.messages import MessageRef
from core.running import Running
from core.store.ledger import Ledger
from core.store.patience import patiently

log = logging.getLogger(__name__)

TEXT_SECONDS = 2.0  # between two saves of a growing text


class Keeping:
    """Keeps one turn's messages and text, however long the database is away."""

    def __init__(self, ledger: Ledger, running: Running) -> None:
        self._ledger = ledger
        self._running = running
        self._turn = turn = running.turn
        self._posts: list[asyncio.Future[None]] = []
        self._text = turn.text
        self._kept_text = turn.text
        self._saving: asyncio.Task[None] | None = None

    def posted(self, page: int, ref: MessageRef) -> None:
        """A message shows a page of the answer."""
        text = self._kept_text = self._text  # goes with it, in one write
        adding = patiently(lambda: self._ledger.add_post(self._turn, page, ref, text))
        self._posts.append(asyncio.ensure_future(adding))

    async def removing(self, ref: MessageRef) -> None:
        """A message is deleted by us: what the platform tells of it must not look like somebody's wish."""
        await asyncio.gather(*self._posts)
        await patiently(lambda: self._ledger.drop_post(self._turn, ref))

    def shown(self, text: str) -> None:
        """The answer's messages show so much of it by now."""
        self._text = text
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_now_and_then())

    async def settled(self) -> None:
        """Wait until every message is kept, and save the text no more: it goes with the turn's end."""
        if self._saving is not None:
            self._saving.cancel()
        await asyncio.gather(*self._posts)

    async def save(self) -> None:
        """Keep the text as it is now: the turn is left to the next process."""
        await self.settled()
        await self._save()

    async def abandon(self) -> None:
        """Keep nothing more."""
        left = [*self._posts, *([self._saving] if self._saving is not None else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _save_now_and_then(self) -> None:
        while self._text != self._kept_text:
            await asyncio.sleep(TEXT_SECONDS)
            try:
                await self._save()
            except Superseded:
                self._running.relieve()
                return

    async def _save(self) -> None:
        text = self._text
        if text != self._kept_text:
            await patiently(lambda: self._ledger.note_text(self._turn, text))
            self._kept_text = text
