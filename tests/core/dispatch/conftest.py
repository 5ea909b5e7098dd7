"""Several replicas in one process, on a real PostgreSQL, and turns that run as long as a test wants."""

import asyncio
from collections import defaultdict
from contextlib import suppress

import pytest

from core.dispatch import replicas
from core.dispatch.jobs import Jobs, QueueUnavailable
from core.dispatch.ownership import TRUSTED_PART
from core.dispatch.replicas import ReplicaQueues
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.store import Store
from tests.core.store.conftest import message
from tests.postgres import eventually, rows

QUICK = 0.1  # seconds between heartbeats


def is_trusted(ownership):
    """Whether its owner may act at this moment."""
    age = ownership._clock() - ownership._proven_at
    return not ownership.lost and age <= TRUSTED_PART * ownership.lease


class Runs:
    """The turns that are run: where, in which order, and until when."""

    def __init__(self):
        self.begun = []  # (turn, replica), as they took it up
        self.done = []
        self.cut = []
        self.running = defaultdict(list)  # line → (turn, ownership)
        self.overlaps = []
        self.held = asyncio.Event()  # turns end when it is set
        self.held.set()

    async def run(self, replica, number, tenure):
        """In place of core.turn: take it up, wait, close it if that is still allowed."""
        turn = await replica.ledger.claim(number, tenure.confirm)
        if turn is None:
            return True
        self.begun.append((number, replica.name))
        line, mine = self.running[turn.conversation.id], (number, tenure.ownership)
        self.overlaps += [(number, other) for other, by in line if other != number and is_trusted(by)]
        line.append(mine)
        try:
            await self.held.wait()
            await tenure.ownership.check()
            await replica.ledger.close(turn, "complete")
        except asyncio.CancelledError:
            self.cut.append((number, replica.name))
            raise
        finally:
            line.remove(mine)
        self.done.append((number, replica.name))
        return True

    def begun_at(self, name):
        return [turn for turn, replica in self.begun if replica == name]


class WatchedJobs(Jobs):
    """The queue, with a hand on what comes back from it."""

    def __init__(self, url):
        super().__init__(url)
        self.beating = asyncio.Event()  # cleared: heartbeats do not get through
        self.beating.set()
        self.fetching = asyncio.Event()  # cleared: the reply to a fetch that found something is held back
        self.fetching.set()
        self.fetched = 0
        self.lost_replies = 0  # so many fetches are done, and their replies lost

    async def beat(self, worker):
        await self.beating.wait()
        return await super().beat(worker)

    async def fetch(self, worker):
        found = await super().fetch(worker)
        if found is not None:
            self.fetched += 1
            await self.fetching.wait()
            if self.lost_replies:
                self.lost_replies -= 1
                raise QueueUnavailable
        return found


class Replica:
    """One process of several."""

    def __init__(self, name, runs, database, jobs):
        self.name, self.database, self.jobs = name, database, jobs
        self.store, self.ledger = Store(database), Ledger(database)
        self.live, self.stops = [], []
        self.run = lambda turn, tenure: runs.run(self, turn, tenure)  # or what a test puts in its place
        self.queues = ReplicaQueues(
            jobs,
            self._run,
            self.store,
            shared=self.live.append,
            stop=lambda turn, wish: self.stops.append((turn, wish)),
        )
        self.serving = None

    async def _run(self, turn, tenure):
        return await self.run(turn, tenure)

    def start(self):
        self.serving = asyncio.create_task(self.queues.serve())
        return self

    async def registered(self):
        await self.queues._registered.wait()
        return self

    @property
    def worker(self):
        return self.queues._worker

    async def die(self):
        """As kill -9 leaves it: nothing is put back, nothing is said."""
        await self._stop()
        await self.queues.cancel(5)
        await self.jobs.aclose()
        await self.database.aclose()

    async def leave(self):
        """As SIGTERM does it, with no time to finish anything."""
        await self.queues.drain(0)
        await self._stop()
        await self.queues.cancel(5)
        await self.queues.aclose()

    async def _stop(self):
        """On Python 3.11 asyncio.wait_for may swallow a cancellation, and the pool waits by it: once more."""
        while self.serving is not None and not self.serving.done():
            mine = [task for task in asyncio.all_tasks() if _part_of(task, self.queues)]
            for task in (self.serving, *mine):
                task.cancel()
            await asyncio.wait([self.serving], timeout=0.2)

    async def ask(self, name, line="t"):
        """Accept a question here; the turn."""
        accepted = await self.store.accept(message(name, thread=line), "helpdesk", self.queues.enlist)
        self.queues.submit(accepted.turn, accepted.line)
        return accepted.turn


def _part_of(task, queues):
    """Whether a task is one of those that `serve` began."""
    coroutine = task.get_coro()
    frame = getattr(coroutine, "cr_frame", None)
    return bool(frame) and frame.f_code.co_name == "_again" and frame.f_locals["self"] is queues


class House:
    """Replicas of one store."""

    def __init__(self, url):
        self.url, self.runs = url, Runs()
        self._replicas = []

    async def replica(self, name):
        jobs = await WatchedJobs(self.url).open()
        replica = Replica(name, self.runs, await Database.open(self.url), jobs)
        self._replicas.append(replica)
        return replica

    async def started(self, *names):
        """Replicas that are up and known to each other."""
        found = [(await self.replica(name)).start() for name in names]
        for replica in found:
            await replica.registered()
        await eventually(lambda: all(replica.live[-1:] == [len(names)] for replica in found))
        return found

    async def jobs(self):
        """(turn, status, worker) of every job."""
        query = "SELECT (args->>'turn')::int, status::text, worker_id FROM procrastinate_jobs ORDER BY id"
        return await rows(self.url, query)

    async def aclose(self):
        for replica in self._replicas:
            replica.jobs.beating.set()
            replica.jobs.fetching.set()
            with suppress(QueueUnavailable):
                await replica.die()


@pytest.fixture
def leases(monkeypatch):
    """Sets how long a replica may be silent; heartbeats are quick, unless told otherwise."""

    def set_to(lease, heartbeat=QUICK):
        monkeypatch.setattr(replicas, "LEASE_SECONDS", lease)
        monkeypatch.setattr(replicas, "HEARTBEAT_SECONDS", heartbeat)
        monkeypatch.setattr(replicas, "_RETRY_SECONDS", 0.1)

    set_to(30.0)  # where nobody is silent on purpose, a busy machine must not look so
    return set_to


@pytest.fixture
async def house(postgres, leases):
    house = House(postgres)
    yield house
    await house.aclose()
    assert house.runs.overlaps == []
    assert len(house.runs.done) == len(dict(house.runs.done))  # none twice


@pytest.fixture
def runs(house):
    return house.runs
