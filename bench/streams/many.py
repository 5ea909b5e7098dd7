"""Many streams at once: asked one after the other, read at the same time, and what that took."""

import asyncio
import gc
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.streams.lags import Lags
from bench.streams.script import text

WARM_UP = 5  # streams, of ten events each
_ASKS_PER_SECOND = 100.0  # people do not ask in one and the same moment
_EACH = 1.0  # seconds between two looks at the CPU
_PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Options:
    """What to do."""

    way: str  # "yardstick", "read" or "edit"
    dify: str
    platform: str
    streams: int
    seconds: float
    rate: float
    transport: str = "ours"
    loop: str = "asyncio"  # or a module that has another: "uvloop"

    @property
    def events(self) -> int:
        """Of one answer, without its end."""
        return round(self.seconds * self.rate)

    @property
    def ramp(self) -> float:
        """Seconds from the first question to the last: all streams are to be open for a while."""
        return min(self.streams / _ASKS_PER_SECOND, self.seconds / 3)


def _rss() -> int | None:
    """Bytes."""
    said = _said("statm")
    return int(said[1]) * os.sysconf("SC_PAGE_SIZE") if said else None


def _waited() -> float | None:
    """Seconds that the main thread waited for a core."""
    said = _said("schedstat")
    return int(said[1]) / 1e9 if said else None


def _said(name: str) -> list[str]:
    file = _PROCESS / name
    return file.read_text(encoding="ascii").split() if file.exists() else []


@dataclass
class Moment:
    """How things stand. Of what the system does not tell, None."""

    at: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=time.process_time)
    rss: int | None = field(default_factory=_rss)
    waited: float | None = field(default_factory=_waited)

    def cpu_since(self, before: "Moment") -> float:
        """% of a core."""
        return 100 * (self.cpu - before.cpu) / (self.at - before.at)

    def waited_since(self, before: "Moment") -> float | None:
        """% of the time that we could have run, and others did."""
        if self.waited is None or before.waited is None:
            return None
        return 100 * (self.waited - before.waited) / (self.at - before.at)


@dataclass
class Measurement:
    """What came out; the fields are those of the line that is printed."""

    refused: int = 0
    broken: int = 0  # of those let in: another number of events, another text
    events: int = 0
    lag_p50: float = 0.0  # milliseconds
    lag_p99: float = 0.0
    lag_most: float = 0.0
    cpu: float = 0.0  # % of a core while all streams were open …
    all_open: bool = True  # … or, where they never were, what so many events would take
    cpu_spread: tuple[float, float] | None = None  # of the seconds in that time
    event_us: float = 0.0  # CPU per event, of everything, from the first question on
    kib: float | None = None  # RSS per stream
    waited: float | None = None  # % of that time
    last: float = 0.0  # seconds from the last event to the last whole text
    told: dict[str, Any] = field(default_factory=dict)


Read = Callable[["Run", int, int], Awaitable[tuple[int, str]]]  # number and events → events and text


class Run:
    """Streams, all at once."""

    def __init__(self, options: Options, read: Read) -> None:
        self._options = options
        self._read = read
        self._reset()

    def _reset(self) -> None:
        self.lags = Lags()
        self.events = 0
        self._begun = self._refused = self._broken = 0
        self._all_open: Moment | None = None
        self._first_end: Moment | None = None
        self._last_event = 0.0
        self._looks: list[Moment] = []

    def note(self, seconds: float) -> None:
        """An event was parsed, so long after it was sent."""
        self.lags.note(seconds)
        self.events += 1

    def opened(self) -> None:
        """A stream gave its first event."""
        self._begun += 1
        self._count_open()

    def ended(self) -> None:
        """A stream gave its last event."""
        self._last_event = time.monotonic()
        self._first_end = self._first_end or Moment()

    async def warm_up(self) -> None:
        """Everything once, so that it is loaded."""
        for number in range(WARM_UP):
            await self._read(self, -1 - number, 10)
        self._reset()

    async def measure(self) -> Measurement:
        """Ask, read, and wait for the last."""
        gc.collect()
        gc.freeze()  # as `parley run` does
        gc.set_threshold(10_000, 20, 100)
        start, gap = Moment(), self._options.ramp / self._options.streams
        looking = asyncio.create_task(self._look())
        async with asyncio.TaskGroup() as group:
            for number in range(self._options.streams):
                await asyncio.sleep(max(0.0, start.at + number * gap - time.monotonic()))
                group.create_task(self._one(number))
        looking.cancel()
        return self._measurement(start, Moment())

    async def _one(self, number: int) -> None:
        events = self._options.events
        try:
            count, said = await self._read(self, number, events)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and told
            print(f"stream {number}: {type(error).__name__}: {error}", file=sys.stderr)
            self._refused += 1
            self._count_open()
            return
        self._broken += count != events + 1 or said != text(events)

    async def _look(self) -> None:
        while True:
            self._looks.append(Moment())
            await asyncio.sleep(_EACH)

    def _count_open(self) -> None:
        if self._begun + self._refused == self._options.streams and self._all_open is None:
            self._all_open = Moment()

    def _measurement(self, start: Moment, end: Moment) -> Measurement:
        since, until = self._all_open or end, self._first_end or end
        all_open = since.at < until.at
        if not all_open:
            since, until = start, end
        event_us = 1e6 * (end.cpu - start.cpu) / max(1, self.events)
        return Measurement(
            refused=self._refused,
            broken=self._broken,
            events=self.events,
            lag_p50=self.lags.share(0.5),
            lag_p99=self.lags.share(0.99),
            lag_most=1000 * self.lags.longest,
            cpu=until.cpu_since(since) if all_open else self._reckoned(event_us),
            all_open=all_open,
            cpu_spread=self._spread(since, until),
            event_us=event_us,
            kib=self._kib(start, until),
            waited=until.waited_since(since),
            last=end.at - self._last_event,
        )

    def _reckoned(self, event_us: float) -> float:
        """Who does not get the core looks cheap: % of a core that the pace would take."""
        return 1e-4 * event_us * self._options.streams * self._options.rate

    def _spread(self, since: Moment, until: Moment) -> tuple[float, float] | None:
        looks = [look for look in self._looks if since.at <= look.at <= until.at]
        values = [later.cpu_since(look) for look, later in itertools.pairwise(looks)]
        return (min(values), max(values)) if values else None

    def _kib(self, start: Moment, until: Moment) -> float | None:
        if start.rss is None or until.rss is None:
            return None
        return (until.rss - start.rss) / 1024 / self._options.streams
