"""The turns in progress in this process, and the wish to stop one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.apps import trace_of
from core.dispatch.ownership import Ownership
from core.errors import Advice, Superseded
from core.log_context import about
from core.messages import Place
from core.store.rows import Turn, Wish

_RELIEVED = Advice("internal", "the turn is another process's, or gone")


@dataclass(eq=False)
class Running:
    """A turn in progress, as others may reach it."""

    turn: Turn
    ownership: Ownership = field(default_factory=Ownership)
    stop: asyncio.Event = field(default_factory=asyncio.Event)  # somebody who may has asked to stop
    asking: bool = False  # it is a question (not a command), so there is something to stop
    settle: Callable[[], Awaitable[None]] | None = None  # waits until what Dify said of it is kept
    ending: bool = False  # the process is about to end: what is begun now would be cut short
    cut: bool = False  # stopped because the process ends
    quiet: bool = False  # the question is gone: say nothing more about it than needed
    relieved: bool = False  # the turn's row is another's, or gone: not a word more

    def relieve(self) -> None:
        """Stop here: another process goes on, or the person was forgotten."""
        self.relieved = self.quiet = True
        self.stop.set()

    async def check(self) -> None:
        """Return as soon as it is certain that we may act. Raises Superseded where we may not any more."""
        if self.relieved:
            raise Superseded(_RELIEVED)
        await self.ownership.check()


class Stops:
    """Finds the turn that somebody wants stopped."""

    def __init__(self, *, shared: bool = False) -> None:
        """`shared`: other processes run turns of the same store."""
        self._shared = shared
        self._ending = False
        self._running: dict[int, Running] = {}
        self._open: dict[int, Running] = {}

    def enter(self, turn: Turn, ownership: Ownership) -> Running:
        """A turn starts; from here on its task's lines in the log say which."""
        place, app = turn.message.place, turn.conversation.app
        about(turn=turn.id, trace=trace_of(turn), app=app, platform=place.platform)
        running = Running(turn, ownership, ending=self._ending)
        self._running[turn.id] = self._open[turn.id] = running
        self.stop(turn.id, turn.stop)
        return running

    def leave(self, running: Running) -> None:
        """A turn's answer is complete; it only has to be written."""
        _remove(self._running, running)

    def forget(self, running: Running) -> None:
        """A turn is over."""
        _remove(self._running, running)
        _remove(self._open, running)

    @property
    def writing(self) -> bool:
        """Whether any answer may be being written, so that a message of it may not be kept yet."""
        return self._shared or bool(self._open)

    def complete(self, turn: int) -> bool:
        """Whether a turn is here, and there is nothing left of it to stop."""
        return turn in self._open and turn not in self._running

    def stop(self, turn: int, wish: Wish) -> bool:
        """Stop a turn, if it runs here."""
        running = self._running.get(turn)
        if running is None or wish < Wish.STOP:
            return False
        running.quiet = running.quiet or wish is Wish.QUIET
        running.stop.set()
        return True

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

    def near(self, place: Place, author: str) -> int | None:
        """The newest turn that runs for this person anywhere in the place's channel."""
        here = (place.platform, place.workspace, place.channel)
        found = [
            running.turn.id
            for running in self._running.values()
            if running.asking and running.turn.message.author.id == author and _channel(running) == here
        ]
        return max(found, default=None)

    def end(self) -> None:
        """The process is about to end: answers in progress may go on for a while."""
        self._ending = True
        for running in self._running.values():
            running.ending = True

    def cut(self) -> None:
        """The process ends: stop every answer in progress."""
        for running in self._running.values():
            running.cut = True
            running.stop.set()


def _remove(turns: dict[int, Running], running: Running) -> None:
    if turns.get(running.turn.id) is running:  # a later one of the same turn is another
        del turns[running.turn.id]


def _channel(running: Running) -> tuple[str, str, str]:
    place = running.turn.conversation.place
    return place.platform, place.workspace, place.channel
