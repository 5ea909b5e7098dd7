"""What the fake Dify says: events as a chat app's are, each with the time at which it was sent.

The shape is Dify's (api/core/app/apps/base_app_generator.py: `data: {json}` and a blank line, in an HTTP
chunk of its own). Real events have an id of 36 characters as `task_id`; here it tells the time.
"""

import json
import time
from dataclasses import dataclass

_PIECES = ("Once ", "**upon** ", "a time", ", ", "there ", "was ", "a `bot`", " that ", "spoke", ".\n\n- ")
_STAMP = 36  # characters
_MARK = "\0"
_IDS = {
    "conversation_id": "5ad4cb98-f0c7-4085-b384-88c403be6290",
    "message_id": "5e52ce04-874b-4d27-9045-b3bc80def685",
    "created_at": 1795291200,
    "task_id": _MARK,
    "id": "5e52ce04-874b-4d27-9045-b3bc80def685",
}
_USAGE = {"prompt_tokens": 1033, "completion_tokens": 128, "total_tokens": 1161, "latency": 0.77}
LAST_CHUNK = b"0\r\n\r\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"X-Version: 1.16.1\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """An event in its HTTP chunk, around the place of its stamp."""

    before: bytes
    after: bytes

    def stamped(self) -> bytes:
        """The bytes, as sent now."""
        return b"%b%036d%b" % (self.before, time.monotonic_ns(), self.after)


def piece(index: int) -> str:
    """The text of an answer's event."""
    return _PIECES[index % len(_PIECES)]


def text(events: int) -> str:
    """The whole text of an answer of so many events."""
    return "".join(piece(index) for index in range(events))


def lag(stamp: str) -> float:
    """Seconds since an event was sent: CLOCK_MONOTONIC is the same in all processes of a machine."""
    return (time.monotonic_ns() - int(stamp)) / 1e9


def _chunk(event: dict[str, object]) -> Chunk:
    before, after = f"data: {json.dumps(event)}\n\n".split(json.dumps(_MARK)[1:-1])
    size = len(before) + _STAMP + len(after)
    return Chunk(f"{size:x}\r\n{before}".encode(), f"{after}\r\n".encode())


MESSAGES = tuple(
    _chunk({"event": "message", **_IDS, "answer": piece, "from_variable_selector": None}) for piece in _PIECES
)
END = _chunk({"event": "message_end", **_IDS, "metadata": {"usage": _USAGE}, "files": []})
