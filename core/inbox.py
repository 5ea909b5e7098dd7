"""What the platforms tell us: a message addressed to us becomes one durable row, the rest leaves none."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from core.emojis import canonical
from core.errors import StoreUnavailable
from core.feedback import Feedback
from core.messages import (
    Action,
    Addressed,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    MessageRef,
    Response,
    StopPressed,
)
from core.responses import Responses
from core.router import Command, Route, choose, command_of
from core.running import Stops
from core.stopping import WAIT_SECONDS, Stopping
from core.store.rows import Conversation, Wish
from core.store.store import Store
from core.taking import Taking

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = (0.2, 1.0, 5.0)

_Reacted = tuple[MessageRef, str, str]


class Intake:
    """The core's side of core.contract.Inbox. Raises StoreUnavailable: then nothing was taken."""

    def __init__(
        self,
        store: Store,
        routes: Sequence[Route],
        taking: Taking,
        feedback: Feedback,
        stops: Stops,
        stopping: Stopping,
        responses: Responses,
        stop_emojis: Mapping[str, str],
        admins: Collection[str] = (),
    ) -> None:
        self._store = store
        self._routes = routes
        self._taking = taking
        self._feedback = feedback
        self._stops = stops
        self._stopping = stopping
        self._responses = responses
        self._stop_emojis = stop_emojis
        self._admins = frozenset(admins)
        self._later: dict[_Reacted, asyncio.Task[None]] = {}

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
        accepting = self._store.accept(located, app, self._taking.queues.enlist, command=command is not None)
        await self._taking.taken(accepting)

    async def reaction(self, reaction: IncomingReaction) -> None:
        """Take a reaction: a vote, a stop, or nothing of ours."""
        if canonical(reaction.emoji) in self._stop_emojis:
            if reaction.added and not reaction.author.bot:
                await self._stop_at(reaction)
            return
        if (earlier := self._later.pop(_reacted(reaction), None)) is not None:
            earlier.cancel()  # else it would come after this one, and undo it
        if not await self._feedback.reaction(reaction) and self._stops.writing:
            self._look_again(reaction)

    async def action(self, action: Action) -> Response | None:
        """Take the platform's own stop control, a deletion, or what somebody else answers."""
        match action:
            case StopPressed(place, author):
                await self._stopping.stop_at(place, author.id)
            case MessageDeleted(ref):
                found = await self._store.open_turn_at(ref)
                await self._stopping.stop(found.turn if found else None, Wish.QUIET)
            case _:
                return await self._responses.to(action)
        return None

    def _look_again(self, reaction: IncomingReaction) -> None:
        """An answer that is being written may be seen a moment before we have kept where it stands."""
        key, task = _reacted(reaction), asyncio.create_task(self._rate_later(reaction))
        self._later[key] = task
        task.add_done_callback(lambda _: self._later.get(key) is task and self._later.pop(key))

    async def _rate_later(self, reaction: IncomingReaction) -> None:
        for pause in LOOK_AGAIN_SECONDS:
            await asyncio.sleep(pause)
            with suppress(StoreUnavailable):
                if await self._feedback.reaction(reaction):
                    return

    async def aclose(self) -> None:
        """Give up looking again, and let go what is being kept; the process ends."""
        later = list(self._later.values())
        for task in later:
            task.cancel()
        await asyncio.gather(*later, return_exceptions=True)
        await self._taking.aclose()

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
        found = await self._stopping.turn_at(reaction.ref)
        who = reaction.author.id
        if found is not None and (found.author == who or f"{reaction.ref.platform}:{who}" in self._admins):
            await self._stopping.stop(found.turn, Wish.STOP)

    async def _stop_said(self, message: IncomingMessage, app: str) -> None:
        # In a line of its own, not behind the answer that it is to stop; the row counts it once.
        running = await self._stopping.running_at(message.place, message.author.id)
        accepting = self._store.accept(
            message, app, self._taking.queues.enlist, command=True, aside=True, stops=running
        )
        if await self._taking.taken(accepting):
            await self._stopping.tell(running, Wish.STOP)


def _reacted(reaction: IncomingReaction) -> _Reacted:
    """Whose reaction to what: it was put there or taken away, whichever came last."""
    return reaction.ref, reaction.author.id, canonical(reaction.emoji)
