"""Server-sent events as Dify writes them, cut out of a byte stream that may be cut anywhere.

Dify sends `data: {json}` lines and, as a keep-alive, `event: ping` without data; no ids, no retry, no CR.
The parser still follows the standard (WHATWG HTML, 9.2): CR, LF and CRLF end lines, several data lines
are joined, comments are skipped; an event without data is dropped, except the ping, which resets watchdogs.
"""

from collections.abc import Iterator

PING = b""  # what a keep-alive yields: an event with no data
_SHORT = 64 * 1024  # bytes


class EventSplitter:
    """Feed it bytes, get the data of each complete event. A line may have up to `max_line` bytes."""

    def __init__(self, max_line: int = 16 * 1024 * 1024) -> None:
        self._buffer = bytearray()
        self._scanned = 0  # no line end in the buffer before this offset
        self._data: list[bytes] = []
        self._ping = False
        self._max_line = max_line
        self._skipping = False  # inside a line that grew over the limit
        self._after_cr = False
        self.oversized = 0  # lines given up on

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of every event that the chunk completes (PING for a keep-alive)."""
        if self._is_plain and b"\r" not in chunk:
            *events, chunk = self._joined(chunk).split(b"\n\n")
            for event in events:
                if event.startswith(b"data: ") and b"\n" not in event:  # nearly all: no need to go by lines
                    yield event[6:]
                else:
                    yield from self._feed(event + b"\n\n")
        if chunk:
            yield from self._feed(chunk)

    @property
    def _is_plain(self) -> bool:
        """Nothing of an event was taken yet but, at most, the beginning of its first line."""
        if self._data or self._ping or self._skipping or self._after_cr:
            return False
        return len(self._buffer) < _SHORT  # a long one would be copied again for each chunk of it

    def _joined(self, chunk: bytes) -> bytes:
        if self._buffer:
            chunk = bytes(self._buffer) + chunk
            self._buffer.clear()
            self._scanned = 0
        return chunk

    def _feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._after_cr:  # CRLF cut between the two
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
            self._after_cr = False
        self._buffer += chunk
        for line in self._lines():
            if line:
                self._take(line)
            elif (event := self._finish()) is not None:
                yield event

    def _lines(self) -> Iterator[bytes]:
        start = 0
        buffer = self._buffer
        while (end := _line_end(buffer, max(start, self._scanned))) >= 0:
            line = b"\0" if self._skipping else bytes(buffer[start:end])  # "\0": no blank line, no field
            self._skipping = False
            start = end + 1
            if buffer[end] == 0x0D:
                if start == len(buffer):
                    self._after_cr = True
                elif buffer[start] == 0x0A:
                    start += 1
            self._scanned = start
            yield line
        del buffer[:start]
        self._scanned = len(buffer)
        if len(buffer) > self._max_line:
            self.oversized += not self._skipping
            self._skipping = True
            buffer.clear()
            self._scanned = 0

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event" and value == b"ping":
            self._ping = True

    def _finish(self) -> bytes | None:
        event = b"\n".join(self._data) if self._data else (PING if self._ping else None)
        self._data = []
        self._ping = False
        return event


def _line_end(buffer: bytearray, start: int) -> int:
    newline = buffer.find(b"\n", start)
    cr = buffer.find(b"\r", start, newline if newline >= 0 else len(buffer))
    return cr if cr >= 0 else newline
