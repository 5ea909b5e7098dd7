"""Giving up runs that wait for a person's decision, because somebody said stop.

Dify (1.14 to 1.16) says success to such a stop and lets the run wait on: it is heard of only once the form is
answered (later releases forget it then). So the form is closed here too: the turn is taken up again, tells
Dify, and ends as stopped.
"""

import asyncio
from collections.abc import Collection

from core.messages import Place
from core.store.asides import Asides
from core.taking import Taking

PARKING_SECONDS = (0.1, 0.3, 0.6)


class GivingUp:
    """Finds runs that wait, and takes them up to be stopped. Raises StoreUnavailable."""

    def __init__(self, asides: Asides, taking: Taking, admins: Collection[str] = ()) -> None:
        self._asides = asides
        self._taking = taking
        self._admins = frozenset(admins)

    async def meant(self, place: Place, person: str) -> int | None:
        """The turn that waits where a person says "stop": their own, for admins anybody's."""
        own = await self._asides.paused_at(place, person)
        if own is None and f"{place.platform}:{person}" in self._admins:
            return await self._asides.paused_at(place, None)
        return own

    async def begin(self, turn: int, *, soon: bool = False) -> None:
        """Take up a turn that waits, if it does; that it is to be stopped is kept already.

        `soon`: its form is being written this moment, so that it may wait in the next.
        """
        for pause in (0.0, *(PARKING_SECONDS if soon else ())):
            await asyncio.sleep(pause)
            if await self._taking.taken(self._asides.give_up(turn, self._taking.queues.enlist)):
                return
