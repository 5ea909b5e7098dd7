"""Stopping an answer because somebody wants it: here, in another process, or whoever takes it up later."""

import asyncio
from collections.abc import Collection

from core.dispatch.queues import Queues
from core.giving_up import GivingUp
from core.messages import ButtonPressed, MessageRef, Place, Response, Whisper
from core.running import Stops
from core.sentences import language, say
from core.store.rows import OpenTurn, Wish
from core.store.store import Store

STOP = "stop"  # the key of the button
WAIT_SECONDS = (0.1, 0.4)  # before the acknowledgement, which may take 3 s in all


class Stopping:
    """Finds the turn that is meant, and has it stopped. Raises StoreUnavailable."""

    def __init__(self, store: Store, stops: Stops, queues: Queues, giving_up: GivingUp | None = None) -> None:
        """`giving_up`: of runs that wait for a person."""
        self._store = store
        self._stops = stops
        self._queues = queues
        self._giving_up = giving_up

    async def running_at(self, place: Place, person: str) -> int | None:
        """The turn that a person means by "stop", wherever it runs."""
        here = self._stops.at(place, person) or self._stops.near(place, person)
        if here is not None:
            return here
        found = await self._store.running_at(place, person)
        if found is not None and not self._stops.complete(found):
            return found
        return await self._giving_up.meant(place, person) if self._giving_up is not None else None

    async def turn_at(self, ref: MessageRef) -> OpenTurn | None:
        """The open turn that a message belongs to; it may be seen a moment before we have kept it."""
        for pause in WAIT_SECONDS:
            found = await self._store.open_turn_at(ref)
            if found is not None or not self._stops.writing:
                return found
            await asyncio.sleep(pause)
        return await self._store.open_turn_at(ref)

    async def stop_at(self, place: Place, person: str) -> bool:
        """Stop what is being answered for a person there; whether there was something."""
        return await self.stop(await self.running_at(place, person), Wish.STOP)

    async def stop(self, turn: int | None, wish: Wish) -> bool:
        """Stop a turn; whether it was not over yet."""
        if turn is None:
            return False
        self._stops.stop(turn, wish)
        kept = await self._store.wish_stop(turn, wish)  # whoever takes the turn up after us has to know
        await self.tell(turn, wish)
        return kept

    async def tell(self, turn: int | None, wish: Wish) -> None:
        """Let the process that runs the turn know of a wish that is kept already."""
        if turn is not None and not self._stops.stop(turn, wish):
            await self._queues.nudge(turn)
            if self._giving_up is not None:
                await self._giving_up.begin(turn, soon=self._stops.complete(turn))


class StopPresses:
    """Takes the presses of the button under an answer that grows."""

    def __init__(self, stopping: Stopping, admins: Collection[str] = ()) -> None:
        self._stopping = stopping
        self._admins = frozenset(admins)

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Stop it, for who asked and for admins. Raises StoreUnavailable."""
        lang = language("", pressed.locale)
        found = await self._stopping.turn_at(pressed.ref)
        if found is None:
            return Whisper(say("nothing_to_stop", lang))
        person = pressed.author.id
        if person != found.author and f"{pressed.ref.platform}:{person}" not in self._admins:
            return Whisper(say("not_yours_to_stop", lang))
        await self._stopping.stop(found.turn, Wish.STOP)
        return None
