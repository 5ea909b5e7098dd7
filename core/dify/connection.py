"""Requests with one app's key over a server's connections, and the streams of events that come back."""

import logging
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from core.dify.errors import refusal
from core.dify.events import AnyEvent, parse
from core.dify.server import CONNECT_SECONDS, SIDE_CALL_SECONDS, DifyServer
from core.dify.sse import PING, EventSplitter
from core.dify.transport import NOTHING_SENT, PIECES
from core.errors import Advice, DifyError, DifyLost, DifyUnreachable

log = logging.getLogger(__name__)

UNREACHABLE = Advice(
    "dify_unreachable", "no connection to Dify: is dify.base_url right, is it up?", retry=True
)
LOST = Advice("answer_lost", "the stream from Dify broke off before its end", retry=True)
_GAVE_UP = frozenset((408, 504, 522, 524))  # of a proxy: it no longer waits, but the run may go on


class Connection:
    """Raises the DifyError family of core.errors, nothing of httpx."""

    def __init__(self, server: DifyServer, api_key: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self.server_version = ""  # of the last reply; "" before the first

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        silence: float,
        headers: dict[str, str] | None = None,
        conversation_id: str = "",
        **options: Any,
    ) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        """The events of a reply, which may pause for `silence` seconds; the caller holds a stream slot.

        Entering returns when Dify has answered 200. A 404 for `conversation_id` is ConversationGone.
        """
        client = self._server.runs_client
        request = client.build_request(
            method,
            path,
            headers=self._headers | (headers or {}),
            timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS, pool=None),
            **options,
        )
        response = await self._send(client, request, stream=True)
        try:
            await _accept(response, conversation_id)
            yield _events(response)
        finally:
            await response.aclose()

    async def read(
        self, method: str, path: str, *, conversation_id: str = "", **options: Any
    ) -> dict[str, Any]:
        """The JSON object of a side call's reply; {} where the reply holds none."""
        response = await self.call(method, path, **options)
        if not response.is_success:
            raise refusal(response.status_code, response.content, conversation_id=conversation_id)
        try:
            body = response.json() if response.content else {}
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    async def call(
        self,
        method: str,
        path: str,
        *,
        timeout: float = SIDE_CALL_SECONDS,
        reserved: bool = False,
        **options: Any,
    ) -> httpx.Response:
        """The reply to a side call, whatever its status; they share one slot, unless it is `reserved`."""
        limits = httpx.Timeout(timeout, connect=CONNECT_SECONDS, pool=None)
        client = self._server.side_client
        request = client.build_request(method, path, headers=self._headers, timeout=limits, **options)
        if reserved:
            return await self._send(client, request)
        async with self._server.side_slot():
            return await self._send(client, request)

    async def _send(
        self, client: httpx.AsyncClient, request: httpx.Request, *, stream: bool = False
    ) -> httpx.Response:
        try:
            response = await client.send(request, stream=stream)
        except NOTHING_SENT as error:
            raise DifyUnreachable(UNREACHABLE) from error
        except httpx.HTTPError as error:
            raise DifyLost(LOST) from error
        self.server_version = response.headers.get("X-Version", self.server_version)
        return response


def unanswered(status: int, body: bytes, *, conversation_id: str = "") -> DifyError:
    """The error for a question whose reply is not 2xx: DifyLost where a proxy gave up waiting for it."""
    error = refusal(status, body, conversation_id=conversation_id)
    gave_up = status in _GAVE_UP and not isinstance(error, DifyUnreachable)
    return DifyLost(LOST) if gave_up else error


async def _accept(response: httpx.Response, conversation_id: str) -> None:
    if response.is_success:
        return
    try:
        body = await response.aread()
    except httpx.HTTPError:
        body = b""
    raise unanswered(response.status_code, body, conversation_id=conversation_id)


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes; past httpx's layers where nothing is packed, which saves a fifth of the CPU."""
    pieces: AsyncIterable[bytes] | None = response.extensions.get(PIECES)
    if pieces is None or "Content-Encoding" in response.headers:
        return response.aiter_bytes()  # no chunk_size: it would hold bytes back until full
    return aiter(pieces)


async def _events(response: httpx.Response) -> AsyncIterator[AnyEvent]:
    splitter = EventSplitter()
    try:
        async for chunk in _chunks(response):
            for data in splitter.feed(chunk):
                if data != PING:
                    yield parse(data)
    except httpx.HTTPError as error:
        raise DifyLost(LOST) from error
    finally:
        if splitter.oversized:
            log.warning("gave up on %d oversized lines of a stream", splitter.oversized)
