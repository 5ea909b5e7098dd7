"""The turns in progress in this process, and the wish to stop one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.messages import Place
from core.store.rows import Turn


@dataclass(eq=False)
class Running:
    """A turn in progress, as others may reach it."""

    turn: Turn
    stop: asyncio.Event = field(default_factory=asyncio.Event)  # somebody who may has asked to stop
    asking: bool = False  # it is a question (not a command), so there is something to stop
    settle: Callable[[], Awaitable[None]] | None = None  # waits until what Dify said of it is kept
    cut: bool = False  # stopped because the process ends
    quiet: bool = False  # the question is gone: say nothing more about it than needed


class Stops:
    """Finds the turn that somebody wants stopped; a wish for one still queued is kept until it starts."""

    def __init__(self) -> None:
        self._running: dict[int, Running] = {}
        self._wished: dict[int, bool] = {}
        self._obeyed: set[int] = set()
        self._open: set[int] = set()

    def enter(self, turn: Turn) -> Running:
        """A turn starts."""
        running = Running(turn)
        self._running[turn.id] = running
        self._open.add(turn.id)
        if turn.id in self._wished:
            running.quiet = self._wished.pop(turn.id)
            running.stop.set()
        return running

    def leave(self, running: Running) -> None:
        """A turn's answer is complete; it only has to be written."""
        self._running.pop(running.turn.id, None)

    def forget(self, running: Running) -> None:
        """A turn is over."""
        self.leave(running)
        self._open.discard(running.turn.id)
        self._wished.pop(running.turn.id, None)

    @property
    def writing(self) -> bool:
        """Whether any answer is being written, so that a message of it may not be kept yet."""
        return bool(self._open)

    def stop(self, turn: int, *, quiet: bool = False) -> None:
        """Stop an open turn, now or as soon as it starts."""
        running = self._running.get(turn)
        if running is None:
            self._wished[turn] = quiet
        else:
            running.quiet = running.quiet or quiet
            running.stop.set()

    def at(self, place: Place, author: str) -> int | None:
        """The turn that runs at a place for this person."""
        return next(
            (
                running.turn.id
                for running in self._running.values()
                if running.asking
                and running.turn.conversation.place == place
                and running.turn.message.author.id == author
            ),
            None,
        )

    def cut(self) -> None:
        """The process ends: stop every answer in progress."""
        for running in self._running.values():
            running.cut = True
            running.stop.set()

    def near(self, place: Place, author: str) -> int | None:
        """The newest turn that runs for this person anywhere in the place's channel."""
        here = (place.platform, place.workspace, place.channel)
        found = [
            running.turn.id
            for running in self._running.values()
            if running.asking and running.turn.message.author.id == author and _channel(running) == here
        ]
        return max(found, default=None)

    def obey(self, command: int, turn: int) -> None:
        """Stop a turn because the words of another turn said so."""
        self._obeyed.add(command)
        self.stop(turn)

    def obeyed(self, command: int) -> bool:
        """Whether a turn that said "stop" stopped anything; asked once."""
        found = command in self._obeyed
        self._obeyed.discard(command)
        return found


def _channel(running: Running) -> tuple[str, str, str]:
    place = running.turn.conversation.place
    return place.platform, place.workspace, place.channel
