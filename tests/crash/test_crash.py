"""Real processes, killed at every moment: nothing is lost, nothing said twice (`make soak`: in full)."""

import os

import pytest

from bench.crash import run
from bench.crash.options import SETUPS
from bench.crash.referee import Wrong

TURNS = os.environ.get("PARLEY_CRASH_TURNS", "2000")
KILLS = os.environ.get("PARLEY_CRASH_KILLS", "600")
SEED = os.environ.get("PARLEY_CRASH_SEED", "1")


async def crash(setup, *arguments):
    report = await run(["--setup", setup, "--seed", SEED, *arguments])
    print(report.table())  # noqa: T201 (the figures of a run that is good are worth keeping: -rP shows them)
    if report.results[0].skipped:
        pytest.skip(report.results[0].skipped)
    return report


@pytest.mark.crash
@pytest.mark.timeout(600)
@pytest.mark.parametrize("setup", SETUPS)
async def test_nothing_is_lost_and_nothing_said_twice(setup):
    report = await crash(setup)
    assert report.ok, report.table()


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.parametrize("setup", SETUPS)
async def test_the_same_for_an_hour(setup):
    report = await crash(setup, "--turns", TURNS, "--kills", KILLS, "--settle", "600")
    assert report.ok, report.table()


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_bot_without_a_memory_is_found_out():
    report = await crash("sqlite", "--forgetful", "--turns", "20", "--kills", "4")
    verdict = report.results[0].verdict
    assert not report.ok
    assert verdict.count(Wrong.LOST)
    assert verdict.count(Wrong.HALF)
