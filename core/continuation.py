"""What one process leaves of an answer to the next: between writing it and keeping where it stands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.contract import LiveMessage
from core.messages import Draft, MessageRef


class Keep(Protocol):
    """Who is told what stands where. Writing does not wait for it."""

    def posted(self, page: int, ref: MessageRef) -> None:
        """A message shows a page of the answer."""
        ...

    async def removing(self, ref: MessageRef) -> None:
        """A message is about to be deleted; returns when it is kept no more: nobody is blamed for it."""
        ...

    def shown(self, text: str) -> None:
        """The messages show so much of the answer by now."""
        ...


@dataclass(slots=True)
class Written:
    """One message of an answer, as it is being written."""

    live: LiveMessage
    shown: Draft | None = None
    doubtful: Draft | None = None  # asked for, the outcome unknown: to be repeated as it was
    posted_at: float = 0.0
    kept: bool = False  # where it stands is kept already


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a process before us wrote of the same answer."""

    text: str
    find: Callable[[], Awaitable[Sequence[MessageRef]]]  # every message of it, first page first
