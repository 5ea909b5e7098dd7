"""Several replicas share the turns of one store: each turn once, each line in order, nobody waits long."""

import asyncio

from core.dispatch import replicas
from core.errors import Advice, Superseded
from core.store.rows import State, Wish
from tests.core.store.conftest import enlist, fetch, message
from tests.postgres import eventually, rows


async def all_done(house, turns):
    """Every one of these is closed, once, and its job is gone."""
    await eventually(lambda: len(house.runs.done) >= len(turns))
    await eventually(lambda: no_jobs(house))
    assert sorted(turn for turn, _ in house.runs.done) == sorted(turns)
    assert sorted(turn for turn, _ in house.runs.begun) == sorted(turns)


async def no_jobs(house):
    return await house.jobs() == []


async def test_every_turn_runs_once_and_every_line_in_order(house, runs):
    crew = await house.started("a", "b", "c")
    asked = {line: [] for line in "vwxyz"}
    for number in range(8):
        for line, turns in asked.items():
            turns.append(await crew[number % 3].ask(f"{line}{number}", line))
    await all_done(house, [turn for turns in asked.values() for turn in turns])
    for turns in asked.values():
        assert [turn for turn, _ in runs.begun if turn in turns] == turns


async def test_lines_run_side_by_side_and_a_line_waits_for_its_turn_wherever_that_runs(house, runs):
    a, b = await house.started("a", "b")
    runs.held.clear()
    first = [await a.ask(f"1{line}", line) for line in "xyz"]
    second = [await b.ask(f"2{line}", line) for line in "xyz"]
    await eventually(lambda: {turn for turn, _ in runs.begun} == set(first))
    assert [status for _, status, _ in await house.jobs()] == ["doing"] * 3 + ["todo"] * 3
    runs.held.set()
    await all_done(house, first + second)


async def test_what_is_said_aside_does_not_wait(house, runs):
    [a] = await house.started("a")
    runs.held.clear()
    first = await a.ask("q1")
    aside = await a.store.accept(message("q2"), "helpdesk", a.queues.enlist, command=True, aside=True)
    a.queues.submit(aside.turn, aside.line)
    await eventually(lambda: [turn for turn, _ in runs.begun] == [first, aside.turn])
    assert runs.overlaps == [(aside.turn, first)]
    runs.overlaps.clear()
    runs.held.set()


async def test_one_replica_takes_up_no_more_than_it_can_hold_and_the_other_the_rest(house, runs, monkeypatch):
    monkeypatch.setattr(replicas, "TOGETHER", 2)
    [a] = await house.started("a")
    runs.held.clear()
    turns = [await a.ask(f"q{line}", line) for line in "wxyz"]
    await eventually(lambda: len(runs.begun) == 2)
    b = (await house.replica("b")).start()
    await eventually(lambda: len(runs.begun) == 4)
    assert (runs.begun_at("a"), runs.begun_at(b.name)) == (turns[:2], turns[2:])
    turns += [await a.ask(f"q{line}", line) for line in "uv"]
    runs.held.set()
    await all_done(house, turns)


async def test_a_job_is_heard_of_without_a_heartbeat(house, runs, leases):
    leases(30.0, heartbeat=30.0)
    a = (await house.replica("a")).start()
    await a.registered()
    await eventually(lambda: a.live)  # the only heartbeat is over
    asleep = await house.replica("asleep")
    await eventually(lambda: listeners(house))
    turn = (await asleep.store.accept(message(), "helpdesk", asleep.queues.enlist)).turn
    await eventually(lambda: runs.done == [(turn, "a")], timeout=5)


async def listeners(house):
    [replica, *_] = house._replicas
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    return (await fetch(replica.database, query.replace("%", "%%")))[0][0]


async def test_a_turn_that_fails_inside_does_not_hold_up_its_line_and_is_left_open(house, runs, caplog):
    [a] = await house.started("a")

    async def fail(turn, tenure):
        if turn == broken:
            await a.ledger.claim(turn, tenure.confirm)
            raise RuntimeError("secret words")
        return await runs.run(a, turn, tenure)

    a.run = fail
    broken = 1
    assert await a.ask("q1") == broken
    second = await a.ask("q2")
    await eventually(lambda: runs.done == [(second, "a")])
    await eventually(lambda: no_jobs(house))
    assert [waiting.turn for waiting in await a.store.open_turns()] == [broken]
    assert "secret" not in caplog.text
    b = (await house.replica("b")).start()  # whoever starts next finds it
    await b.registered()
    a.run = lambda turn, tenure: runs.run(a, turn, tenure)
    await eventually(lambda: broken in dict(runs.done))


