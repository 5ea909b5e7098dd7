"""The core with everything around it, over a store of any kind: memory, SQLite or PostgreSQL."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.crash.databases import store as fresh_store
from bench.store.fakes import QuietAdapter, QuietDify, quiet_dify
from bench.store.memory import Memory, MemoryLedger, MemoryStore
from bench.store.metering import Meter, MeteredDatabase
from bench.store.questions import APP, PLATFORM
from core.apps import App
from core.dispatch.local import LocalQueues
from core.dispatch.ownership import Tenure
from core.dispatch.queues import Queues, RunTurn
from core.feedback import Feedback
from core.inbox import Intake
from core.lanes import Lanes
from core.metrics import Metrics
from core.responses import Responses
from core.router import Route
from core.running import Stops
from core.settings import AppSettings
from core.stopping import Stopping
from core.store.asides import Asides
from core.store.ledger import Ledger
from core.store.ratings import Ratings
from core.store.store import Store
from core.taking import Taking
from core.turn import Turns

NAMES = {"memory": "memory", "sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass
class Keep:
    """A store and what belongs to it."""

    kind: str
    store: Store
    ledger: Ledger
    ratings: Ratings
    meter: Meter
    url: str = ""

    @property
    def shared(self) -> bool:
        """Whether several processes may use it."""
        return self.kind == "postgres"


@dataclass
class House:
    """The running core. `closed` counts the turns that are over."""

    keep: Keep
    intake: Intake
    queues: Queues
    dify: QuietDify
    metrics: Metrics
    closed: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def note_end(self) -> None:
        """One more turn is over."""
        self.closed += 1
        self._news.set()

    async def until_closed(self, count: int) -> None:
        """Wait until so many turns are over."""
        while self.closed < count:
            self._news.clear()
            await self._news.wait()
        answered = {"platform": PLATFORM, "outcome": "complete"}
        whole = self.metrics.registry.get_sample_value("parley_turns_total", answered) or 0
        assert whole == self.closed, f"{self.closed - whole:g} of {self.closed} turns have no whole answer"


@asynccontextmanager
async def open_keep(kind: str, server: str) -> AsyncIterator[Keep]:
    """A new, empty store, gone afterwards. Raises NoServer."""
    if kind == "memory":
        memory = Memory()
        # Nothing of these parts asks for votes or for a database.
        yield Keep(kind, MemoryStore(memory), MemoryLedger(memory), _nothing(), memory.meter)
        return
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        async with fresh_store(kind, server, Path(folder)) as url, open_database(kind, url) as keep:
            yield keep


@asynccontextmanager
async def open_database(kind: str, url: str) -> AsyncIterator[Keep]:
    """The store at a URL."""
    database = await MeteredDatabase.open(url)
    assert isinstance(database, MeteredDatabase)
    try:
        yield Keep(kind, Store(database), Ledger(database), Ratings(database), database.meter, url)
    finally:
        await database.aclose()


@asynccontextmanager
async def open_house(kind: str, server: str) -> AsyncIterator[House]:
    """The core over a new store, with a platform and a Dify that cost nothing."""
    async with AsyncExitStack() as stack:
        keep = await stack.enter_async_context(open_keep(kind, server))
        app, client = quiet_dify()
        stack.push_async_callback(app.server.aclose)
        stops, lanes = Stops(shared=keep.shared), Lanes(asyncio.get_running_loop().time)
        metrics = Metrics()
        feedback = Feedback(keep.ratings, {}, {}, metrics)
        adapters, apps = {PLATFORM: QuietAdapter()}, {APP: App(AppSettings.model_validate(_KEY), app)}
        asides = _nothing() if keep.kind == "memory" else Asides(keep.store.database)
        turns = Turns(keep.ledger, asides, adapters, apps, lanes, stops, feedback, metrics)
        house: House

        async def run(turn: int, tenure: Tenure) -> bool:
            try:
                return await turns.run(turn, tenure)
            finally:
                house.note_end()

        queues = await stack.enter_async_context(open_queues(keep, run, stops))
        stopping = Stopping(keep.store, stops, queues)
        intake = Intake(
            keep.store, [Route(APP)], Taking(queues), feedback, stops, stopping, Responses({}, {}), {}
        )
        house = House(keep, intake, queues, client, metrics)
        stack.push_async_callback(turns.aclose)
        yield house


@asynccontextmanager
async def open_queues(
    keep: Keep, run: RunTurn, stops: Stops, *, serving: bool = True
) -> AsyncIterator[Queues]:
    """The queues that belong to the store; with `serving` false, replicas take no turn up."""
    if not keep.shared:
        local = LocalQueues(run, keep.store)
        try:
            yield local
        finally:
            await local.cancel(5.0)
        return
    jobs, replicas = import_module("core.dispatch.jobs"), import_module("core.dispatch.replicas")
    queues: Queues = replicas.ReplicaQueues(
        await jobs.Jobs(keep.url).open(), run, keep.store, shared=lambda _: None, stop=stops.stop
    )
    serve = asyncio.create_task(queues.serve()) if serving else None
    try:
        yield queues
    finally:
        await queues.cancel(5.0)
        if serve is not None:
            serve.cancel()
            await asyncio.gather(serve, return_exceptions=True)
        await queues.aclose()


def _nothing() -> Any:
    return None


_KEY = {"api_key": "app-bench"}
