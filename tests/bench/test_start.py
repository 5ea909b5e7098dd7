"""The bench of starting: a real bot for one platform, what it loaded, and what does not belong there."""

import asyncio
import os
from itertools import count

import pytest

from bench.report import Measured
from bench.start import ASTRAY, CPU, GOALS, IDLE, RSS, idling, run
from bench.start.importing import price
from bench.start.setups import BOTH, DISCORD, ON_POSTGRES, SETUPS, SLACK

linux = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks /proc")  # noqa: PTH110


@pytest.mark.heavy
@linux
def test_a_real_bot_is_started_twice_and_measured():
    report = asyncio.run(run(["--setup", SLACK.name, "--tries", "1", "--idle", "0.2"]))
    found = {figure.name: figure for figure in report.figures}
    assert report.skipped == []
    assert found[ASTRAY.format(SLACK.name)].value == 0
    assert 30 < found[IDLE.format(SLACK.name)].value < 300
    for title in (CPU, RSS):
        figure = found[title.format(SLACK.name)]
        assert figure.value > figure.reference > 0
    mine = {goal.figure for goal in GOALS if goal.figure.startswith(SLACK.name)}
    assert mine <= set(found)


@linux
async def test_without_a_server_postgresql_is_skipped_with_the_reason():
    report = await run(["--setup", ON_POSTGRES.name, "--postgres", "postgresql://127.0.0.1:9/none"])
    assert report.figures == []
    assert report.skipped[0].startswith(f"{ON_POSTGRES.name}: ")


@linux
async def test_imports_are_priced_by_themselves_and_what_fails_is_told():
    nothing, something = await price([]), await price(["json", "asyncio", "no_such_module"])
    assert something.rss > nothing.rss > 1
    assert something.cpu > nothing.cpu >= 0
    assert something.failed == ("no_such_module",)
    assert nothing.failed == ()


@pytest.mark.parametrize(
    ("setup", "name", "astray"),
    [
        (SLACK, "discord", True),
        (SLACK, "discord.http", True),
        (SLACK, "adapters.discord.adapter", True),
        (SLACK, "adapters.discord.settings", False),  # knows the section that is not there
        (SLACK, "slack_bolt.app", False),
        (SLACK, "discordant", False),
        (DISCORD, "slack_sdk", True),
        (DISCORD, "discord", False),
        (BOTH, "psycopg", True),
        (BOTH, "procrastinate.jobs", True),
        (BOTH, "aiosqlite", False),
        (BOTH, "sqlalchemy.dialects.postgresql.base", True),
        (ON_POSTGRES, "sqlalchemy.dialects.postgresql.base", False),
        (ON_POSTGRES, "sqlalchemy.orm", True),
        (BOTH, "sqlalchemy.ext.asyncio.engine", False),
        (ON_POSTGRES, "psycopg", False),
        (ON_POSTGRES, "aiosqlite.core", True),
        (BOTH, "simulators.slack", True),
    ],
)
def test_what_a_set_up_has_no_use_for(setup, name, astray):
    assert bool(setup.astray([name, "json", "core.turn"], migrated=True)) is astray


def test_alembic_is_for_migrations():
    assert SLACK.astray(["alembic.command"], migrated=True) == ["alembic.command"]
    assert SLACK.astray(["alembic.command"], migrated=False) == []


def test_memory_is_settled_once_it_is_the_same_for_a_while(monkeypatch):
    sizes, asked = iter([50.0, 80.0, 90.0, *[100.0] * 50]), count()
    monkeypatch.setattr(idling, "rss", lambda pid: (next(asked), next(sizes))[1])
    monkeypatch.setattr(idling, "_PAUSE", 0.0)
    assert asyncio.run(idling._settled(1)) == 100.0
    assert next(asked) == 3 + idling._SAMPLES


def test_what_is_not_there_is_said_and_not_passed_over(monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    report = asyncio.run(run([]))
    assert isinstance(report, Measured)
    assert report.skipped == ["everything: there is no /proc to ask what a process uses"]


def test_the_goals_are_those_of_the_platforms():
    assert {
        setup.name for setup in SETUPS if any(goal.figure.startswith(f"{setup.name}:") for goal in GOALS)
    } == {setup.name for setup in SETUPS}