async def test_a_turn_that_says_it_is_not_ours_is_given_to_whoever_has_it(house, runs):
    [a] = await house.started("a")
    refused = []

    async def refuse_once(turn, tenure):
        if not refused:
            refused.append(turn)
            raise Superseded(Advice("internal", "forgotten"))
        return await runs.run(a, turn, tenure)

    a.run = refuse_once
    turns = [await a.ask("q1"), await a.ask("q2")]
    await all_done(house, turns)


async def test_a_turn_whose_row_is_gone_does_not_hold_up_its_line(house, runs):
    [a] = await house.started("a")
    runs.held.clear()
    turns = [await a.ask("q1"), await a.ask("q2")]
    await eventually(lambda: runs.begun)
    await a.database.write(
        lambda connection: connection.exec_driver_sql(f"DELETE FROM turns WHERE id = {turns[0]}")
    )
    runs.held.set()
    await eventually(lambda: runs.done == [(turns[1], "a")])
    await eventually(lambda: no_jobs(house))


async def test_a_turn_that_was_asked_again_runs_again(house, runs):
    [a] = await house.started("a")
    turn = await a.ask("q1")
    await all_done(house, [turn])
    assert await a.ledger.claim(turn) is None

    async def park(number, tenure):
        taken = await a.ledger.claim(number, tenure.confirm)
        await a.ledger.add_post(taken, 0, message("a2").ref)
        await a.ledger.park(taken, "lost", "half")
        return True

    a.run = park
    parked = await a.ask("q2")
    await eventually(lambda: no_jobs(house))
    a.run = lambda turn, tenure: runs.run(a, turn, tenure)
    again = await a.store.ask_again(message("a2").ref, a.queues.enlist)
    assert again.turn == parked
    a.queues.submit(again.turn, again.line)
    await eventually(lambda: (parked, "a") in runs.done)


# ---- stops ----


async def test_a_stop_reaches_the_replica_that_runs_the_turn_at_once(house, runs, leases):
    leases(30.0, heartbeat=30.0)
    a = (await house.replica("a")).start()
    await a.registered()
    await eventually(lambda: listeners(house))
    runs.held.clear()
    turn = await a.ask("q1")
    await eventually(lambda: runs.begun)
    b = await house.replica("b")
    await b.store.wish_stop(turn, Wish.QUIET)
    await b.queues.nudge(turn)
    await eventually(lambda: a.stops == [(turn, Wish.QUIET)], timeout=5)


async def test_a_stop_that_nobody_told_is_seen_at_the_next_heartbeat(house, runs):
    a, b = await house.started("a", "b")
    runs.held.clear()
    turn = await a.ask("q1")
    await eventually(lambda: runs.begun)
    other = await a.ask("q2", "elsewhere")
    await eventually(lambda: len(runs.begun) == 2)
    await b.store.wish_stop(turn, Wish.STOP)
    owner, idle = (a, b) if runs.begun_at("a")[:1] == [turn] else (b, a)
    await eventually(lambda: (turn, Wish.STOP) in owner.stops)
    assert {stopped for stopped, _ in a.stops + b.stops} == {turn}
    assert other not in dict(idle.stops)


async def test_a_nudge_never_raises(house):
    a = await house.replica("a")
    await a.jobs.aclose()
    await a.queues.nudge(1)


# ---- those that come and go ----


async def test_everybody_knows_how_many_there_are(house, leases):
    leases(1.0)
    a, b, c = await house.started("a", "b", "c")
    await c.leave()
    await eventually(lambda: a.live[-1] == b.live[-1] == 2)
    await b.die()
    await eventually(lambda: a.live[-1] == 1)
    [d] = [(await house.replica("d")).start()]
    await eventually(lambda: a.live[-1] == 2 and d.live[-1:] == [2])
    assert min(a.live + b.live + c.live) >= 1


async def test_who_leaves_puts_its_turns_back_at_once(house, runs):
    [a] = await house.started("a")
    runs.held.clear()
    turns = [await a.ask("q1", "x"), await a.ask("q2", "y"), await a.ask("q3", "y")]
    await eventually(lambda: len(runs.begun) == 2)
    b = (await house.replica("b")).start()
    await b.registered()
    await a.leave()
    await eventually(lambda: sorted(runs.begun_at("b")) == turns[:2], timeout=5)  # of a lease of 30 s
    assert sorted(turn for turn, _ in runs.cut) == turns[:2]
    runs.held.set()
    await eventually(lambda: sorted(runs.done) == [(turn, "b") for turn in turns])


