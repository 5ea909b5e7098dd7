"""A small memory that forgets the oldest."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """The last `size` values by key; only ever a convenience, for it is empty after a restart."""

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._known: OrderedDict[str, V] = OrderedDict()

    def put(self, key: str, value: V) -> None:
        self._known[key] = value
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def get(self, key: str) -> V | None:
        return self._known.get(key)
