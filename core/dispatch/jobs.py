"""procrastinate's tables, as far as we use them: its functions where it has them, fenced statements else.

Its own Worker is not used: a paused one, when it goes on, finishes a job that another worker has been given
(finish_job asks for the job's id only), so that the next turn of the line starts too early; a heartbeat that
fails once stops it for good; and a job whose end could not be saved stays "doing" for ever.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Self

import procrastinate
from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import ProcrastinateException as QueueUnavailable
from psycopg_pool import PoolTimeout

from core.errors import Advice, StoreUnavailable
from core.store.group import Transaction
from core.store.postgresql import CONNECT_ARGS, conninfo, driver_of, finds

__all__ = ["STOPS", "Jobs", "QueueUnavailable"]

QUEUE = "turns"
STOPS = "parley_stop"  # channel: the id of a turn that somebody wants stopped
_CONNECTIONS = 4
_RECONNECT_SECONDS = 3.0  # the pool's own back-off would go on for a minute after an outage
_POOL_SECONDS = 5.0  # a heartbeat that waits longer for a connection comes too late

_BEAT = "UPDATE procrastinate_workers SET last_heartbeat = NOW() WHERE id = %(worker)s RETURNING id"
_LIVE = """SELECT count(*) AS live FROM procrastinate_workers
    WHERE last_heartbeat > NOW() - make_interval(secs => %(lease)s)"""
# Only jobs without a worker: one that was given out again since it was looked at keeps its worker.
_RESCUE = """SELECT procrastinate_retry_job_v2(id, NULL, NULL, NULL, NULL) FROM (
    SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL FOR UPDATE) AS orphans"""
_RELEASE = """SELECT procrastinate_retry_job_v2(id, NULL, NULL, NULL, NULL) FROM (
    SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s
    AND id <> ALL(%(but)s::bigint[]) FOR UPDATE) AS mine"""
_HELD = """SELECT id FROM procrastinate_jobs
    WHERE id = :job AND worker_id = :worker AND status = 'doing' FOR SHARE"""
_GIVE_BACK = """SELECT procrastinate_retry_job_v2(id, NULL, NULL, NULL, NULL) FROM (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job)s AND worker_id = %(worker)s AND status = 'doing' FOR UPDATE) AS mine"""
_DROP = """DELETE FROM procrastinate_jobs
    WHERE id = %(job)s AND worker_id = %(worker)s AND status = 'doing'"""
_NOTIFY = "SELECT pg_notify(%(channel)s, %(payload)s)"
_LISTED = """SELECT (args->>'turn')::bigint AS turn FROM procrastinate_jobs
    WHERE queue_name = %(queue)s AND status IN ('todo', 'doing')"""


class Jobs:
    """The queue that the replicas share. Raises QueueUnavailable while it can't be reached."""

    def __init__(self, url: str) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(url),
            kwargs=CONNECT_ARGS,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_POOL_SECONDS,
            reconnect_timeout=_RECONNECT_SECONDS,
        )
        self._app = procrastinate.App(connector=connector)
        self._manager = self._app.job_manager

    @property
    def _connector(self) -> BaseAsyncConnector:
        connector = self._app.connector
        assert isinstance(connector, BaseAsyncConnector)  # noqa: S101 (for the type checker)
        return connector

    async def open(self) -> Self:
        """Connect. Raises StoreUnavailable."""
        try:
            await self._app.open_async()
        except (QueueUnavailable, PoolTimeout) as error:
            raise _unavailable(error) from error
        return self

    async def aclose(self) -> None:
        """Disconnect."""
        await self._app.close_async()

    async def defer(self, connection: Transaction, turn: int, line: int) -> None:
        """Make the job of a turn in the transaction of a connection."""
        driver = await driver_of(connection)
        task = self._app.configure_task("turn", queue=QUEUE, lock=str(line), connection=driver)
        try:
            await task.defer_async(turn=turn)
        except QueueUnavailable as error:
            raise _unavailable(error) from error

    async def register(self) -> int:
        """A worker of our own."""
        return await self._manager.register_worker()

    async def unregister(self, worker: int) -> None:
        """The worker is no more; what it had is nobody's."""
        await self._manager.unregister_worker(worker)

    async def beat(self, worker: int) -> bool:
        """Say that the worker lives. False: it was given up by the others, and its jobs with it."""
        return bool(await self._connector.execute_query_all_async(_BEAT, worker=worker))

    async def relieve(self, lease: float) -> None:
        """Give up the workers that were not heard of for so long, and put their jobs back."""
        await self._manager.prune_stalled_workers(lease)
        await self._connector.execute_query_all_async(_RESCUE)

    async def live(self, lease: float) -> int:
        """How many workers were heard of lately."""
        row = await self._connector.execute_query_one_async(_LIVE, lease=lease)
        return int(row["live"])

    async def fetch(self, worker: int) -> tuple[int, int] | None:
        """The next job for a worker, and its turn."""
        job = await self._manager.fetch_job(queues=[QUEUE], worker_id=worker)
        if job is None or job.id is None:
            return None
        return job.id, int(str(job.task_kwargs["turn"]))

    async def drop(self, job: int, worker: int) -> None:
        """The job is done; nothing happens where it is the worker's no more."""
        await self._connector.execute_query_async(_DROP, job=job, worker=worker)

    async def holds(self, connection: Transaction, job: int, worker: int) -> bool:
        """Whether a job is the worker's; it stays so until the end of the transaction."""
        return await finds(connection, _HELD, job=job, worker=worker)

    async def give_back(self, job: int, worker: int) -> None:
        """Put one job back, if it is the worker's."""
        await self._connector.execute_query_all_async(_GIVE_BACK, job=job, worker=worker)

    async def release(self, worker: int, but: Sequence[int] = ()) -> None:
        """Put the worker's jobs back, but for those that it knows of."""
        await self._connector.execute_query_all_async(_RELEASE, worker=worker, but=list(but))

    async def listed(self) -> set[int]:
        """The turns that have a job."""
        rows = await self._connector.execute_query_all_async(_LISTED, queue=QUEUE)
        return {int(row["turn"]) for row in rows}

    async def nudge(self, turn: int) -> None:
        """Tell all replicas that a turn is to be stopped."""
        await self._connector.execute_query_all_async(_NOTIFY, channel=STOPS, payload=str(turn))

    async def listen(self, heard: Callable[[str, str], Awaitable[None]]) -> None:
        """Tell of new jobs and of stops (channel, payload), until cancelled."""

        async def notified(*, channel: str, payload: str) -> None:
            await heard(channel, payload)

        await self._connector.listen_notify(
            on_notification=notified, channels=[f"procrastinate_queue_v1#{QUEUE}", STOPS]
        )


def _unavailable(error: Exception) -> StoreUnavailable:
    hint = f"the database can't be used now ({type(error).__name__})"
    return StoreUnavailable(Advice("internal", hint, retry=True))
