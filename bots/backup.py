"""`parley backup`: a copy of a store that a bot may be running on and writing to."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkstemp

from core.errors import Advice, ParleyError
from core.store.inspection import existing

BUSY_SECONDS = 30.0


def backup(url: str, target: Path) -> int:
    """Copy the store into a new file that only we can read; its size in bytes. Raises ParleyError.

    The bot goes on meanwhile: the copy is of one moment (SQLite: VACUUM INTO).
    """
    if target.exists():
        raise _refused(f"{target} exists already: name a new file")
    store = existing(url)
    if store is None:
        raise _refused("the store is a PostgreSQL database: use pg_dump")
    # Under another name until it is whole: a copy that was cut off must not look like one.
    try:
        handle, name = mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _refused(f"{target.parent} can't be written ({error.strerror}): name another folder") from None
    unfinished = Path(name)
    try:
        _copy(store, unfinished)
        os.fsync(handle)
        unfinished.rename(target)
    except (sqlite3.Error, OSError) as error:
        raise _refused(f"the store can't be copied now: {error}") from None
    finally:
        os.close(handle)
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(store: Path, target: Path) -> None:
    address = f"{store.absolute().as_uri()}?mode=rw"  # it never makes the file
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def _refused(hint: str) -> ParleyError:
    return ParleyError(Advice("internal", hint))
