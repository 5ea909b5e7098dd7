"""Whether this process may still act for the turns that it has taken up.

A process that was paused does not know it: when it goes on, another may have taken its turns over. So nothing
is sent to a platform while the last proof of ownership is too old.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.errors import Advice, Superseded
from core.store.group import Transaction

TRUSTED_PART = 0.9  # of the lease: what is begun with the last proof ends before the others may take over
_RELIEVED = Advice("internal", "another process has taken the turn over")


def uptime() -> float:
    """Seconds that go on while the process is paused or the machine asleep, and never jump."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Ownership:
    """What one registration of this process owns: for `lease` seconds after each proof, then in doubt.

    Without a lease (the one process of an embedded store) it is never in doubt.
    """

    def __init__(self, lease: float = 0.0, clock: Callable[[], float] = uptime) -> None:
        self.lease = lease
        self.lost = False
        self._clock = clock
        self._proven_at = clock()
        self._changed = asyncio.Event()

    def prove(self, at: float) -> None:
        """The database confirmed the registration, when it was asked at this time (of the clock)."""
        self._proven_at = max(self._proven_at, at)
        self._tell()

    def lose(self) -> None:
        """The others have taken our turns over."""
        self.lost = True
        self._tell()

    async def check(self) -> None:
        """Return as soon as it is proven that we may act. Raises Superseded where we may not any more."""
        while not self.lost:
            if not self.lease or self._clock() - self._proven_at <= TRUSTED_PART * self.lease:
                return
            await self._changed.wait()
        raise Superseded(_RELIEVED)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _undisputed(_: Transaction) -> bool:
    return True


@dataclass(frozen=True)
class Tenure:
    """Under what a process runs one turn."""

    ownership: Ownership = field(default_factory=Ownership)
    # Asked in the transaction that takes the turn up: a process that was paused just before must not take it.
    confirm: Callable[[Transaction], Awaitable[bool]] = _undisputed
