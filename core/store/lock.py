"""One process per SQLite store: an flock beside the file, never a lock on the database itself."""

import fcntl
import os
from pathlib import Path
from typing import Self

from core.errors import Advice, StoreLocked


class FileLock:
    """Held from `acquire` until `release` or the end of the process, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._fd = -1

    def acquire(self) -> Self:
        """Take the lock. Raises StoreLocked where another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            hint = f"another process runs on this store ({self._path}): stop it, or set another store.url"
            raise StoreLocked(Advice("internal", hint)) from None
        return self

    def release(self) -> None:
        """Give the lock back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
