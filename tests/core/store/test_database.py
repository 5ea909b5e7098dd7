"""One process per file, and what is said when the file cannot be used."""

import asyncio
import sqlite3
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from core.errors import StoreLocked, StoreUnavailable
from core.store.database import Database
from core.store.lock import FileLock
from core.store.store import Store
from tests.core.store.conftest import WORDS, message

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


def second_process(url):
    command = [sys.executable, "-c", OPEN, url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


async def test_a_second_process_is_refused_with_a_sentence_and_let_in_afterwards(url, database, tmp_path):
    refused = await asyncio.to_thread(second_process, url)
    assert refused.returncode == 3
    assert "another process runs on this store" in refused.stdout
    assert "store.url" in refused.stdout
    assert str(tmp_path / "parley.db.lock") in refused.stdout
    assert refused.stderr == ""
    await database.aclose()
    again = await asyncio.to_thread(second_process, url)
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


async def test_others_may_read_beside_us(url, database):
    beside = await Database.open(url, exclusive=False)
    await Store(database).put("key", "value")
    assert await Store(beside).get("key") == "value"
    await beside.aclose()


@pytest.fixture
async def impatient(database):
    """The store, with a busy time-out that a test can wait for: core.store.database has no setting for it."""
    async with database.begin() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=50")
    return Store(database)


async def test_a_locked_database_is_unavailable_and_says_nothing_of_what_people_wrote(
    impatient, database, tmp_path
):
    with_lock = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    with_lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as caught:
        await impatient.accept(message(), "helpdesk")
    assert WORDS not in f"{caught.value} {caught.value.advice} {database.status}"
    assert caught.value.advice.retry
    assert "OperationalError" in str(caught.value)
    assert database.status != "ok"
    with_lock.execute("ROLLBACK")
    with_lock.close()
    assert await impatient.accept(message(), "helpdesk") is not None
    assert database.status == "ok"


async def test_not_even_a_traceback_repeats_what_people_wrote(impatient, tmp_path):
    with_lock = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    with_lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as caught:
        await impatient.put("key", WORDS)
    with_lock.close()
    assert WORDS not in "".join(traceback.format_exception(caught.value))


async def test_a_failed_transaction_leaves_nothing_behind(impatient, database, tmp_path):
    async def fail():
        async with database.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO notes VALUES ('k', 'v')")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await fail()
    assert await impatient.get("k") is None


async def test_a_full_disk_is_unavailable(impatient, database):
    async with database.begin() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreUnavailable) as caught:
        await impatient.accept(message(text=WORDS * 5000), "helpdesk")
    assert WORDS not in str(caught.value)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "parley.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreUnavailable):
        await Database.open(f"sqlite:///{tmp_path}/parley.db")
    FileLock(tmp_path / "parley.db").acquire().release()  # and the lock was given back


async def test_what_was_accepted_survives_the_end_of_the_process(url, tmp_path):
    code = OPEN.replace("await database.aclose()", "await accept(database)").replace(
        "async def main", "async def accept(database):\n    import os\n"
        "    from core.store.store import Store\n"
        "    from tests.core.store.conftest import message\n"
        "    await Store(database).accept(message(), 'helpdesk')\n"
        "    os._exit(9)\n\n\nasync def main"
    )  # fmt: skip
    command = [sys.executable, "-c", code, url]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (9, b"")
    database = await Database.open(url)
    [turn] = await Store(database).open_turns()
    await database.aclose()
    assert turn.message.text == WORDS


async def test_the_database_is_configured_for_safety(database):
    async with database.begin() as connection:
        found = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


async def test_the_directory_of_the_store_is_made(tmp_path):
    await (await Database.open(f"sqlite:///{tmp_path}/new/folder/s.db")).aclose()
    assert (tmp_path / "new" / "folder" / "s.db").exists()