async def test_who_leaves_is_not_missed(house, runs):
    [a] = await house.started("a")
    runs.held.clear()
    turns = [await a.ask("q1", "x"), await a.ask("q2", "y")]
    await eventually(lambda: len(runs.begun) == 2)
    await a.leave()
    assert sorted(await house.jobs()) == [(turn, "todo", None) for turn in turns]
    assert await rows(house.url, "SELECT * FROM procrastinate_workers") == []


async def test_a_turn_that_is_left_as_it_is_goes_to_another(house, runs):
    a, b = await house.started("a", "b")

    async def leave(turn, tenure):
        await a.ledger.note_sending(await a.ledger.claim(turn, tenure.confirm))
        a.queues._draining = True
        return False

    a.run = leave
    b.jobs.fetching.clear()
    turn = await a.ask("q1")
    await eventually(lambda: a.queues._draining or b.jobs.fetched)
    b.jobs.fetching.set()
    await eventually(lambda: runs.done == [(turn, "b")])


async def test_draining_begins_nothing_and_says_how_many_are_left(house, runs):
    [a] = await house.started("a")
    runs.held.clear()
    turn = await a.ask("q1")
    await eventually(lambda: runs.begun)
    assert await a.queues.drain(0) == 1
    later = await a.ask("q2", "elsewhere")
    runs.held.set()
    assert await a.queues.drain(5) == 0
    await eventually(lambda: one_job(house, later))
    assert [number for number, _ in runs.begun] == [turn]


async def one_job(house, turn):
    return [job[:2] for job in await house.jobs()] == [(turn, "todo")]


async def test_what_is_being_fetched_as_the_drain_begins_is_not_begun_after_it(house, runs):
    [a] = await house.started("a")
    a.jobs.fetching.clear()
    turn = await a.ask("q1")
    await eventually(lambda: a.jobs.fetched)
    assert await a.queues.drain(0) == 0  # nothing runs: the process goes on to close everything
    a.jobs.fetching.set()
    await eventually(lambda: one_job(house, turn), timeout=2)
    assert runs.begun == []


# ---- turns without a job ----


async def orphaned(house, *names):
    """Turns that were accepted where there was no queue."""
    store = (await house.replica("elsewhere")).store
    return [(await store.accept(message(name, thread=name), "helpdesk", enlist)).turn for name in names]


async def test_open_turns_without_a_job_are_given_one_and_not_twice(house, runs):
    turns = await orphaned(house, "q1", "q2", "q3")
    runs.held.clear()
    crew = [await house.replica(name) for name in "ab"]
    looked = [asyncio.Event() for _ in crew]
    for number, replica in enumerate(crew):
        replica.jobs.listed = looking(replica.jobs.listed, looked[number], looked[1 - number])
        replica.start()
    await eventually(lambda: len(runs.begun) == 3 and all(event.is_set() for event in looked))
    await eventually(lambda: all(replica.live for replica in crew))
    assert sorted(job[0] for job in await house.jobs()) == turns
    runs.held.set()
    await all_done(house, turns)


def looking(listed, here, there):
    """Both would look before either has made a job, if they were let."""

    async def look():
        found = await listed()
        here.set()
        await asyncio.wait([asyncio.create_task(there.wait())], timeout=0.3)
        return found

    return look


async def test_only_what_is_to_be_run_is_given_a_job(house, runs):
    turns = await orphaned(house, "q1", "q2", "q3")
    ledger = house._replicas[0].ledger
    await ledger.close(await ledger.claim(turns[0]), "complete")
    await ledger.park(await ledger.claim(turns[1]), "lost", "half")
    [a] = await house.started("a")
    await all_done(house, turns[2:])
    [row] = await fetch(a.database, f"SELECT state FROM turns WHERE id = {turns[1]}")
    assert row.state == State.PARKED


async def test_turns_without_a_job_are_looked_for_until_it_worked(house, runs):
    [turn] = await orphaned(house, "q1")
    a = await house.replica("a")
    listed, failures = a.jobs.listed, [1]

    async def fail_once():
        if failures.pop(0) if failures else 0:
            raise replicas.QueueUnavailable
        return await listed()

    a.jobs.listed = fail_once
    a.start()
    await eventually(lambda: failures == [])
    await eventually(lambda: runs.done == [(turn, "a")], timeout=2)
