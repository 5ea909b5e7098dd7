"""What is done after an answer stands and its turn is closed: nobody waits for it, nothing hangs on it."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from core.apps import App
from core.closing import Closing
from core.contract import ChatAdapter
from core.errors import Advice, DifyError, StoreUnavailable, Superseded
from core.footers import Footer
from core.lanes import Lanes
from core.made_files import MadeFiles
from core.messages import Button
from core.offers import MOST, buttons_of
from core.reply import Reply
from core.running import Running
from core.store.asides import Asides
from core.writing import target_of

log = logging.getLogger(__name__)

NAMING_SECONDS = (1.0, 4.0, 15.0)  # Dify names a conversation beside the answer, with a model
TITLE = 100  # characters
_ANEW = Advice("internal", "the turn has been begun anew, or is forgotten")


@dataclass
class Story:
    """One turn being told: who writes, where, and what belongs to the answer beside its text."""

    running: Running
    reply: Reply
    adapter: ChatAdapter
    app: App | None
    notes: list[Footer] = field(default_factory=list)  # about the files that came with the question
    made: MadeFiles | None = None


@dataclass(frozen=True)
class Shown:
    """How an answer stands in the chat."""

    text: str
    notices: tuple[str, ...]
    buttons: tuple[Button, ...]


class Afterwards:
    """Runs what is left to do."""

    def __init__(self, asides: Asides, lanes: Lanes) -> None:
        self._asides = asides
        self._lanes = lanes
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, story: Story, closing: Closing, shown: Shown) -> None:
        """The turn is closed. Returns at once."""
        turn = story.running.turn
        if story.reply.gone is not None:
            return
        self._start(self._dress(story, closing, shown), f"dress {turn.id}")
        app, is_first = story.app, not turn.conversation.dify_id
        if (
            app is not None
            and app.settings.auto_name
            and is_first
            and closing.message_id
            and closing.complete
        ):
            self._start(self._entitle(story, app, closing.conversation_id), f"entitle {turn.id}")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("%s: not done (%s)", task.get_name(), type(task.exception()).__name__)

    async def _dress(self, story: Story, closing: Closing, shown: Shown) -> None:
        """Add what the app suggests. What is looked at for a last time is the whole, suggestions too."""
        if story.app is not None and closing.message_id and closing.complete:
            shown = await self._suggest(story, story.app, closing.message_id, shown)
        lease = story.running.ownership.lease
        if lease and story.running.turn.fence > 1:
            # who had the turn before may have been paused in the middle of an edit
            await asyncio.sleep(lease)
            await self.show(story, shown, closed=True)

    async def show(self, story: Story, shown: Shown, *, closed: bool = False) -> None:
        """Make the messages of an answer look like this; of a closed turn, unless it was begun anew."""

        async def untouched() -> None:
            await story.running.check()
            if closed and not await self._asides.is_untouched(story.running.turn):
                raise Superseded(_ANEW)

        target, guard, standing = target_of(story.running.turn), untouched, story.reply.refs
        again = Reply(story.adapter, target, self._lanes, posted=standing, guard=guard, again=True)
        again.show(shown.text, story.reply.steps)
        await again.finish(shown.text, shown.notices, shown.buttons)

    async def _suggest(self, story: Story, app: App, message_id: str, shown: Shown) -> Shown:
        """Questions to go on with, where the app has some (Dify: GET /messages/{id}/suggested)."""
        known, turn = app.dify.known_parameters, story.running.turn
        wanted = app.settings.show.suggestions and app.dify.converses and known is not None
        if not (wanted and known is not None and known.suggested_questions_after_answer.enabled):
            return shown
        try:
            found = await app.dify.client.api.messages.suggested(message_id, turn.conversation.identity)
            questions = [question for question in found if question.strip()][:MOST]
            if questions:
                await self._asides.offer(turn, questions)
                shown = replace(shown, buttons=(*buttons_of(questions), *shown.buttons))
                await self.show(story, shown, closed=True)
        except DifyError as error:
            log.info("turn %d: no suggested questions: %s", turn.id, error.advice.hint)
        except StoreUnavailable:
            log.warning("turn %d: suggested questions could not be kept", turn.id)
        return shown

    async def _entitle(self, story: Story, app: App, conversation_id: str) -> None:
        """Call a thread of ours by the name that Dify found for its conversation."""
        turn = story.running.turn
        first = " ".join(turn.message.text.split())
        for pause in NAMING_SECONDS:
            await asyncio.sleep(pause)
            page = await app.dify.client.api.conversations.list(turn.conversation.identity, limit=20)
            name = next((" ".join(one.name.split()) for one in page.rows if one.id == conversation_id), "")
            if name and name != "New conversation" and not first.startswith(name):
                await story.adapter.entitle(turn.conversation.place, name[:TITLE])
                return

    async def aclose(self) -> None:
        """Leave what is not done; the process ends."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
