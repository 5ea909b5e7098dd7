"""The intake over a real store: what is kept is run, whatever becomes of whoever brought it."""

import asyncio

import pytest

from core.inbox import Intake
from core.responses import Responses
from core.router import Route
from core.running import Stops
from core.stopping import Stopping
from core.store.database import Database
from core.store.store import Store
from core.taking import Taking
from tests.core.store.conftest import enlist, message


class Line:
    """Queues that only remember what they were told to run."""

    def __init__(self):
        self.submitted = []

    enlist = staticmethod(enlist)

    def submit(self, turn, line):
        self.submitted.append((turn, line))


@pytest.fixture
async def store(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    database = await Database.open(f"sqlite:///{tmp_path}/s.db")
    yield Store(database)
    await database.aclose()


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def intake(store, line):
    stops = Stops()
    stopping, responses = Stopping(store, stops, line), Responses({}, {})
    return Intake(store, [Route("helpdesk")], Taking(line), None, stops, stopping, responses, {})


@pytest.mark.parametrize("rounds", range(12))
async def test_a_message_that_is_kept_is_run_though_its_bringer_was_cancelled(store, line, intake, rounds):
    bringing = asyncio.create_task(intake.message(message()))
    for _ in range(rounds):  # of the loop: cancelled at every step of the way
        await asyncio.sleep(0)
    bringing.cancel()
    await asyncio.wait([bringing])
    await intake.aclose()
    kept = await store.open_turns()
    assert [waiting.turn for waiting in kept] == [turn for turn, _ in line.submitted]
    assert len(kept) == (0 if rounds == 0 else 1)


async def test_a_message_that_is_known_is_not_run_again(store, line, intake):
    await intake.message(message())
    await intake.message(message())
    assert len(line.submitted) == 1
