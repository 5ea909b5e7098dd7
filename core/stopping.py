"""Stopping an answer because somebody wants it: here, in another process, or whoever takes it up later."""

from core.dispatch.queues import Queues
from core.messages import Place
from core.running import Stops
from core.store.rows import Wish
from core.store.store import Store


class Stopping:
    """Finds the turn that is meant, and has it stopped. Raises StoreUnavailable."""

    def __init__(self, store: Store, stops: Stops, queues: Queues) -> None:
        self._store = store
        self._stops = stops
        self._queues = queues

    async def running_at(self, place: Place, person: str) -> int | None:
        """The turn that a person means by "stop", wherever it runs."""
        here = self._stops.at(place, person) or self._stops.near(place, person)
        if here is not None:
            return here
        found = await self._store.running_at(place, person)
        return None if found is None or self._stops.complete(found) else found

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
