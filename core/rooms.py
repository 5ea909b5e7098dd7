"""How many answers may grow at once on a platform: so many that the whole text of each can be shown soon.

Who has begun needs one call more in the end. Where a hundred answers begin at once and share the edits of one
workspace, they would all stand half-written for a minute; who waits here is posted whole when it is done.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from core.contract import Budget, LiveMessage, Way
from core.lane import Lane
from core.writer import Writer

LOOK_SECONDS = 0.5  # between two looks for room


class Rooms:
    """Lets answers begin to grow, in the order in which they come."""

    def __init__(self, lane: Callable[[Budget], Lane]) -> None:
        self._lane = lane
        self._lines: dict[str, dict[Writer, None]] = {}  # who waits, by the end of the last way

    async def find(
        self, writer: Writer, live: LiveMessage, whole: asyncio.Event, *, goes_on: bool
    ) -> Lane | None:
        """Wait for room for a message and let it grow in it; the lane of its end.

        None: the answer was `whole` before there was room. `goes_on`: it has begun in another message.
        """
        ways = live.ways()
        entered = self.go_on(writer, ways) if goes_on else None
        try:
            while entered is None and not whole.is_set():
                entered = self.enter(writer, ways)
                if entered is None:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await whole.wait()
        finally:
            self.leave(writer, ways)
        if entered is None:
            return None
        way, lane = entered
        live.go(way)
        return lane

    def enter(self, writer: Writer, ways: Sequence[Way]) -> tuple[Way, Lane] | None:
        """The best way that has room, and the lane of its end, which the writer joins; None: ask again."""
        line = self._lines.setdefault(ways[-1].close.key, {})
        line.setdefault(writer)
        entered = self._first(writer, ways, list(line))
        if entered is not None:
            self.leave(writer, ways)
        return entered

    def go_on(self, writer: Writer, ways: Sequence[Way]) -> tuple[Way, Lane]:
        """The same for a further message of an answer that has begun: it waits for nothing."""
        return self._first(writer, ways, [writer]) or self._join(writer, ways[-1])

    def leave(self, writer: Writer, ways: Sequence[Way]) -> None:
        """The writer waits no more."""
        line = self._lines.get(ways[-1].close.key, {})
        line.pop(writer, None)
        if not line:
            self._lines.pop(ways[-1].close.key, None)

    def _first(self, writer: Writer, ways: Sequence[Way], line: list[Writer]) -> tuple[Way, Lane] | None:
        for way in ways:
            only_ends = way.grow.key != way.close.key
            room = self._lane(way.close).room(writer, len(line), only_ends=only_ends)
            if room > line.index(writer):
                return self._join(writer, way)
        return None

    def _join(self, writer: Writer, way: Way) -> tuple[Way, Lane]:
        lane = self._lane(way.close)
        lane.join(writer)
        return way, lane
