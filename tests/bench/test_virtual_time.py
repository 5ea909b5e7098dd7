"""The virtual clock itself: what the tests of pacing, lanes and replies stand on."""

import asyncio
import time

import pytest

from bench.virtual_time import run


def test_an_hour_passes_at_once_and_exactly():
    async def story():
        clock, seen = asyncio.get_running_loop().time, []
        async with asyncio.TaskGroup() as group:
            for seconds in (3600, 1.25, 60):
                group.create_task(asyncio.sleep(seconds)).add_done_callback(lambda _: seen.append(clock()))
        return seen

    before = time.monotonic()
    assert run(story()) == pytest.approx([1.25, 60, 3600], abs=1e-6)
    assert time.monotonic() - before < 5


def test_time_outs_fall_due_in_virtual_time():
    async def story():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(30)


def test_waiting_for_ever_fails_instead_of_hanging():
    with pytest.raises(RuntimeError, match="for ever"):
        run(asyncio.Event().wait())
