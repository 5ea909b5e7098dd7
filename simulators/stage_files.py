"""Files that the person at the demo's page picked, kept until the message or form with them is sent."""

import secrets
from dataclasses import dataclass

LONGEST = 5_000_000  # bytes of one file
MOST = 20  # files that wait; the oldest are forgotten
NAME = 100  # characters


@dataclass(frozen=True)
class Picked:
    """One file."""

    name: str
    mime: str
    data: bytes


class Shelf:
    """Keeps them by an id that nobody can guess."""

    def __init__(self) -> None:
        self._files: dict[str, Picked] = {}

    def put(self, name: str, mime: str, data: bytes) -> str:
        """Keep a file; its id. The name is only ever a label: it is no path."""
        known = secrets.token_urlsafe(12)
        plain = " ".join(name.replace("\\", "/").rpartition("/")[2].split())[-NAME:]
        self._files[known] = Picked(plain or "file", mime, data)
        while len(self._files) > MOST:
            del self._files[next(iter(self._files))]
        return known

    def get(self, known: str) -> Picked | None:
        """The file, unless it was forgotten."""
        return self._files.get(known)
