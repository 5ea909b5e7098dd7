"""Questions that an app suggests, as buttons: pressed, they are asked in the name of who pressed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from core.contract import ChatAdapter, Gone, RateLimited, Uncertain
from core.messages import Addressed, Button, ButtonPressed, IncomingMessage, MessageRef, Response, Whisper
from core.sentences import language, say
from core.store.asides import Asides
from core.store.rows import Stood
from core.store.store import Store
from core.taking import Taking

log = logging.getLogger(__name__)

ASK = "ask"  # begins the keys of these buttons
MOST = 5
LABEL = 70  # characters
SECONDS = 1.8  # platforms wait for 3; after that the question is asked all the same
ATTEMPTS = 5
PAUSE_SECONDS = 1.0


def buttons_of(questions: Sequence[str]) -> tuple[Button, ...]:
    """A button for each question; a long one is cut on its label only."""
    return tuple(Button(f"{ASK}:{at}", _label(question)) for at, question in enumerate(questions[:MOST]))


def _label(question: str) -> str:
    plain = " ".join(question.split())
    return plain if len(plain) <= LABEL else f"{plain[: LABEL - 1]}…"


class Offers:
    """Takes the presses."""

    def __init__(
        self, store: Store, asides: Asides, adapters: Mapping[str, ChatAdapter], taking: Taking
    ) -> None:
        self._store = store
        self._asides = asides
        self._adapters = adapters
        self._taking = taking
        self._asking: set[asyncio.Task[bool]] = set()

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Show the question in the chat, and make it a turn. Raises StoreUnavailable."""
        stood = await self._asides.at(pressed.ref)
        number = pressed.button.rpartition(":")[2]
        lang = language("", pressed.locale)
        if stood is None or not number.isdecimal() or int(number) >= len(stood.offers):
            return Whisper(say("too_late", lang))
        task = asyncio.create_task(self._ask(stood, pressed, stood.offers[int(number)]))
        self._asking.add(task)
        task.add_done_callback(self._asked)
        done, _ = await asyncio.wait({task}, timeout=SECONDS)
        return Whisper(say("not_asked", lang)) if done and not task.result() else None

    async def _ask(self, stood: Stood, pressed: ButtonPressed, question: str) -> bool:
        adapter, place = self._adapters[pressed.ref.platform], stood.conversation.place
        key = f"parley-{pressed.ref.id}:{pressed.button}:{pressed.author.id}"
        for _ in range(ATTEMPTS):
            try:
                ref = await adapter.quote(place, pressed.author, question, key)
            except RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            except Uncertain:
                await asyncio.sleep(PAUSE_SECONDS)
            except Gone as gone:
                log.warning("a suggested question can't be asked: %s", gone)
                return False
            else:
                await self._taken(stood, pressed, question, ref)
                return True
        return False

    async def _taken(self, stood: Stood, pressed: ButtonPressed, question: str, ref: MessageRef) -> None:
        message = IncomingMessage(
            ref=ref,
            place=stood.conversation.place,
            author=pressed.author,
            text=question,
            addressed=Addressed.MENTION,
            identity=stood.conversation.identity,
            locale=pressed.locale,
            facts=pressed.facts,
        )
        await self._taking.taken(
            self._store.accept(message, stood.conversation.app, self._taking.queues.enlist)
        )

    def _asked(self, task: asyncio.Task[bool]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a suggested question was not asked (%s)", type(task.exception()).__name__)

    async def aclose(self) -> None:
        """Let what was pressed be asked; the process ends."""
        left = list(self._asking)
        if left:
            await asyncio.wait(left, timeout=SECONDS)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
