"""Queues in one process: each line in order, lines side by side, and nothing left behind."""

import asyncio

import pytest

from core.dispatch.local import LocalQueues
from core.errors import Advice, Superseded
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.store import Store
from tests.core.store.conftest import asked


class Floor:
    """Turns that run until they are let go."""

    def __init__(self):
        self.begun, self.ended, self.cut = [], [], []
        self.fails = {}
        self._gates = {}
        self._changed = asyncio.Event()

    def gate(self, turn):
        return self._gates.setdefault(turn, asyncio.Event())

    async def run(self, turn, tenure):
        await tenure.ownership.check()
        self._note(self.begun, turn)
        try:
            await self.gate(turn).wait()
        except asyncio.CancelledError:
            self._note(self.cut, turn)
            raise
        self._note(self.ended, turn)
        if turn in self.fails:
            raise self.fails[turn]
        return True

    def _note(self, where, turn):
        where.append(turn)
        self._changed.set()

    async def wait(self, condition):
        async with asyncio.timeout(5):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def let_go(self, *turns):
        for turn in turns:
            self.gate(turn).set()
        await self.wait(lambda: set(turns) <= set(self.ended))


@pytest.fixture
async def floor():
    return Floor()


@pytest.fixture
async def queues(floor):
    queues = LocalQueues(floor.run, None)
    yield queues
    await queues.cancel(1)


async def test_a_line_runs_one_after_the_other_and_lines_side_by_side(queues, floor):
    for turn in (1, 2, 3):
        queues.submit(turn, line=7)
    queues.submit(4, line=8)
    await floor.wait(lambda: floor.begun == [1, 4])
    await floor.let_go(1)
    await floor.wait(lambda: floor.begun == [1, 4, 2])
    await floor.let_go(2, 3, 4)
    assert floor.begun == [1, 4, 2, 3]


async def test_what_comes_while_a_line_ends_runs_too(queues, floor):
    for turn in range(1, 6):
        queues.submit(turn, line=7)
        await floor.let_go(turn)
    assert floor.ended == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("error", [RuntimeError("secret words"), Superseded(Advice("internal", "forgotten"))])
async def test_a_turn_that_fails_holds_nobody_up(queues, floor, error, caplog):
    floor.fails[1] = error
    queues.submit(1, line=7)
    queues.submit(2, line=7)
    await floor.let_go(1)
    await floor.let_go(2)
    assert "secret words" not in caplog.text


async def test_draining_lets_what_runs_end_and_begins_nothing(queues, floor):
    queues.submit(1, line=7)
    queues.submit(2, line=7)
    await floor.wait(lambda: floor.begun == [1])
    draining = asyncio.create_task(queues.drain(5))
    await asyncio.sleep(0)
    queues.submit(3, line=8)
    await floor.let_go(1)
    assert await draining == 0
    assert floor.begun == [1]


async def test_draining_says_how_many_did_not_end_in_time(queues, floor):
    queues.submit(1, line=7)
    queues.submit(2, line=8)
    await floor.wait(lambda: len(floor.begun) == 2)
    assert await queues.drain(0) == 2
    await queues.cancel(1)
    assert sorted(floor.cut) == [1, 2]
    assert await queues.drain(0) == 0


async def test_an_idle_process_drains_at_once(queues):
    assert await queues.drain(5) == 0
    await queues.cancel(5)
    await queues.aclose()


async def test_serving_goes_on_until_it_is_cancelled(queues):
    serving = asyncio.create_task(queues.serve())
    await queues.nudge(1)
    await asyncio.wait([serving], timeout=0.01)
    assert not serving.done()
    serving.cancel()


async def test_a_start_takes_up_what_is_open_in_order_and_ahead_of_what_comes(tmp_path, floor):
    database = await Database.open(f"sqlite:///{tmp_path}/parley.db")
    store, ledger = Store(database), Ledger(database)
    news = [await asked(store, f"q{number}") for number in range(4)]
    await ledger.note_sending(await ledger.claim(news[1].turn))
    await ledger.close(await ledger.claim(news[0].turn), "complete")
    queues = LocalQueues(floor.run, store)
    await queues.take_up()
    late = await asked(store, "late")
    queues.submit(late.turn, late.line)
    wanted = [news[1].turn, news[2].turn, news[3].turn, late.turn]
    await floor.let_go(*wanted)
    assert floor.begun == wanted
    assert await queues.drain(1) == 0
    await database.aclose()


async def test_a_turns_row_is_all_that_its_queue_needs(queues):
    assert await queues.enlist(None, 1, 7) is None
