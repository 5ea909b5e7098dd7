"""The button under an answer that is not whole: ask again."""

import asyncio

from core.messages import ButtonPressed, Response, Whisper
from core.running import Stops
from core.sentences import language, say
from core.store.store import Store
from core.taking import Taking

RETRY = "retry"  # the key of the button
PARKING_SECONDS = (0.1, 0.3, 0.6)


class Retries:
    """Takes the presses."""

    def __init__(self, store: Store, stops: Stops, taking: Taking) -> None:
        self._store = store
        self._stops = stops
        self._taking = taking

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Ask again what is parked there. Raises StoreUnavailable."""
        running = False  # a second press finds the turn that the first one has queued
        for pause in (*PARKING_SECONDS, None):
            if await self._taking.taken(self._store.ask_again(pressed.ref, self._taking.queues.enlist)):
                return None
            running = running or await self._store.open_turn_at(pressed.ref) is not None
            if pause is None or not (running or self._stops.writing):
                break
            await asyncio.sleep(pause)  # the button can be seen a moment before the turn is parked
        return None if running else Whisper(say("too_late", language("", pressed.locale)))
