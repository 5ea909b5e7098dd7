"""One Dify server: its connections, and how many of them may be in use at once.

A stock API worker serves 10 connections (gunicorn, 10 greenlets); with more, even `stop` hangs. So answers
take at most `max_streams`, everything else shares one, and one more is kept free for `stop`.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import httpx

from core.dify.transport import StreamTransport, proxy_for

CONNECT_SECONDS = 10.0
SIDE_CALL_SECONDS = 60.0
KEEPALIVE_SECONDS = 1.5  # Dify 0.15 closes idle connections after 2.0 s; reusing one then loses the request

_NO_PROXY = {
    f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")
}  # whatever HTTP_PROXY says


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much of a server we may use at once; 0 is no limit."""

    streams: int = 8
    runs: int = 4  # of the streams: chatflow and workflow runs where a worker process executes them (>= 1.13)


def api_base(url: str) -> str:
    """The base of the Service API for a URL given with or without /v1 and trailing slashes."""
    url = url.rstrip("/")
    return url if url.endswith("/v1") else url + "/v1"


class DifyServer:
    """The connections to one base URL, shared by all apps on it. Used as a context, it closes them."""

    def __init__(
        self, base_url: str, limits: StreamLimits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        limits = limits or StreamLimits()
        self.base_url = api_base(base_url)
        verify = tls or httpx.create_ssl_context()
        # Asking is not idempotent: no kept-alive connection that the server may be closing.
        transport = StreamTransport(verify, proxy_for(self.base_url))
        self.runs_client = httpx.AsyncClient(base_url=self.base_url, transport=transport)
        self.side_client = _client(self.base_url, verify, keepalive=4)
        self._limits = limits
        self._streams = Slots(limits.streams)
        self._runs = Slots(limits.runs)
        self._side = Slots(1)

    def share(self, among: int) -> None:
        """So many processes ask this server: from now on each keeps to an equal part."""
        self._streams.resize(_part(self._limits.streams, among))
        self._runs.resize(_part(self._limits.runs, among))

    @asynccontextmanager
    async def stream_slot(self, *, run: bool) -> AsyncIterator[None]:
        """Hold one of the places for answers (and for runs, if it is one) while in the context."""
        async with self._runs if run else Slots(0), self._streams:
            yield

    def stream_is_free(self, *, run: bool) -> bool:
        """Whether `stream_slot` would be granted at once."""
        return self._streams.free and (not run or self._runs.free)

    @asynccontextmanager
    async def side_slot(self) -> AsyncIterator[None]:
        """Hold the one connection that all side calls but `stop` share."""
        async with self._side:
            yield

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.runs_client.aclose()
        await self.side_client.aclose()


class Slots:
    """So many may be inside at once, first come first served; 0 is no limit."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._inside = 0
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> bool:
        """Whether one more would be let in at once."""
        return not self._count or (self._inside < self._count and not self._line)

    def resize(self, count: int) -> None:
        """From now on so many; who is inside stays."""
        self._count = count
        self._let_in()

    async def __aenter__(self) -> None:
        if self.free:
            self._inside += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            elif turn in self._line:
                self._line.remove(turn)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._line and (not self._count or self._inside < self._count):
            turn = self._line.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)


def _part(count: int, among: int) -> int:
    return max(1, count // among) if count else 0


def _client(base_url: str, verify: ssl.SSLContext, *, keepalive: int) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=None, max_keepalive_connections=keepalive, keepalive_expiry=KEEPALIVE_SECONDS
    )
    timeout = httpx.Timeout(SIDE_CALL_SECONDS, connect=CONNECT_SECONDS, pool=None)
    return httpx.AsyncClient(
        base_url=base_url, verify=verify, limits=limits, timeout=timeout, mounts=dict(_NO_PROXY)
    )
