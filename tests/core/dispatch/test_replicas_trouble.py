"""Replicas that die, that were only paused, and a server that cuts them off."""

import asyncio

import psycopg
import pytest
from psycopg_pool.base import AttemptWithBackoff

from core.dispatch.jobs import Jobs
from core.errors import StoreUnavailable, Superseded
from core.store.postgresql import CONNECT_ARGS
from tests.core.dispatch.conftest import is_trusted
from tests.postgres import cut_connections, eventually, outage, rows, value

pytestmark = pytest.mark.faults

LEASE = 1.0


async def beaten_at(house, replica):
    """When the server heard of a replica last, by its clock."""
    query = "SELECT extract(epoch FROM last_heartbeat)::float8 FROM procrastinate_workers WHERE id = %s"
    return await value(house.url, query, replica.worker)


async def now(house):
    return await value(house.url, "SELECT extract(epoch FROM clock_timestamp())::float8")


async def one_of_two(house, leases):
    """Two replicas; the first runs a turn, in the second nothing runs. Then leases become short."""
    a, b = await house.started("a", "b")
    house.runs.held.clear()
    b.jobs.fetching.clear()  # the second takes nothing for now
    turn = await a.ask("q1")
    await eventually(lambda: house.runs.begun or b.jobs.fetched)
    if not house.runs.begun_at("a"):  # it was quicker: then they change their parts
        a, b = b, a
    b.jobs.fetching.set()
    a.jobs.fetching.set()
    await eventually(lambda: house.runs.begun)
    leases(LEASE)
    for replica in (a, b):
        replica.queues._ownership.lease = LEASE
    return a, b, turn


async def test_a_replica_that_died_is_relieved_after_its_lease_and_not_before(house, runs, leases):
    a, b, turn = await one_of_two(house, leases)
    later = await b.ask("q2")
    await eventually(lambda: len(b.live) > 0)
    await a.die()
    last = await beaten_at(house, a)
    assert runs.cut == [(turn, a.name)]
    await eventually(lambda: (turn, b.name) in runs.begun)
    assert await now(house) - last >= LEASE
    runs.held.set()
    await eventually(lambda: runs.done == [(turn, b.name), (later, b.name)])
    await eventually(lambda: b.live[-1] == 1)


