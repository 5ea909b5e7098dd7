"""What the platforms tell us: a message addressed to us becomes one durable row, the rest leaves none."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from core.emojis import canonical
from core.errors import StoreUnavailable
from core.feedback import Feedback
from core.messages import (
    Action,
    Addressed,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    StopPressed,
)
from core.router import Command, Route, choose, command_of
from core.running import Stops
from core.store.rows import Conversation
from core.store.store import Store

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = (0.2, 1.0, 5.0)
WAIT_SECONDS = (0.1, 0.4)  # before the acknowledgement, which may take 3 s in all


class Dispatcher(Protocol):
    """Where accepted turns go to be run."""

    def submit(self, turn: int, conversation: int) -> None:
        """Queue a turn behind the earlier ones of its conversation."""
        ...


class Intake:
    """The core's side of core.contract.Inbox. Raises StoreUnavailable: then nothing was taken."""

    def __init__(
        self,
        store: Store,
        routes: Sequence[Route],
        dispatcher: Dispatcher,
        feedback: Feedback,
        stops: Stops,
        stop_emojis: Mapping[str, str],
    ) -> None:
        self._store = store
        self._routes = routes
        self._dispatcher = dispatcher
        self._feedback = feedback
        self._stops = stops
        self._stop_emojis = stop_emojis
        self._later: set[asyncio.Task[None]] = set()

    async def message(self, message: IncomingMessage) -> None:
        """Take a message that is addressed to us; see core.contract.Inbox."""
        located = await self._locate(message)
        if located is None:
            return
        app = choose(self._routes, located)
        if command_of(located.text) is Command.STOP:
            await self._stop_said(located, app)
            return
        accepted = await self._store.accept(located, app)
        if accepted is not None:
            self._dispatcher.submit(accepted.turn, accepted.conversation)

    async def reaction(self, reaction: IncomingReaction) -> None:
        """Take a reaction: a vote, a stop, or nothing of ours."""
        if canonical(reaction.emoji) in self._stop_emojis:
            if reaction.added and not reaction.author.bot:
                await self._stop_at(reaction)
            return
        if not await self._feedback.reaction(reaction) and self._stops.writing:
            self._look_again(reaction)

    async def action(self, action: Action) -> None:
        """Take the platform's own stop control, or a deletion."""
        match action:
            case StopPressed(place, author):
                turn = self._stops.at(place, author.id)
                if turn is not None:
                    self._stops.stop(turn)
            case MessageDeleted(ref):
                found = await self._store.open_turn_at(ref)
                if found is not None:
                    self._stops.stop(found.turn, quiet=True)

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
        """Give up looking again; the process ends."""
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

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
            self._stops.stop(found.turn)

    async def _stop_said(self, message: IncomingMessage, app: str) -> None:
        # In a queue of its own, not behind the answer that it is to stop; the row counts it once.
        person = message.author.id
        running = self._stops.at(message.place, person) or self._stops.near(message.place, person)
        accepted = await self._store.accept(message, app)
        if accepted is None:
            return
        if running is not None:
            self._stops.obey(accepted.turn, running)
        self._dispatcher.submit(accepted.turn, -accepted.turn)
