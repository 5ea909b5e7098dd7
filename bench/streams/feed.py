"""A Dify that costs next to nothing: no framework, its bytes made beforehand.

What is asked of it stands in the question: {"events": how many, "rate": of them per second; 0: all at once}.
"""

import asyncio
import json
import re

from bench.streams.script import END, HEAD, LAST_CHUNK, MESSAGES

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BLOCK = 64  # events that are written at once where there is no pace


class Feed(asyncio.Protocol):
    """One connection: a question, then its answer."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = b""
        self._sent = self._events = 0
        self._gap = self._due = 0.0
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of the request."""
        self._request += data
        head, end, body = self._request.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and length is not None and len(body) >= int(length[1]):
            self._request = b""
            self._begin(**json.loads(json.loads(body)["query"]))

    def pause_writing(self) -> None:
        """The reader is behind."""
        self._paused = True

    def resume_writing(self) -> None:
        """The reader is there again."""
        self._paused = False
        if not self._gap:
            self._pour()

    def _begin(self, events: int, rate: float) -> None:
        self._sent, self._events = 0, events
        self._transport.write(HEAD)
        if not rate:
            self._pour()
            return
        self._gap, self._due = 1 / rate, self._loop.time()
        self._tick()

    def _tick(self) -> None:
        """The next event. One that comes late does not put off those after it."""
        if self._transport.is_closing():
            return
        if self._sent == self._events:
            self._transport.write(END.stamped() + LAST_CHUNK)
            return
        self._transport.write(MESSAGES[self._sent % len(MESSAGES)].stamped())
        self._sent += 1
        self._due += self._gap
        self._loop.call_at(self._due, self._tick)

    def _pour(self) -> None:
        """As many as the reader takes."""
        while not self._paused and self._sent <= self._events and not self._transport.is_closing():
            upto = min(self._events, self._sent + _BLOCK)
            block = [MESSAGES[index % len(MESSAGES)].stamped() for index in range(self._sent, upto)]
            self._sent = upto
            if upto == self._events:
                block += [END.stamped(), LAST_CHUNK]
                self._sent += 1
            self._transport.write(b"".join(block))
