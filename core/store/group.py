"""Many small changes committed together: under load one commit, one wait for the disk, serves them all."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Advice, StoreUnavailable

T = TypeVar("T")
Transaction = AsyncConnection  # for those outside of the store who have something to add to one
Change = Callable[[AsyncConnection], Awaitable[T]]
Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

_MOST = 200  # changes of one transaction: the last of them waits for the first
_CLOSED = Advice("internal", "the store is closed")


class Conflict(StoreUnavailable):
    """Another process changed the same rows in another order; alone, each change will do."""


@dataclass(eq=False)
class _Pending:
    apply: Change[Any]
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupWriter:
    """Applies changes one after the other, in as few transactions as there is time for.

    Each caller hears of its own change only: where one fails for a reason of its own, the others of its group
    are applied again, each alone. So a change must be safe to apply twice until it has been committed.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._urgent: deque[_Pending] = deque()
        self._waiting: deque[_Pending] = deque()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, change: Change[T], *, urgent: bool = False) -> T:
        """Apply a change; returns its result once it is committed. Urgent ones overtake all others."""
        if self._closed:
            raise StoreUnavailable(_CLOSED)
        pending = _Pending(change)
        (self._urgent if urgent else self._waiting).append(pending)
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="store writer")
        result: T = await pending.done
        return result

    async def aclose(self) -> None:
        """Commit what was asked for, then stop."""
        self._closed = True
        self._wanted.set()
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while group := self._next():
                await self._commit(group)
            if self._closed:
                return

    def _next(self) -> list[_Pending]:
        group: list[_Pending] = []
        for line in (self._urgent, self._waiting):
            while line and len(group) < _MOST:
                pending = line.popleft()
                if not pending.done.done():  # whoever asked may have been cancelled
                    group.append(pending)
        return group

    async def _commit(self, group: list[_Pending]) -> None:
        try:
            async with self._begin() as connection:
                results = [await pending.apply(connection) for pending in group]
        except Exception as error:  # noqa: BLE001 - every caller gets its own
            alike = isinstance(error, StoreUnavailable) and not isinstance(error, Conflict)
            if len(group) > 1 and not alike:
                for pending in group:
                    await self._commit([pending])
                return
            for pending in group:
                _fail(pending, error)
        else:
            for pending, result in zip(group, results, strict=True):
                if not pending.done.done():
                    pending.done.set_result(result)


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.done.done():
        pending.done.set_exception(error)
