"""What a store was asked, and how long whoever asked had to wait: the same for a database and for memory."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from core.store.database import Database
from core.store.group import Change, Transaction

T = TypeVar("T")


@dataclass
class Meter:
    """Counts and seconds since it was made, or set back."""

    reads: int = 0
    changes: int = 0
    commits: int = 0  # transactions that write: a group of changes has one
    seconds: float = 0.0

    def reset(self) -> None:
        """Begin anew."""
        self.reads = self.changes = self.commits = 0
        self.seconds = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Somebody waits for the store while in the context."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began


class MeteredDatabase(Database):
    """The real one, with a meter."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.meter = Meter()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """See Database."""
        self.meter.reads += 1
        with self.meter.waiting():
            async with super().begin() as connection:
                yield connection

    async def write(self, change: Change[T], *, urgent: bool = False) -> T:
        """See Database."""
        self.meter.changes += 1
        with self.meter.waiting():
            return await super().write(change, urgent=urgent)

    @asynccontextmanager
    async def _transaction(self, engine: Any) -> AsyncIterator[Transaction]:
        self.meter.commits += engine is self._writing
        async with super()._transaction(engine) as connection:
            yield connection


@contextmanager
def stopwatch(into: list[float]) -> Iterator[None]:
    """Append the milliseconds that the context took."""
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1000)


async def timed(into: list[float], call: Callable[[], Awaitable[T]]) -> T:
    """The result of a call, whose milliseconds are appended."""
    with stopwatch(into):
        return await call()


def share(values: list[float], part: float) -> float:
    """The value that this part of all values does not exceed, such as 0.99."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
