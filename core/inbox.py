"""What the platforms tell us: a message addressed to us becomes one durable row, the rest leaves none."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from core.contract import ChatAdapter
from core.dispatch.queues import Queues
from core.emojis import canonical
from core.errors import StoreUnavailable
from core.feedback import Feedback
from core.messages import (
    Action,
    Addressed,
    ButtonPressed,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    Place,
    StopPressed,
)
from core.router import Command, Route, choose, command_of
from core.running import Stops
from core.sentences import LANGUAGES, say
from core.store.rows import Accepted, Conversation, Wish
from core.store.store import Store

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = (0.2, 1.0, 5.0)
RETRY = "retry"  # the button under an answer that is not whole: ask again
PARKING_SECONDS = (0.1, 0.3, 0.6)
WAIT_SECONDS = (0.1, 0.4)  # before the acknowledgement, which may take 3 s in all


class Intake:
    """The core's side of core.contract.Inbox. Raises StoreUnavailable: then nothing was taken."""

    def __init__(
        self,
        store: Store,
        routes: Sequence[Route],
        queues: Queues,
        feedback: Feedback,
        stops: Stops,
        stop_emojis: Mapping[str, str],
        adapters: Mapping[str, ChatAdapter],
    ) -> None:
        self._store = store
        self._routes = routes
        self._queues = queues
        self._feedback = feedback
        self._stops = stops
        self._stop_emojis = stop_emojis
        self._adapters = adapters
        self._later: set[asyncio.Task[None]] = set()
        self._taking: set[asyncio.Task[bool]] = set()

    async def message(self, message: IncomingMessage) -> None:
        """Take a message that is addressed to us; see core.contract.Inbox."""
        located = await self._locate(message)
        if located is None:
            return
        app = choose(self._routes, located)
        command = command_of(located.text)
        if command is Command.STOP:
            await self._stop_said(located, app)
            return
        accepting = self._store.accept(located, app, self._queues.enlist, command=command is not None)
        await self._taken(accepting)

    async def reaction(self, reaction: IncomingReaction) -> None:
        """Take a reaction: a vote, a stop, or nothing of ours."""
        if canonical(reaction.emoji) in self._stop_emojis:
            if reaction.added and not reaction.author.bot:
                await self._stop_at(reaction)
            return
        if not await self._feedback.reaction(reaction) and self._stops.writing:
            self._look_again(reaction)

    async def action(self, action: Action) -> None:
        """Take the platform's own stop control, a button, or a deletion."""
        match action:
            case StopPressed(place, author):
                await self._stop(await self._running_at(place, author.id), Wish.STOP)
            case ButtonPressed():
                await self._pressed(action)
            case MessageDeleted(ref):
                found = await self._store.open_turn_at(ref)
                await self._stop(found.turn if found else None, Wish.QUIET)

    async def _pressed(self, pressed: ButtonPressed) -> None:
        if pressed.button != RETRY:
            log.warning("somebody pressed a button that this version does not know")
            return
        running = False  # a second press finds the turn that the first one has queued
        for pause in (*PARKING_SECONDS, None):
            if await self._taken(self._store.ask_again(pressed.ref, self._queues.enlist)):
                return
            running = running or await self._store.open_turn_at(pressed.ref) is not None
            if pause is None or not (running or self._stops.writing):
                break
            await asyncio.sleep(pause)  # the button can be seen a moment before the turn is parked
        if not running:
            await self._too_late(pressed)

    async def _too_late(self, pressed: ButtonPressed) -> None:
        sentence = " ".join(say("too_late", lang) for lang in LANGUAGES)  # whose it was, no row says any more
        await self._adapters[pressed.ref.platform].whisper(pressed.ref, pressed.author, sentence)

    async def _taken(self, accepting: Coroutine[Any, Any, Accepted | None]) -> bool:
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

    def _look_again(self, reaction: IncomingReaction) -> None:
        """An answer that is being written may be seen a moment before we have kept where it stands."""
        task = asyncio.create_task(self._rate_later(reaction))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _rate_later(self, reaction: IncomingReaction) -> None:
        for pause in LOOK_AGAIN_SECONDS:
            await asyncio.sleep(pause)
            with suppress(StoreUnavailable):
                if await self._feedback.reaction(reaction):
                    return

    async def aclose(self) -> None:
        """Give up looking again, and let go what is being kept; the process ends."""
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, *self._taking, return_exceptions=True)

    async def _locate(self, message: IncomingMessage) -> IncomingMessage | None:
        """The message with the conversation that it belongs to; None where it is none of ours."""
        if message.reply_to:
            conversation = await self._replied_to(message)
            if conversation is not None:
                return replace(message, place=conversation.place, identity=conversation.identity)
        ours = message.addressed is not Addressed.FOLLOW or await self._store.knows(message.place)
        return message if ours else None

    async def _replied_to(self, message: IncomingMessage) -> Conversation | None:
        post = replace(message.ref, id=message.reply_to)
        found = await self._store.conversation_of(post)
        for pause in WAIT_SECONDS:  # it may answer what we have written this moment
            if found is not None or not self._stops.writing:
                break
            await asyncio.sleep(pause)
            found = await self._store.conversation_of(post)
        return found

    async def _stop_at(self, reaction: IncomingReaction) -> None:
        found = await self._store.open_turn_at(reaction.ref)
        for pause in WAIT_SECONDS:
            if found is not None or not self._stops.writing:
                break
            await asyncio.sleep(pause)
            found = await self._store.open_turn_at(reaction.ref)
        if found is not None and found.author == reaction.author.id:
            await self._stop(found.turn, Wish.STOP)

    async def _stop_said(self, message: IncomingMessage, app: str) -> None:
        # In a line of its own, not behind the answer that it is to stop; the row counts it once.
        running = await self._running_at(message.place, message.author.id)
        accepting = self._store.accept(
            message, app, self._queues.enlist, command=True, aside=True, stops=running
        )
        if await self._taken(accepting):
            await self._tell(running, Wish.STOP)

    async def _running_at(self, place: Place, person: str) -> int | None:
        """The turn that a person means by "stop", wherever it runs."""
        here = self._stops.at(place, person) or self._stops.near(place, person)
        if here is not None:
            return here
        found = await self._store.running_at(place, person)
        return None if found is None or self._stops.complete(found) else found

    async def _stop(self, turn: int | None, wish: Wish) -> None:
        if turn is None:
            return
        self._stops.stop(turn, wish)
        await self._store.wish_stop(turn, wish)  # kept too: whoever takes the turn up after us has to know
        await self._tell(turn, wish)

    async def _tell(self, turn: int | None, wish: Wish) -> None:
        if turn is not None and not self._stops.stop(turn, wish):
            await self._queues.nudge(turn)
