"""PostgreSQL: several processes on one store, connections that end in the middle, servers that go away."""

import asyncio
from collections import Counter

import pytest

from core.dispatch.jobs import Jobs
from core.errors import StoreUnavailable
from core.store.database import Database
from core.store.store import Store
from tests.core.store.conftest import asked, enlist, fetch, message
from tests.postgres import cut_connections, eventually, outage, rows, value

JOBS = "SELECT (args->>'turn')::int FROM procrastinate_jobs"


@pytest.fixture
def url(postgres):
    return postgres


@pytest.fixture
async def beside(url):
    """The store as another process has it."""
    database = await Database.open(url)
    yield Store(database)
    await database.aclose()


@pytest.fixture
def jobs(url):
    return Jobs(url)  # to put jobs into our own transactions it need not be connected


class Crowd:
    """People who ask at once, and platforms that send again what was not taken."""

    def __init__(self, store, enlist):
        self._store, self._enlist = store, enlist
        self.refused = Counter()  # how often each question was
        self.outcomes = {}

    async def ask(self, name):
        while name not in self.outcomes:
            try:
                said = message(name, thread=f"t{len(name) % 3}")
                self.outcomes[name] = await self._store.accept(said, "helpdesk", self._enlist)
            except StoreUnavailable:
                self.refused[name] += 1
                await asyncio.sleep(0.01)

    async def ask_all(self, names):
        """Some at a time, one after the other each."""
        lines = [names[first::10] for first in range(10)]
        await asyncio.gather(*(self._ask_in_turn(line) for line in lines))

    async def _ask_in_turn(self, names):
        for name in names:
            await self.ask(name)


async def test_connections_that_end_under_load_lose_and_double_nothing(store, jobs, url):
    names = [f"q{number}" for number in range(300)]
    crowd = Crowd(store, jobs.defer)
    asking = asyncio.create_task(crowd.ask_all(names))
    for share in range(1, 6):
        await eventually(lambda share=share: len(crowd.outcomes) > share * 50)
        await cut_connections(url)
    await asking
    assert sum(crowd.refused.values()) > 0
    found = await rows(url, "SELECT message, id FROM turns")
    assert sorted(name for name, _ in found) == sorted(names)
    assert sorted(turn for (turn,) in await rows(url, JOBS)) == sorted(turn for _, turn in found)
    for name, outcome in crowd.outcomes.items():  # known already: only where the reply was lost
        assert outcome is not None or crowd.refused[name]


async def test_a_server_that_is_away_is_told_and_used_again_when_it_is_back(store, jobs, url):
    await asked(store)
    crowd = Crowd(store, jobs.defer)
    async with outage(url):
        asking = asyncio.create_task(crowd.ask_all(["q1", "q2", "q3"]))
        await eventually(lambda: len(crowd.refused) == 3)
        with pytest.raises(StoreUnavailable):
            await store.open_turns()
        assert store.database.status != "ok"
    await asking
    assert crowd.outcomes["q1"] is None  # known from before
    assert len(await store.open_turns()) == 3
    assert store.database.status == "ok"


async def test_after_the_server_was_restarted_the_first_who_comes_is_served(store, url):
    await asked(store)
    await asyncio.gather(*(store.open_turns() for _ in range(3)))
    assert await cut_connections(url) > 1
    found = await asyncio.gather(asked(store, "q2"), *(store.open_turns() for _ in range(3)))
    assert found[0] is not None


async def test_a_connection_that_ends_before_the_job_is_made_is_trouble_of_the_store(store, jobs, url):
    async def enlist_late(connection, turn, line):
        await cut_connections(url)
        await jobs.defer(connection, turn, line)

    with pytest.raises(StoreUnavailable):
        await store.accept(message(), "helpdesk", enlist_late)
    assert await rows(url, "SELECT * FROM turns") == []
    assert await store.accept(message(), "helpdesk", jobs.defer) is not None


async def test_a_turn_and_its_job_come_together_or_not_at_all(store, jobs, url):
    async def fail(connection, turn, line):
        await jobs.defer(connection, turn, line)
        raise RuntimeError("after the job")

    with pytest.raises(RuntimeError, match="after the job"):
        await store.accept(message(), "helpdesk", fail)
    assert await rows(url, "SELECT id FROM turns UNION SELECT id FROM procrastinate_jobs") == []
    new = await store.accept(message(), "helpdesk", jobs.defer)
    assert await rows(url, "SELECT lock, queue_name, status::text, args->'turn' FROM procrastinate_jobs") == [
        (str(new.line), "turns", "todo", new.turn)
    ]


@pytest.mark.parametrize("second", ["", "x"], ids=["the same questions", "questions at the same new places"])
async def test_what_two_processes_take_in_another_order_is_refused_by_none(store, beside, second):
    """Two sessions of one bot are told the same, and each process commits what it hears in groups."""
    met = [asyncio.Event(), asyncio.Event()]

    def meeting(side):
        async def enlist(*_):  # both have inserted one before either inserts its next
            met[side].set()
            await met[1 - side].wait()

        return enlist

    outcomes = await asyncio.gather(
        *(store.accept(message(name, thread=name), "helpdesk", meeting(0)) for name in ("q1", "q2")),
        *(
            beside.accept(message(name + second, thread=name), "helpdesk", meeting(1))
            for name in ("q2", "q1")
        ),
        return_exceptions=True,
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert len(await store.open_turns()) == (4 if second else 2)


async def test_two_processes_find_one_conversation_for_a_new_place(store, beside):
    news = await asyncio.gather(*(asked(side, f"q{n}") for n, side in enumerate([store, beside] * 10)))
    assert len({new.line for new in news}) == 1
    assert len({new.turn for new in news}) == 20


async def test_the_server_is_told_not_to_wait_for_a_paused_process(database):
    wanted = {
        "lock_timeout": "10s",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "5s",
        "application_name": "parley",
    }

    async def ask(connection):
        return {name: (await connection.exec_driver_sql(f"SHOW {name}")).scalar() for name in wanted}

    assert await database.write(ask) == wanted
    assert {name: (await fetch(database, f"SHOW {name}"))[0][0] for name in wanted} == wanted


async def test_a_row_that_another_process_holds_for_long_is_given_up(store, beside):
    turn = await asked(store)
    holding, release = asyncio.Event(), asyncio.Event()

    async def hold(connection):
        await connection.exec_driver_sql(f"SELECT 1 FROM turns WHERE id = {turn.turn} FOR UPDATE")
        holding.set()
        await release.wait()

    async def wait(connection):
        await connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")  # in place of the real 10 s
        await connection.exec_driver_sql(f"UPDATE turns SET text = 'x' WHERE id = {turn.turn}")

    held = asyncio.create_task(beside.database.write(hold))
    await holding.wait()
    with pytest.raises(StoreUnavailable):
        await store.database.write(wait)
    release.set()
    await held
    await store.database.write(wait)


async def test_words_do_not_come_out_of_a_failing_server(store, url):
    async def words(connection):
        await connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid()), 'secret words'")

    with pytest.raises(StoreUnavailable) as caught:
        await store.database.write(words)
    assert "secret" not in str(caught.value)
    assert await value(url, "SELECT 1") == 1
    assert await store.accept(message(), "helpdesk", enlist) is not None
