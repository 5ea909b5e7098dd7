"""The simulated server's memory and switches: apps, files, pace, what fails next, and the counts."""

import asyncio
import time
from collections import deque
from typing import Any

from simulators.dify.cut import Cut
from simulators.dify.script import (
    Annotation,
    Answer,
    Drop,
    Fail,
    Refuse,
    Script,
    Writer,
    echo,
    interrupted,
    resolve,
)
from simulators.dify.state import MODES, App, Run, Upload
from simulators.dify.wire import Dialect
from simulators.journal import Journal


def annotated(run: Run) -> Script | None:
    """The annotation of a question that has one; it then counts as hit."""
    for row in run.app.annotations.values() if run.app.annotation_reply else ():
        if row["question"].strip().lower() == run.query.strip().lower():
            row["hit_count"] += 1
            return [Annotation(row["answer"], str(row["id"]))]
    return None


class Workspace:
    """Everything a simulated Dify server knows, without its HTTP.

    `pace` is in pieces per second (None or 0 = as fast as possible) and may change while runs go on.
    `fail_next` / `drop_next` hit the next run once, after three pieces, and then switch themselves off.
    `cut_next` cuts the next stream at an exact place, once, while the run does what it does without a client.
    `ping_every` and `stop_lag` are seconds. `files_url` None means this server's own origin, "" makes file
    URLs relative, as a stock Docker installation does. `files_timeout` is a signed URL's life in seconds.
    `annotation_gates` hold a new annotation before it is made, and its reply; None holds nothing.
    """

    def __init__(self, version: str = "1.16.1", *, pace: float | None = None) -> None:
        self.dialect = Dialect(version)
        self.journal = Journal()
        self.apps: dict[str, App] = {}
        self.files: dict[str, Upload] = {}
        self.runs: list[Run] = []
        self.script: Script | Writer = echo
        self.fail_next = False
        self.drop_next = False
        self.cut_next: Cut | None = None
        self.ping_every = 10.0
        self.stop_lag = 0.0
        self.files_url: str | None = None
        self.files_timeout = 300.0
        self.unreachable: set[str] = set()  # addresses of files that this server can't open
        self.recordings: list[bytes] = []  # that speech-to-text was given
        self.refuse_uploads: deque[tuple[int, str]] = deque()  # status and code of the next ones, in order
        self.origin = ""
        self.open_streams = self.most_streams = 0
        self.open_runs = self.most_runs = 0
        self.waiting = 0  # requests that got no free connection yet
        self.tasks: set[asyncio.Task[None]] = set()
        self.workers: dict[str, asyncio.Task[None]] = {}
        self.annotation_gates: tuple[asyncio.Event | None, asyncio.Event | None] = (None, None)
        self._queued: deque[Script | Writer] = deque()
        self._pace = pace
        self._pace_changed = asyncio.Event()

    @property
    def version(self) -> str:
        """The release this server says it is."""
        return self.dialect.version

    @property
    def pace(self) -> float | None:
        """Pieces per second of every run that has no pace of its own."""
        return self._pace

    @pace.setter
    def pace(self, pieces_per_second: float | None) -> None:
        self._pace = pieces_per_second
        changed, self._pace_changed = self._pace_changed, asyncio.Event()
        changed.set()

    async def paced(self, own: float | None, since: float) -> float:
        """Wait until the next piece is due after the one at `since`; returns when it was due.

        A change of `pace` takes effect at once, also for a run that is already waiting.
        """
        while pace := (own or self._pace):
            due = since + 1 / pace
            left = due - time.monotonic()
            if left <= 0:
                return max(due, time.monotonic() - 0.25)  # late pieces catch up, but never in a long burst
            if own:
                await asyncio.sleep(left)
                return due
            try:
                async with asyncio.timeout(left):
                    await self._pace_changed.wait()
            except TimeoutError:
                return due
        await asyncio.sleep(0)
        return time.monotonic()

    def add_app(self, key: str, mode: str = "chat", name: str | None = None, **features: Any) -> App:
        """Create an app behind an API key; `features` are the fields of `App`.

        Raises ValueError for a mode this release does not have.
        """
        if mode not in MODES or (mode == "agent" and not self.dialect.since(1, 15)):
            raise ValueError(f"Dify {self.version} has no app mode {mode!r}")
        self.apps[key] = App(key=key, mode=mode, name=name or mode, **features)
        return self.apps[key]

    def reply(self, *scripts: Script | Writer, app: str | None = None) -> None:
        """Script the next runs, one each, in this order: of one app (by key), or of whichever comes next."""
        (self._queued if app is None else self.apps[app].queued).extend(scripts)

    def answer_for(self, run: Run) -> Answer | Refuse:
        """The script of this run, with the demo's switches applied; queued scripts are used up."""
        queue = run.app.queued or self._queued
        script = queue.popleft() if queue else (annotated(run) or run.app.script or self.script)
        answer = resolve(script, run)
        if isinstance(answer, Answer):
            self._switch(answer)
        return answer

    def _switch(self, answer: Answer) -> None:
        if self.fail_next:
            self.fail_next = False
            answer.steps = interrupted(Answer(answer.steps), Fail(), after=3)
        if self.drop_next:
            self.drop_next = False
            answer.steps = interrupted(Answer(answer.steps), Drop(), after=3)

    async def started(self, number: int = 1, *, within: float = 10.0) -> Run:
        """The run with this number (from 1, over all apps), as soon as it has started."""
        await self.journal.wait(lambda: len(self.runs) >= number, within=within)
        return self.runs[number - 1]

    async def ended(self, number: int = 1, *, within: float = 10.0) -> Run:
        """The run with this number, as soon as it has ended."""
        run = await self.started(number, within=within)
        async with asyncio.timeout(within):
            await run.ended.wait()
        return run

    @property
    def unnoticed(self) -> int:
        """Clients that have left a run of 1.13+ without the server having noticed: see Channel."""
        return sum(run.channel.unnoticed for run in self.runs if not run.ended.is_set())

    @property
    def stats(self) -> dict[str, int]:
        """Streams and runs open now, and the most there ever were at once."""
        streams = {"open_streams": self.open_streams, "most_streams": self.most_streams}
        return streams | {"open_runs": self.open_runs, "most_runs": self.most_runs}

    def stream_opened(self) -> None:
        self.open_streams += 1
        self.most_streams = max(self.most_streams, self.open_streams)
        self.journal.changed("stream", self.stats)

    def stream_closed(self) -> None:
        self.open_streams -= 1
        self.journal.changed("stream", self.stats)
