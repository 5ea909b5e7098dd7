"""What a line of the log is about: the turn that its task is at, if it is at one.

A context variable: tasks that a turn begins say the same. Whoever formats a line asks `facts`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Facts = Mapping[str, str | int]

_facts: ContextVar[Facts | None] = ContextVar("facts of a log line", default=None)


def about(**known: str | int) -> None:
    """From here on, what this task logs is about this: ids and names of ours, nothing that people wrote."""
    _facts.set(known)


def facts() -> Facts:
    """What `about` was told last; nothing outside of turns."""
    return _facts.get() or {}


@contextmanager
def apart() -> Iterator[None]:
    """What a block says with `about` ends with the block."""
    before = _facts.set(None)
    try:
        yield
    finally:
        _facts.reset(before)
