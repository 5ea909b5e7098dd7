"""Which app answers at a place, and what is a command; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.messages import Place


class Command(StrEnum):
    """What may be said to us instead of a question."""

    NEW = "new"
    STOP = "stop"
    HELP = "help"


_SAID = {
    "new": Command.NEW,
    "/new": Command.NEW,
    "new topic": Command.NEW,
    "新しい話題": Command.NEW,
    "新话题": Command.NEW,
    "新話題": Command.NEW,
    "stop": Command.STOP,
    "/stop": Command.STOP,
    "help": Command.HELP,
    "/help": Command.HELP,
}


_TRAILING = re.compile(r"[.!\u3002\uff01]+$")


def command_of(text: str) -> Command | None:
    """The command that the whole text is, if it is one."""
    return _SAID.get(_TRAILING.sub("", text.strip()).casefold())


class Placed(Protocol):
    """What somebody said or did: a message, a command, a place opened."""

    @property
    def place(self) -> Place:
        """Where."""
        ...

    @property
    def facts(self) -> Mapping[str, frozenset[str]]:
        """What routes may restrict."""
        ...


def fits(lists: Mapping[str, Iterable[object]], facts: Mapping[str, frozenset[str]]) -> bool:
    """Whether every list shares a value with the facts of its name; an empty list never does."""
    return all(facts.get(name, frozenset()).intersection(map(str, values)) for name, values in lists.items())


@dataclass(frozen=True, slots=True)
class PlaceFilter:
    """What a route asks of a message on one platform: every list must share a value with the facts."""

    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)  # an empty list matches nothing
    dm: bool | None = None  # True: only direct messages, False: never

    def matches(self, said: Placed) -> bool:
        """Whether it passes."""
        if self.dm is not None and self.dm != said.place.direct:
            return False
        return fits(self.lists, said.facts)


@dataclass(frozen=True, slots=True)
class Route:
    """An app and where it answers; no platform named means everywhere."""

    app: str
    platforms: Mapping[str, PlaceFilter] = field(default_factory=dict)
    dm: bool | None = None

    def matches(self, said: Placed) -> bool:
        """Whether the route takes it."""
        if self.dm is not None and self.dm != said.place.direct:
            return False
        if not self.platforms:
            return True
        place = self.platforms.get(said.place.platform)
        return place is not None and place.matches(said)


def choose(routes: Sequence[Route], said: Placed) -> str:
    """The name of the app of the first route that matches; "" where none does: nothing is guessed."""
    return next((route.app for route in routes if route.matches(said)), "")
