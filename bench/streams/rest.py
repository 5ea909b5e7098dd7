"""A Discord that knows only how messages are posted and edited, as strict and as cheap as can be.

Five calls in five seconds per channel and method: said in the headers, and held to.
"""

import asyncio
import itertools
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CALLS, WINDOW = 5, 5.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MESSAGES = re.compile(r"/channels/(\d+)/messages(?:/(\d+))?$")
_USER = {"id": "1", "username": "bench", "discriminator": "0", "avatar": None, "bot": True}
_APPLICATION = {
    "id": "1",
    "name": "bench",
    "description": "",
    "icon": None,
    "bot_public": False,
    "bot_require_code_grant": False,
    "owner": _USER,
    "verify_key": "",
}


@dataclass
class Window:
    """Calls since it began."""

    ends: float = 0.0
    calls: int = 0


@dataclass
class Platform:
    """What was written, by channel and message."""

    channels: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    posts: int = 0
    edits: int = 0
    refused: int = 0
    _windows: dict[tuple[str, str], Window] = field(default_factory=lambda: defaultdict(Window))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10_000))

    def call(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, JSON and headers of a reply."""
        if found := _MESSAGES.search(path):
            return self._message(method, found[1], found[2], json.loads(body))
        if path.endswith("/told"):
            told = {name: getattr(self, name) for name in ("posts", "edits", "refused")}
            texts = {channel: "".join(messages.values()) for channel, messages in self.channels.items()}
            return 200, {**told, "texts": texts}, {}
        return 200, _APPLICATION if path.endswith("/@me") and "applications" in path else _USER, {}

    def _message(
        self, method: str, channel: str, message: str | None, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        now = time.monotonic()
        window = self._windows[method, channel]
        if now >= window.ends:
            window.ends, window.calls = now + WINDOW, 0
        left = window.ends - now
        if window.calls >= CALLS:
            self.refused += 1
            return 429, {"retry_after": left, "global": False, "message": ""}, {"Retry-After": f"{left:.3f}"}
        window.calls += 1
        self.posts += method == "POST"
        self.edits += method == "PATCH"
        message = message or str(next(self._numbers))
        self.channels[channel][message] = body["content"]
        headers = {
            "X-RateLimit-Limit": str(CALLS),
            "X-RateLimit-Remaining": str(CALLS - window.calls),
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": "bench",
        }
        return (
            200,
            {"id": message, "channel_id": channel, "content": body["content"], "components": []},
            headers,
        )


class Rest(asyncio.Protocol):
    """One connection, kept open: request after request."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._request = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of a request; the next one comes only after the reply."""
        self._request += data
        head, end, body = self._request.partition(b"\r\n\r\n")
        if not end:
            return
        length = _LENGTH.search(head)
        if len(body) < (int(length[1]) if length else 0):
            return
        self._request = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self._reply(*self._platform.call(method, target.partition("?")[0], body))

    def _reply(self, status: int, content: dict[str, Any], headers: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._transport.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)
