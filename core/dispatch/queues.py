"""The seam between the intake and whatever runs turns: queues in this process, or jobs shared by replicas."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from core.dispatch.ownership import Tenure
from core.store.group import Transaction

# Runs a turn to its end; False: it is left as it is, for the next process.
RunTurn = Callable[[int, Tenure], Awaitable[bool]]


class Queues(Protocol):
    """Where accepted turns go to be run: those of one line one after the other, lines side by side."""

    async def enlist(self, connection: Transaction, turn: int, line: int) -> None:
        """Called in the transaction that accepts the turn, so that both are kept or none."""
        ...

    def submit(self, turn: int, line: int) -> None:
        """The turn has been accepted: run it behind the earlier ones of its line."""
        ...

    async def nudge(self, turn: int) -> None:
        """Somebody wants a turn stopped that does not run here. Best effort: never raises."""
        ...

    async def take_up(self) -> None:
        """Queue the turns that a process before us did not close, ahead of everything that comes now."""
        ...

    async def serve(self) -> None:
        """Do whatever must go on beside the turns, until cancelled."""
        ...

    async def drain(self, seconds: float) -> int:
        """Start no more turns, let the running ones finish for so long; the number still running."""
        ...

    async def cancel(self, seconds: float) -> None:
        """Cut off what runs; it may take so long to let go."""
        ...

    async def aclose(self) -> None:
        """Hand over what is left."""
        ...
