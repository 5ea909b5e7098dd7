"""`parley backup`: a copy that can be used, of a store that is being written to."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bots.backup import backup
from core.errors import ParleyError
from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.store.database import Database
from core.store.store import Store

ROOT = Path(__file__).parents[2]


async def enlist(*_):
    """Nobody runs the turns."""


def question(number):
    place, ref = Place("chat", "w", "c", f"t{number}"), MessageRef("chat", "w", "c", f"q{number}")
    return IncomingMessage(ref, place, Person("ann"), "words " * 100, Addressed.MENTION, "chat:c")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
async def store(url):
    """What a running bot has open."""
    database = await Database.open(url)
    yield Store(database)
    await database.aclose()


async def numbers(url):
    """The questions in a store, as a bot finds them that starts on it."""
    database = await Database.open(url)
    found = [waiting.turn for waiting in await Store(database).open_turns()]
    await database.aclose()
    return found


def fill(file):
    """So much that a copy takes its time."""
    with closing(sqlite3.connect(file)) as database, database:
        rows = ((f"key-{number}", "x" * 2000) for number in range(20_000))
        database.executemany("INSERT INTO notes VALUES (?, ?)", rows)


async def test_the_copy_of_a_store_that_is_written_to_is_of_one_moment(store, url, tmp_path):
    fill(tmp_path / "parley.db")
    written = 0
    begun, stop = asyncio.Event(), asyncio.Event()

    async def hammer(first):
        nonlocal written
        for number in range(first, first + 1_000_000):
            await store.accept(question(number), "helpdesk", enlist)
            written += 1
            begun.set()
            if stop.is_set():
                return

    writers = [asyncio.create_task(hammer(first * 1_000_000)) for first in range(4)]
    async with asyncio.timeout(30):
        await begun.wait()
        before = written
        size = await asyncio.to_thread(backup, url, tmp_path / "copy.db")
        after = written
    stop.set()
    await asyncio.gather(*writers)
    assert after > before  # they went on meanwhile
    assert size == (tmp_path / "copy.db").stat().st_size
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
    found = await numbers(f"sqlite:///{tmp_path}/copy.db")
    assert found == list(range(1, len(found) + 1))
    assert before <= len(found) <= after + len(writers)


async def test_the_copy_is_a_store_and_the_original_stays_one(store, url, tmp_path):
    await store.accept(question(1), "helpdesk", enlist)
    backup(url, tmp_path / "copy.db")
    await store.accept(question(2), "helpdesk", enlist)
    assert await numbers(f"sqlite:///{tmp_path}/copy.db") == [1]
    assert [waiting.turn for waiting in await store.open_turns()] == [1, 2]


async def test_only_we_can_read_it(store, url, tmp_path):
    before = os.umask(0)
    try:
        backup(url, tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


async def test_an_existing_file_is_left_alone(store, url, tmp_path):
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(ParleyError, match="exists already: name a new file"):
        backup(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_store_that_is_not_there_is_not_made(url, tmp_path):
    with pytest.raises(ParleyError, match=r"there is no store at .*parley\.db"):
        backup(url, tmp_path / "copy.db")
    assert left(tmp_path) == []


def test_a_postgresql_store_is_for_pg_dump(tmp_path):
    with pytest.raises(ParleyError, match="use pg_dump"):
        backup("postgresql://u:secret@host/db", tmp_path / "copy.db")
    assert left(tmp_path) == []


async def test_a_folder_that_is_not_there_is_said(store, url, tmp_path):
    with pytest.raises(ParleyError, match=r"nowhere can't be written \(No such file or directory\)"):
        backup(url, tmp_path / "nowhere" / "copy.db")


def test_a_copy_that_fails_leaves_nothing(url, tmp_path):
    (tmp_path / "parley.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(ParleyError, match="can't be copied now: file is not a database"):
        backup(url, tmp_path / "copy.db")
    assert left(tmp_path) == ["parley.db"]


async def test_a_copy_leaves_nothing_else(store, url, tmp_path):
    before = left(tmp_path)
    backup(url, tmp_path / "copy.db")
    assert left(tmp_path) == sorted([*before, "copy.db"])


def parley(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "bots", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def configured(tmp_path):
    def write(url):
        (tmp_path / "config.yaml").write_text(
            "apps: {support: {api_key: app-k}}\nroutes: [{app: support}]\n"
            f"slack: {{bot_token: xoxb-1, app_token: xapp-1}}\nstore: {{url: '{url}'}}\n"
        )

    return write


async def test_the_command_copies_beside_the_bot(store, configured, tmp_path):
    configured("sqlite:///parley.db")
    await store.accept(question(1), "helpdesk", enlist)
    done = await asyncio.to_thread(parley, "backup", "copy.db", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "copy.db: 0.1 MB copied\n", "")
    assert await numbers(f"sqlite:///{tmp_path}/copy.db") == [1]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("postgresql://u:s3cret@h/d", "use pg_dump"), ("sqlite:///none.db", "there is no store at")],
)
def test_the_command_says_what_it_can_not_do(configured, tmp_path, url, sentence):
    configured(url)
    done = parley("backup", "copy.db", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("parley: ")
    assert sentence in line
    assert "s3cret" not in line


def test_without_a_file_it_is_wrong_usage(tmp_path):
    assert parley("backup", cwd=tmp_path).returncode == 2
