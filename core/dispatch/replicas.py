"""Turns shared by several processes on one PostgreSQL, through procrastinate's queue.

A process that is not heard of for `LEASE_SECONDS` loses its turns to the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.dispatch.jobs import STOPS, Jobs, QueueUnavailable
from core.dispatch.ownership import Ownership, Tenure, uptime
from core.dispatch.queues import RunTurn
from core.errors import StoreUnavailable, Superseded
from core.store.group import Transaction
from core.store.postgresql import is_first
from core.store.rows import Wish
from core.store.store import Store

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
LEASE_SECONDS = 10.0
TOGETHER = 100  # turns that one process has taken up at once
_RETRY_SECONDS = 1.0
_CANCEL_SECONDS = 0.5

_ADOPTING = 0x61646F7074  # of PostgreSQL's advisory locks: "adopt"


class ReplicaQueues:
    """This process as one of several that run the turns of one store."""

    def __init__(
        self,
        jobs: Jobs,
        run: RunTurn,
        store: Store,
        *,
        shared: Callable[[int], None],
        stop: Callable[[int, Wish], object],
    ) -> None:
        """`shared` is told how many replicas live, `stop` which of our turns somebody wants stopped."""
        self._jobs = jobs
        self._run = run
        self._store = store
        self._shared = shared
        self._stop = stop
        self._worker = 0
        self._ownership = Ownership(LEASE_SECONDS)
        self._steady_since = float("-inf")  # heartbeats without a gap
        self._beaten_at = float("-inf")
        self._running: dict[int, tuple[int, asyncio.Task[None]]] = {}  # job → turn, task
        self._wanted = asyncio.Event()
        self._registered = asyncio.Event()
        self._draining = False
        self._adopted = False  # open turns without a job have one now

    async def enlist(self, connection: Transaction, turn: int, line: int) -> None:
        """The job is made in the transaction of the turn's row."""
        await self._jobs.defer(connection, turn, line)

    def submit(self, turn: int, line: int) -> None:
        """Whoever is first takes it."""
        del turn, line
        self._wanted.set()

    async def nudge(self, turn: int) -> None:
        """Tell the others; who misses it looks at its next heartbeat."""
        with suppress(QueueUnavailable):
            await self._jobs.nudge(turn)

    async def take_up(self) -> None:
        """Each has its job; those of a process that is no more are put back by whoever misses it."""

    async def serve(self) -> None:
        """Register, take turns, say that we live, and relieve those that don't; until cancelled."""
        calls = (self._beats, self._listen, self._fetch_all)
        tasks = [asyncio.create_task(self._again(call)) for call in calls]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            while not all(task.done() for task in tasks):  # a library may swallow a cancellation
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        for task in tasks:
            task.result()

    async def drain(self, seconds: float) -> int:
        """Start no more turns, let the running ones finish for so long; the number still running."""
        self._draining = True
        tasks = [task for _, task in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        return len(self._running)

    async def cancel(self, seconds: float) -> None:
        """Cut off what runs; it may take so long to let go."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def aclose(self) -> None:
        """Put back what is left, so that the others need not wait until they miss us."""
        self._ownership.lose()
        if self._worker:
            with suppress(QueueUnavailable):
                await self._jobs.release(self._worker)
                await self._jobs.unregister(self._worker)
        await self._jobs.aclose()

    async def _again(self, call: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await call()
            except (QueueUnavailable, StoreUnavailable) as error:
                log.warning("the queue can't be reached (%s); trying again", type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    # ---- heartbeats ----

    async def _beats(self) -> None:
        while True:
            if not self._worker:
                await self._register()
            if not await self._beat():
                continue
            self._adopted = self._adopted or await self._adopt()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _register(self) -> None:
        asked = uptime()
        self._worker = await self._jobs.register()
        self._ownership = Ownership(LEASE_SECONDS)
        self._ownership.prove(asked)
        self._adopted = False
        self._registered.set()

    async def _adopt(self) -> bool:
        """Make jobs for open turns that have none (a copied store, a turn that was given up).

        False where another replica is at it: then look again later.
        """

        async def change(connection: Transaction) -> bool:
            if not await is_first(connection, _ADOPTING):
                return False
            open_turns = await self._store.open_turns()  # first: a turn and its job come together
            listed = await self._jobs.listed()
            for waiting in open_turns:
                if waiting.turn not in listed:
                    await self._jobs.defer(connection, waiting.turn, waiting.line)
            return True

        return await self._store.database.write(change)

    async def _beat(self) -> bool:
        asked = uptime()
        if not await self._jobs.beat(self._worker):
            self._relieved()
            return False
        self._ownership.prove(asked)
        heard = uptime()  # a heartbeat may have hung for as long as the database was away
        if heard - self._beaten_at > LEASE_SECONDS:
            # We were paused, or the database was away: the others may have had it too, give them time to be
            # heard. At a start two heartbeats will do: who is dead then has been missed for long.
            first = self._beaten_at == float("-inf")
            self._steady_since = heard - (LEASE_SECONDS - 2 * HEARTBEAT_SECONDS if first else 0.0)
        self._beaten_at = heard
        if heard - self._steady_since >= LEASE_SECONDS:
            await self._jobs.relieve(LEASE_SECONDS)
        self._shared(max(1, await self._jobs.live(LEASE_SECONDS)))
        self._wanted.set()
        await self._look_for_stops()
        return True

    def _relieved(self) -> None:
        log.warning("the other replicas missed us: %d turns are theirs now", len(self._running))
        self._ownership.lose()
        self._worker = 0
        self._registered.clear()
        for _, task in self._running.values():
            task.cancel()

    async def _look_for_stops(self) -> None:
        turns = [turn for turn, _ in self._running.values()]
        if turns:
            for turn, wish in await self._store.wishes(turns):
                self._stop(turn, wish)

    # ---- turns ----

    async def _listen(self) -> None:
        async def heard(channel: str, payload: str) -> None:
            del payload
            if channel == STOPS:
                await self._look_for_stops()
            else:
                self._wanted.set()

        await self._jobs.listen(heard)

    async def _fetch_all(self) -> None:
        """Take one job after the other. Begun again after a failure: one may be ours and we not know it."""
        await self._registered.wait()
        await self._jobs.release(self._worker, list(self._running))
        while True:
            await self._registered.wait()
            await self._wanted.wait()
            self._wanted.clear()
            while not self._draining and self._worker and len(self._running) < TOGETHER:
                worker, ownership = self._worker, self._ownership
                found = await self._jobs.fetch(worker)
                if found is None:
                    break
                if self._draining:  # it was asked for before
                    await self._jobs.give_back(found[0], worker)
                    break
                self._start(*found, worker, ownership)

    def _start(self, job: int, turn: int, worker: int, ownership: Ownership) -> None:
        task = asyncio.create_task(self._work(job, turn, worker, ownership), name=f"turn {turn}")
        self._running[job] = (turn, task)
        task.add_done_callback(lambda _: self._ended(job, task))

    def _ended(self, job: int, task: asyncio.Task[None]) -> None:
        if self._running.get(job, (0, None))[1] is task:
            del self._running[job]
        self._wanted.set()

    async def _work(self, job: int, turn: int, worker: int, ownership: Ownership) -> None:
        tenure = Tenure(ownership, lambda connection: self._jobs.holds(connection, job, worker))
        try:
            await ownership.check()
            done = await self._run(turn, tenure)
        except Superseded:
            done = False
        except asyncio.CancelledError:
            if ownership.lost or self._draining or _is_cancelled():
                raise
            log.error("turn %d was cut off from inside", turn)  # noqa: TRY400 (no trace: what was running is of no use)
            done = False
        except Exception as error:
            log.error("turn %d was given up: %s", turn, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            done = True
        await self._finish(job, worker, ownership, done=done)

    async def _finish(self, job: int, worker: int, ownership: Ownership, *, done: bool) -> None:
        while not ownership.lost:
            with suppress(QueueUnavailable):
                await (self._jobs.drop(job, worker) if done else self._jobs.give_back(job, worker))
                return
            await asyncio.sleep(_RETRY_SECONDS)


def _is_cancelled() -> bool:
    """Whether somebody cancelled this very task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
