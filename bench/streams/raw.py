"""The yardstick: a bare protocol on a socket that does no more than it must, and orjson."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from bench.streams.script import lag


class Watch(Protocol):
    """Who counts events."""

    def note(self, seconds: float) -> None:
        """One was parsed, so long after it was sent."""

    def opened(self) -> None:
        """It was the first of its stream."""

    def ended(self) -> None:
        """It was the last."""


class RawReader(asyncio.Protocol):
    """Asks one question and folds the answer. Takes for granted whatever the fake Dify always does."""

    def __init__(self, request: bytes, loads: Callable[[bytes], Any], watch: Watch | None) -> None:
        self._request = request
        self._loads = loads
        self._watch = watch
        self._rest = b""
        self._body = False
        self._pieces: list[str] = []
        self.events = 0
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no relative of it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Cut the chunks out; each is one event."""
        data = self._rest + data if self._rest else data
        at = 0
        if not self._body:
            at = data.find(b"\r\n\r\n") + 4
            self._body = at > 3
        while self._body and (line := data.find(b"\r\n", at)) >= 0:
            end = line + 2 + int(data[at:line], 16)
            if len(data) < end + 2:
                break
            self._take(data[line + 2 : end])
            at = end + 2
        self._rest = data[max(0, at) :] if self._body else data

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, wanted or not."""
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("cut off"))

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self.over.set_result("".join(self._pieces))
            self._transport.close()
            return
        event = self._loads(chunk[6:])
        self.events += 1
        if (watch := self._watch) is not None:
            watch.note(lag(event["task_id"]))
            if self.events == 1:
                watch.opened()
            elif event["event"] == "message_end":
                watch.ended()
        if event["event"] == "message":
            self._pieces.append(event["answer"])


def request(url: str, query: dict[str, Any]) -> bytes:
    """The bytes of a question."""
    body = json.dumps({"query": json.dumps(query), "user": "bench", "inputs": {}}).encode()
    head = {
        "Host": urlsplit(url).netloc,
        "Authorization": "Bearer app-bench",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /v1/chat-messages HTTP/1.1\r\n{lines}\r\n".encode() + body


async def read(
    url: str, query: dict[str, Any], loads: Callable[[bytes], Any], watch: Watch | None = None
) -> tuple[int, str]:
    """Events and text of one answer."""
    asked, where = request(url, query), urlsplit(url)
    assert where.hostname is not None
    assert where.port is not None
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(
        lambda: RawReader(asked, loads, watch), where.hostname, where.port
    )
    whole = await reader.over
    return reader.events, whole
