"""Changes that are committed together: few transactions, and everybody hears of their own only."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event, insert
from sqlalchemy.exc import IntegrityError

from core.errors import Advice, StoreUnavailable
from core.store.group import GroupWriter
from core.store.tables import notes
from tests.core.store.conftest import asked, fetch

GONE = StoreUnavailable(Advice("internal", "gone", retry=True))


class Ledgers:
    """Transactions that note what was done in them, and that may be held up or fail."""

    def __init__(self):
        self.committed = []  # one list per transaction
        self.begun = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails_to_begin = self.fails_to_commit = False

    @asynccontextmanager
    async def begin(self):
        self.begun += 1
        await self.gate.wait()
        if self.fails_to_begin:
            raise GONE
        done = []
        yield done
        if self.fails_to_commit:
            raise GONE
        self.committed.append(done)

    @asynccontextmanager
    async def held(self):
        """Whoever comes meanwhile waits behind a transaction that is not over."""
        self.gate.clear()
        yield
        self.gate.set()


@pytest.fixture
async def ledgers():
    return Ledgers()


@pytest.fixture
async def writer(ledgers):
    writer = GroupWriter(ledgers.begin)
    yield writer
    ledgers.fails_to_begin = ledgers.fails_to_commit = False
    await writer.aclose()


def noting(name):
    async def change(done):
        done.append(name)
        return f"result of {name}"

    return change


def failing(error):
    async def change(done):
        raise error

    return change


async def begun(coroutines):
    """Tasks that have come as far as they can."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_many_changes_are_committed_in_few_transactions(ledgers, writer):
    async with ledgers.held():
        tasks = await begun(writer.write(noting(n)) for n in range(450))
    assert await asyncio.gather(*tasks) == [f"result of {n}" for n in range(450)]
    assert [len(done) for done in ledgers.committed] == [200, 200, 50]
    assert [n for done in ledgers.committed for n in done] == list(range(450))


async def test_the_urgent_overtake(ledgers, writer):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        tasks += await begun(writer.write(noting(n)) for n in range(3))
        tasks += await begun(writer.write(noting(f"urgent {n}"), urgent=True) for n in range(2))
    await asyncio.gather(*tasks)
    assert ledgers.committed == [["first"], ["urgent 0", "urgent 1", 0, 1, 2]]


async def test_a_crowd_of_the_patient_does_not_hold_up_the_urgent(ledgers, writer):
    async with ledgers.held():
        tasks = await begun(writer.write(noting(n)) for n in range(500))
        tasks += await begun([writer.write(noting("urgent"), urgent=True)])
    await asyncio.gather(*tasks)
    assert ledgers.committed[1][0] == "urgent"


@pytest.mark.parametrize("error", [IntegrityError("", {}, Exception()), RuntimeError("a fault of ours")])
async def test_a_change_that_fails_fails_alone(ledgers, writer, error):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        changes = (noting("a"), failing(error), noting("b"))
        tasks += await begun(writer.write(change) for change in changes)
    _, a, failed, b = await asyncio.gather(*tasks, return_exceptions=True)
    assert (a, failed, b) == ("result of a", error, "result of b")
    assert ledgers.committed == [["first"], ["a"], ["b"]]
    assert await writer.write(noting("c")) == "result of c"


@pytest.mark.parametrize("when", ["fails_to_begin", "fails_to_commit"])
async def test_where_the_database_is_gone_the_whole_group_hears_it_at_once(ledgers, writer, when):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        tasks += await begun(writer.write(noting(n)) for n in range(50))
        setattr(ledgers, when, True)
    assert set(await asyncio.gather(*tasks, return_exceptions=True)) == {GONE}
    assert (ledgers.begun, ledgers.committed) == (2, [])
    setattr(ledgers, when, False)
    assert await writer.write(noting("later")) == "result of later"


async def test_a_change_whose_caller_is_gone_before_it_begins_is_not_made(ledgers, writer):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        tasks += await begun(writer.write(noting(n)) for n in range(3))
        tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[2], asyncio.CancelledError)
    assert ledgers.committed == [["first"], [0, 2]]


async def test_a_caller_who_goes_while_it_is_made_takes_nobody_along(ledgers, writer):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("a"))])
        tasks[0].cancel()
        tasks += await begun([writer.write(noting("b"))])
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] == "result of b"
    assert ledgers.committed == [["a"], ["b"]]


async def test_a_caller_who_goes_while_the_group_fails_takes_nobody_along(ledgers, writer):
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        tasks += await begun(writer.write(change) for change in (noting("a"), failing(RuntimeError())))
    await asyncio.wait([tasks[0]])
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await writer.write(noting("b")) == "result of b"


async def test_closing_commits_what_was_asked_for_and_takes_no_more(ledgers):
    writer = GroupWriter(ledgers.begin)
    async with ledgers.held():
        tasks = await begun([writer.write(noting("first"))])
        tasks += await begun([writer.write(noting("last"))])
        tasks += await begun([writer.aclose()])
    await asyncio.gather(*tasks)
    assert ledgers.committed == [["first"], ["last"]]
    with pytest.raises(StoreUnavailable):
        await writer.write(noting("too late"))


async def test_closing_a_writer_that_was_never_used_is_nothing(ledgers):
    await GroupWriter(ledgers.begin).aclose()
    assert ledgers.begun == 0


# ---- on the databases ----


@pytest.fixture
def begins(database):
    """One entry per transaction that is begun to write."""
    seen = []
    event.listen(database._writing.sync_engine, "begin", seen.append)
    return seen


async def test_a_burst_of_questions_takes_few_transactions(store, database, begins):
    accepted = await asyncio.gather(*(asked(store, f"q{n}", thread=f"t{n % 7}") for n in range(200)))
    assert len({new.turn for new in accepted}) == 200
    assert len(begins) <= 3
    assert len(await store.open_turns()) == 200


async def test_one_faulty_change_of_a_burst_fails_alone(store, database):
    async def faulty(connection):
        await connection.execute(insert(notes).values(key="k", value="once"))
        await connection.execute(insert(notes).values(key="k", value="twice"))

    burst = [asked(store, f"q{n}") for n in range(10)]
    burst.insert(5, database.write(faulty, urgent=True))
    outcomes = await asyncio.gather(*burst, return_exceptions=True)
    assert isinstance(outcomes.pop(5), IntegrityError)
    assert sorted(new.turn for new in outcomes) == sorted({new.turn for new in outcomes})
    assert len(await store.open_turns()) == 10
    assert await fetch(database, "SELECT * FROM notes") == []
