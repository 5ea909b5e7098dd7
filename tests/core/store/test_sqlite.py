"""SQLite: one process per file, and how it is set up."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StoreLocked, StoreUnavailable
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.lock import FileLock
from core.store.store import Store
from tests.core.store.conftest import WORDS, fetch

ROOT = Path(__file__).parents[3]
OPEN = """
import asyncio, sys
from core.errors import StoreLocked
from core.store.database import Database

async def main():
    try:
        database = await Database.open(sys.argv[1])
    except StoreLocked as error:
        print(error)
        return 3
    await database.aclose()
    return 0

sys.exit(asyncio.run(main()))
"""
ACCEPT = """
import asyncio, os, sys
from core.store.database import Database
from core.store.store import Store
from tests.core.store.conftest import asked

async def main():
    await asked(Store(await Database.open(sys.argv[1])))
    os._exit(9)

asyncio.run(main())
"""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


async def process(code, url):
    command = [sys.executable, "-c", code, url]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


async def test_a_second_process_is_refused_with_a_sentence_and_let_in_afterwards(url, database, tmp_path):
    refused = await process(OPEN, url)
    assert refused.returncode == 3
    assert "another process runs on this store" in refused.stdout
    assert "store.url" in refused.stdout
    assert str(tmp_path / "parley.db.lock") in refused.stdout
    assert refused.stderr == ""
    await database.aclose()
    again = await process(OPEN, url)
    assert (again.returncode, again.stderr) == (0, "")


async def test_the_lock_ends_with_the_process_that_was_killed(url, tmp_path):
    hold = "import sys, pathlib; from core.store.lock import FileLock; "
    hold += "FileLock(pathlib.Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    file = str(tmp_path / "parley.db")
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", hold, file, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreLocked):
        await Database.open(url)
    holder.kill()
    await holder.communicate()
    await (await Database.open(url)).aclose()


def test_a_lock_can_be_taken_again_after_its_release(tmp_path):
    lock = FileLock(tmp_path / "deep" / "down" / "s.db").acquire()
    with pytest.raises(StoreLocked):
        FileLock(tmp_path / "deep" / "down" / "s.db").acquire()
    lock.release()
    lock.release()
    FileLock(tmp_path / "deep" / "down" / "s.db").acquire().release()


async def test_others_may_read_and_write_beside_us(url, database):
    beside = await Database.open(url, exclusive=False)
    await Store(database).put("key", "value")
    assert await Store(beside).get("key") == "value"
    await Store(beside).put("key", "other")
    assert await Store(database).get("key") == "other"
    await beside.aclose()


async def test_a_refused_start_gives_the_lock_back(tmp_path):
    (tmp_path / "parley.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreUnavailable):
        await Database.open(f"sqlite:///{tmp_path}/parley.db")
    FileLock(tmp_path / "parley.db").acquire().release()


async def test_what_was_accepted_survives_the_end_of_the_process(url):
    done = await process(ACCEPT, url)
    assert (done.returncode, done.stderr) == (9, "")
    database = await Database.open(url)
    [waiting] = await Store(database).open_turns()
    turn = await Ledger(database).claim(waiting.turn)
    await database.aclose()
    assert turn.message.text == WORDS


async def test_the_database_is_configured_for_safety(database):
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    async def ask(connection):
        return [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]

    assert await database.write(ask) == ["wal", 2, 1, 10_000]
    assert [(await fetch(database, f"PRAGMA {name}"))[0][0] for name in names] == ["wal", 2, 1, 10_000]


async def test_the_directory_of_the_store_is_made(tmp_path):
    await (await Database.open(f"sqlite:///{tmp_path}/new/folder/s.db")).aclose()
    assert (tmp_path / "new" / "folder" / "s.db").exists()
