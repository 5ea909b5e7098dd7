"""Whether we may still act: for nine tenths of a lease after the last proof, and never once it is lost."""

import asyncio
import time

import pytest

from core.dispatch.ownership import Ownership, Tenure, uptime
from core.errors import Superseded


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def owned(clock):
    return Ownership(10.0, clock)


async def waiting(ownership):
    """A check that does not return at once."""
    task = asyncio.create_task(ownership.check())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    return task


@pytest.mark.parametrize("later", [0.0, 5.0, 9.0])
async def test_trusted_for_nine_tenths_of_a_lease(owned, clock, later):
    clock.now += later
    await asyncio.wait_for(owned.check(), 1)


async def test_then_in_doubt_until_it_is_proven(owned, clock):
    clock.now += 9.01
    check = await waiting(owned)
    owned.prove(clock.now)
    await asyncio.wait_for(check, 1)
    clock.now += 9.0
    await asyncio.wait_for(owned.check(), 1)


async def test_a_proof_counts_from_when_it_was_asked_for(owned, clock):
    clock.now += 9.5
    check = await waiting(owned)
    owned.prove(clock.now - 9.2)  # the reply took so long
    for _ in range(5):
        await asyncio.sleep(0)
    assert not check.done()
    owned.prove(clock.now)
    await asyncio.wait_for(check, 1)


async def test_an_older_proof_takes_nothing_back(owned, clock):
    owned.prove(clock.now)
    owned.prove(clock.now - 50)
    await asyncio.wait_for(owned.check(), 1)


async def test_what_is_lost_stays_lost(owned, clock):
    owned.lose()
    with pytest.raises(Superseded):
        await owned.check()
    owned.prove(clock.now)
    with pytest.raises(Superseded):
        await owned.check()


async def test_whoever_waits_hears_that_it_is_lost(owned, clock):
    clock.now += 20
    checks = [await waiting(owned) for _ in range(3)]
    owned.lose()
    assert {type(result) for result in await asyncio.gather(*checks, return_exceptions=True)} == {Superseded}


async def test_without_a_lease_it_is_never_in_doubt(clock):
    ownership = Ownership(clock=clock)
    clock.now += 1e9
    await asyncio.wait_for(ownership.check(), 1)


async def test_nobody_else_may_take_up_what_the_only_process_runs():
    tenure = Tenure()
    await asyncio.wait_for(tenure.ownership.check(), 1)
    assert await tenure.confirm(None)


def test_its_clock_goes_on_with_the_time():
    before, monotonic = uptime(), time.monotonic()
    while time.monotonic() - monotonic < 0.01:
        pass
    assert 0.005 < uptime() - before < 5
