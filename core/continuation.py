"""What one process leaves of an answer to the next: between writing it and keeping where it stands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.messages import MessageRef


class Keep(Protocol):
    """Who is told what stands where. Writing does not wait for it."""

    def posted(self, page: int, ref: MessageRef) -> None:
        """A message shows a page of the answer."""
        ...

    def shown(self, text: str) -> None:
        """The messages show so much of the answer by now."""
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a process before us wrote of the same answer."""

    text: str
    find: Callable[[], Awaitable[Sequence[MessageRef]]]  # every message of it, first page first