async def test_what_was_left_long_ago_is_taken_up_at_once_by_whoever_starts(house, runs, leases):
    [a] = await house.started("a")
    runs.held.clear()
    turn = await a.ask("q1")
    await eventually(lambda: runs.begun)
    await a.die()
    await rows(house.url, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '40 s'")
    runs.held.set()
    [b] = [(await house.replica("b")).start()]
    await eventually(lambda: runs.done == [(turn, "b")], timeout=5)  # of a lease of 30 s
    assert b.live[0] == 1


async def test_a_replica_that_was_paused_loses_its_turn_and_works_on(house, runs, leases):
    a, b, turn = await one_of_two(house, leases)
    before, ownership = a.worker, a.queues._ownership
    a.jobs.beating.clear()
    await eventually(lambda: (turn, b.name) in runs.begun)
    assert not is_trusted(ownership)  # it has not heard of it yet, and would send nothing all the same
    assert runs.cut == []
    a.jobs.beating.set()
    await eventually(lambda: runs.cut == [(turn, a.name)])
    assert ownership.lost
    await eventually(lambda: a.worker not in {0, before})
    assert [job[1:] for job in await house.jobs()] == [("doing", b.worker)]
    runs.held.set()
    await eventually(lambda: runs.done == [(turn, b.name)])
    await b.leave()
    again = await a.ask("q2")
    await eventually(lambda: runs.done[1:] == [(again, a.name)])


async def test_a_paused_replica_that_wakes_up_just_before_it_sends_does_not(house, runs, leases):
    a, b, turn = await one_of_two(house, leases)
    a.jobs.beating.clear()
    await eventually(lambda: (turn, b.name) in runs.begun)
    runs.held.set()  # both go on to their last word, the paused one first
    await eventually(lambda: runs.done == [(turn, b.name)])
    a.jobs.beating.set()
    await eventually(lambda: a.queues._running == {})
    assert runs.done == [(turn, b.name)]


async def test_a_replica_that_was_paused_and_missed_by_nobody_goes_on(house, runs, leases):
    leases(LEASE)
    a = (await house.replica("a")).start()
    await a.registered()
    runs.held.clear()
    turn = await a.ask("q1")
    await eventually(lambda: runs.begun)
    worker, ownership = a.worker, a.queues._ownership
    a.jobs.beating.clear()
    await eventually(lambda: not is_trusted(ownership))
    runs.held.set()
    a.jobs.beating.set()
    await eventually(lambda: runs.done == [(turn, "a")])
    assert (a.worker, runs.begun) == (worker, [(turn, "a")])


async def test_a_turn_that_is_begun_again_where_it_ran_before_runs_once_more_only(house, runs, leases):
    """The others give the paused one up and go as well: it takes its own turn over."""
    a, b, turn = await one_of_two(house, leases)
    b.jobs.fetching.clear()
    a.jobs.beating.clear()
    await eventually(lambda: no_worker(house, a.worker))
    await b.leave()
    a.jobs.beating.set()
    b.jobs.fetching.set()
    await eventually(lambda: runs.begun_at(a.name) == [turn, turn])
    runs.held.set()
    await eventually(lambda: runs.done == [(turn, a.name)])
    await eventually(lambda: a.queues._running == {})
    assert await house.jobs() == []


async def no_worker(house, worker):
    return not await rows(house.url, "SELECT id FROM procrastinate_workers WHERE id = %s", worker)


# ---- replies that are lost ----


async def test_a_job_whose_reply_was_lost_is_put_back(house, runs):
    a = await house.replica("a")
    a.jobs.lost_replies = 1
    a.start()
    await a.registered()
    turns = [await a.ask("q1"), await a.ask("q2")]
    await eventually(lambda: runs.done == [(turn, "a") for turn in turns])
    assert a.jobs.lost_replies == 0
    assert [turn for turn, _ in runs.begun] == turns


async def test_only_what_does_not_run_is_put_back(house, runs):
    a = (await house.replica("a")).start()
    await a.registered()
    runs.held.clear()
    first = await a.ask("q1", "x")
    await eventually(lambda: runs.begun)
    a.jobs.lost_replies = 1
    second = await a.ask("q2", "y")
    await eventually(lambda: len(runs.begun) == 2)
    runs.held.set()
    await eventually(lambda: sorted(runs.done) == [(first, "a"), (second, "a")])
    assert len(runs.begun) == 2


async def test_after_every_connection_was_cut_all_goes_on_and_nobody_is_relieved(house, runs):
    a, b = await house.started("a", "b")
    workers = (a.worker, b.worker)
    runs.held.clear()
    turns = [await a.ask(f"q{line}", line) for line in "wxyz"]
    await eventually(lambda: len(runs.begun) == 4)
    assert await cut_connections(house.url) >= 6
    runs.held.set()
    await eventually(lambda: len(runs.done) == 4, timeout=10)
    turns += [await asked_until_taken(b, f"again {number}") for number in range(3)]
    await eventually(lambda: len(runs.done) == 7, timeout=10)
    assert sorted(turn for turn, _ in runs.begun) == turns
    assert (a.worker, b.worker) == workers
    await eventually(lambda: no_jobs(house))


async def asked_until_taken(replica, name):
    while True:
        try:
            return await replica.ask(name)
        except StoreUnavailable:
            await asyncio.sleep(0.02)


async def no_jobs(house):
    return await house.jobs() == []


@pytest.fixture
def reconnecting(monkeypatch):
    """Pools try to connect again as often as it takes in a lease of one second (else: after 1, 2, 4, 8 s)."""
    monkeypatch.setattr(AttemptWithBackoff, "INITIAL_DELAY", 0.05)
    monkeypatch.setattr(AttemptWithBackoff, "DELAY_BACKOFF", 1.0)


async def test_a_server_that_was_away_for_longer_than_a_lease_costs_nobody_a_turn(
    house, runs, leases, reconnecting
):
    a, b, turn = await one_of_two(house, leases)
    for replica in (a, b):
        replica.jobs.beating.clear()  # the heartbeats that were on their way hang
    async with outage(house.url):
        await eventually(lambda: all(silent_for(replica) > LEASE for replica in (a, b)))
        runs.held.set()
    beats = len(b.live)
    b.jobs.beating.set()
    await eventually(lambda: len(b.live) > beats)
    a.jobs.beating.set()  # of the two, the one that runs the turn is back later
    await eventually(lambda: runs.done == [(turn, a.name)], timeout=5)
    assert runs.begun == [(turn, a.name)]


def silent_for(replica):
    """Seconds since the server answered it last."""
    ownership = replica.queues._ownership
    return ownership._clock() - ownership._proven_at


async def test_serving_ends_though_a_cancellation_is_swallowed(house, runs):
    """As asyncio.wait_for of Python 3.11 does it, where a connection comes at the same moment."""
    [a] = await house.started("a")
    fetch = a.jobs.fetch

    async def deaf(worker):
        try:
            return await fetch(worker)
        except asyncio.CancelledError:
            return None

    a.jobs.fetch = deaf
    a.jobs.fetching.clear()
    await a.ask("q1")
    await eventually(lambda: a.jobs.fetched)
    a.serving.cancel()
    done, _ = await asyncio.wait([a.serving], timeout=2)
    assert done


# ---- the queue itself ----


@pytest.fixture
async def jobs(house):
    jobs = await Jobs(house.url).open()
    yield jobs
    await jobs.aclose()


async def test_who_has_a_job_no_more_can_not_drop_or_give_it_back(house, jobs):
    a = await house.replica("a")
    turn = await a.ask("q1")
    old, new = await jobs.register(), await jobs.register()
    job, found = await jobs.fetch(old)
    assert found == turn
    await jobs.unregister(old)
    await jobs.relieve(60)
    assert await jobs.fetch(new) == (job, turn)
    await jobs.drop(job, old)
    await jobs.give_back(job, old)
    await jobs.release(old)
    assert await house.jobs() == [(turn, "doing", new)]
    assert not await confirmed(a, jobs, job, old)
    assert await confirmed(a, jobs, job, new)
    await jobs.drop(job, new)
    assert await house.jobs() == []
    assert not await confirmed(a, jobs, job, new)


async def confirmed(replica, jobs, job, worker):
    return await replica.database.write(lambda connection: jobs.holds(connection, job, worker))


async def test_a_claim_for_a_job_that_is_anothers_is_refused(house, jobs):
    a = await house.replica("a")
    turn = await a.ask("q1")
    job, _ = await jobs.fetch(await jobs.register())
    with pytest.raises(Superseded):
        await a.ledger.claim(turn, lambda connection: jobs.holds(connection, job, 99))
    assert (await a.ledger.claim(turn)).fence == 1


async def test_only_those_are_relieved_who_were_silent_for_a_lease(house, jobs):
    a = await house.replica("a")
    turns = [await a.ask("q1", "x"), await a.ask("q2", "y")]
    silent, alive = await jobs.register(), await jobs.register()
    await jobs.fetch(silent)
    await jobs.fetch(alive)
    age = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '20 s' WHERE id = %s"
    await rows(house.url, age, silent)
    assert await jobs.live(10) == 1
    await jobs.relieve(21)
    assert [status for _, status, _ in await house.jobs()] == ["doing", "doing"]
    await asyncio.gather(*(jobs.relieve(19) for _ in range(3)))  # several replicas miss it at once
    assert await house.jobs() == [(turns[0], "todo", None), (turns[1], "doing", alive)]
    assert not await jobs.beat(silent)
    assert await jobs.beat(alive)


async def test_released_are_all_of_a_worker_but_those_that_it_knows(house, jobs):
    a = await house.replica("a")
    turns = [await a.ask(f"q{line}", line) for line in "xyz"]
    worker, other = await jobs.register(), await jobs.register()
    known, _ = await jobs.fetch(worker)
    await jobs.fetch(worker)
    await jobs.fetch(other)
    await jobs.release(worker, [known])
    assert [status for _, status, _ in await house.jobs()] == ["doing", "todo", "doing"]
    assert await jobs.listed() == set(turns)
    await jobs.release(worker)
    assert [status for _, status, _ in await house.jobs()] == ["todo", "todo", "doing"]


async def test_two_workers_never_have_two_jobs_of_a_line(house, jobs):
    a = await house.replica("a")
    turns = [await a.ask(f"q{number}") for number in range(4)]
    workers = [await jobs.register() for _ in range(4)]
    for turn in turns:
        found = await asyncio.gather(*(jobs.fetch(worker) for worker in workers))
        [(worker, (job, taken))] = [pair for pair in zip(workers, found, strict=True) if pair[1]]
        assert taken == turn
        await jobs.drop(job, worker)


async def test_a_job_that_is_held_for_too_long_is_trouble_of_the_store(house, jobs, monkeypatch):
    """And no reason to give the turn up: it is claimed again as soon as that works."""
    monkeypatch.setitem(CONNECT_ARGS, "options", "-c lock_timeout=100ms")  # in place of 10 s
    a = await house.replica("a")
    turn = await a.ask("q1")
    worker = await jobs.register()
    job, _ = await jobs.fetch(worker)
    async with await psycopg.AsyncConnection.connect(house.url) as other:
        await other.execute("SELECT id FROM procrastinate_jobs FOR UPDATE")
        with pytest.raises(StoreUnavailable):
            await a.ledger.claim(turn, lambda connection: jobs.holds(connection, job, worker))
    assert (await a.ledger.claim(turn, lambda connection: jobs.holds(connection, job, worker))).fence == 1
