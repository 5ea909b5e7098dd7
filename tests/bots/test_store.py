"""What `parley check` says about the store, and that a running bot sweeps it."""

import os
import sqlite3
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from bots.checking import check
from bots.config import parse
from bots.running import running_bot
from core.store import retention
from core.store.database import Database
from core.store.inspection import inspect_store
from simulators.dify import DifySimulator
from simulators.slack import SlackSimulator
from tests.postgres import eventually, rows, value


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/data/parley.db"


@pytest.fixture
async def made(url, tmp_path):
    await (await Database.open(url)).aclose()
    return tmp_path / "data" / "parley.db"


async def said(url):
    finding = await inspect_store(url)
    assert finding.subject == "store"
    return finding.ok, finding.text


async def test_a_store_to_be_is_not_made(url, tmp_path):
    assert await said(url) == (True, f"{tmp_path}/data/parley.db is made at the first start")
    assert list(tmp_path.iterdir()) == []


async def test_a_store_that_can_be_used(url, made):
    assert await said(url) == (True, f"{made} can be used")


async def test_beside_a_running_bot(url, made):
    database = await Database.open(url)
    assert await said(url) == (True, f"{made} can be used")
    await database.aclose()


async def test_an_older_store_is_not_migrated(url, made):
    version(made, "0001")
    assert await said(url) == (
        True,
        f"{made} can be used; its tables are brought up to date at the next start",
    )
    with closing(sqlite3.connect(made)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


async def test_a_newer_store_is_said(url, made):
    version(made, "9999")
    assert await said(url) == (False, f"{made} was made by a newer version of this program: run that version")


def version(file, number):
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (number,))


async def test_a_file_that_is_no_store_is_said(url, made):
    made.write_bytes(b"this is no database at all" * 100)
    ok, text = await said(url)
    assert not ok
    assert text.startswith(f"{made} can't be read (file is not a database): restore a backup")


async def test_a_folder_that_is_a_file_is_said(url, tmp_path):
    (tmp_path / "data").write_text("no folder")
    ok, text = await said(url)
    assert not ok
    assert text == f"{tmp_path}/data is not a folder: set another store.url"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("kind", ["folder", "file"])
async def test_what_may_not_be_written_is_said(url, made, kind):
    path = made if kind == "file" else made.parent
    path.chmod(0o500)
    ok, text = await said(url)
    path.chmod(0o700)
    assert not ok
    assert text.startswith(f"{path} can't be written: give it to the user that runs parley")


async def test_postgresql_that_can_be_used(postgres):
    assert await said(postgres) == (True, "PostgreSQL can be used")


async def test_an_empty_postgresql_stays_empty(empty_postgres):
    assert await said(empty_postgres) == (
        True,
        "PostgreSQL can be used; its tables are made at the next start",
    )
    assert await value(empty_postgres, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_a_newer_postgresql_is_said(empty_postgres):
    await (await Database.open(empty_postgres)).aclose()
    await rows(empty_postgres, "UPDATE alembic_version SET version_num = '9999'")
    ok, text = await said(empty_postgres)
    assert (ok, "newer version" in text) == (False, True)


async def test_a_user_who_may_not_make_tables_is_said(empty_postgres):
    name = f"stranger_{os.getpid()}"  # roles belong to the server, not to the database
    await rows(empty_postgres, f"CREATE ROLE {name} LOGIN")
    await rows(empty_postgres, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    ok, text = await said(urlsplit(empty_postgres)._replace(netloc=f"{name}@127.0.0.1").geturl())
    await rows(empty_postgres, f"DROP ROLE {name}")
    assert (ok, "may not create tables" in text) == (False, True)


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        (
            "postgresql://u:s3cret@127.0.0.1:1/db",
            "can't be reached: is it up, is the host in store.url right?",
        ),
        ("postgresql://u:s3cret@nowhere.invalid/db", "can't be reached"),
        ("postgresql://u:s3cret@h:port/db", "store.url can't be read"),
    ],
)
async def test_a_server_that_can_not_be_reached_is_said_without_the_password(url, mend):
    ok, text = await said(url)
    assert (ok, mend in text, "s3cret" in text) == (False, True, False)


async def test_a_database_that_is_not_there_is_said(empty_postgres):
    ok, text = await said(empty_postgres.rpartition("/")[0] + "/nowhere")
    assert (ok, "has no such user or database: create it" in text) == (False, True)


@pytest.fixture
async def config(tmp_path):
    async with DifySimulator() as dify, SlackSimulator() as slack:
        dify.add_app("app-k")
        yield parse(
            {
                "dify": {"base_url": dify.base_url},
                "apps": {"support": {"api_key": "app-k"}},
                "routes": [{"app": "support"}],
                "slack": {
                    "bot_token": slack.bot_token,
                    "app_token": slack.app_token,
                    "api_url": slack.api_url,
                },
                "store": {"url": "sqlite:///data/parley.db", "keep_days": 7},
                "server": {"listen": "127.0.0.1:0"},
            },
            tmp_path / "config.yaml",
        )


async def test_the_doctor_looks_at_the_store(config, tmp_path):
    [finding] = [finding for finding in await check(config) if finding.subject == "store"]
    assert finding.ok
    (tmp_path / "data").write_text("no folder")
    [finding] = [finding for finding in await check(config) if finding.subject == "store"]
    assert not finding.ok


async def test_a_running_bot_removes_what_is_older_than_keep_days(config, made, monkeypatch):
    monkeypatch.setattr(retention, "START_SECONDS", 0)
    with closing(sqlite3.connect(made)) as database, database:
        place = "'slack', 'W', 'C'"
        database.execute(
            "INSERT INTO conversations (id, platform, workspace, channel, thread, direct, app, identity,"
            f" dify_id, created_at, last_at) VALUES (1, {place}, 't', false, 'support', 'i', 'd', 1, 1)"
        )
        for name, days in (("old", 8), ("young", 6)):
            then = f"{time.time() - days * 24 * 3600:.0f}"
            database.execute(
                "INSERT INTO turns (conversation, platform, workspace, channel, message, author, identity,"
                " state, outcome, task_id, message_id, run_id, rating_due, rating, queued_at, closed_at)"
                f" VALUES (1, {place}, '{name}', 'U', 'i', 'closed', '', '', '', '', 0, '', {then}, {then})"
            )

    def left():
        with closing(sqlite3.connect(made)) as database:
            return [name for (name,) in database.execute("SELECT message FROM turns")]

    async with running_bot(config):
        await eventually(lambda: left() == ["young"])
