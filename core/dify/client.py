"""One app of a Dify server, asked through its Service API (one key = one app)."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from core.dify.errors import refusal
from core.dify.events import AnyEvent, parse
from core.dify.server import CONNECT_SECONDS, SIDE_CALL_SECONDS, DifyServer
from core.dify.sse import PING, EventSplitter
from core.errors import Advice, DifyBusy, DifyLost, DifyUnreachable

log = logging.getLogger(__name__)

RUN_SILENCE_SECONDS = 315.0  # a queued chatflow is silent for 300 s (no pings) before Dify gives up
CHAT_SILENCE_SECONDS = 60.0  # Dify pings every 10 s
STOP_SECONDS = 10.0
UNREACHABLE = Advice(
    "dify_unreachable", "no connection to Dify: is dify.base_url right, is it up?", retry=True
)
LOST = Advice("answer_lost", "the stream from Dify broke off before its end", retry=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked (Dify: POST /chat-messages)."""

    query: str
    user: str
    conversation_id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    trace_id: str = ""


class DifyClient:
    """Typed calls of one app. Raises the DifyError family of core.errors, nothing of httpx."""

    def __init__(self, server: DifyServer, api_key: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self.server_version = ""  # of the last reply; "" before the first

    @asynccontextmanager
    async def ask(self, question: Question, *, run: bool) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        """Ask, and give the events of the answer as they arrive (Dify: POST /chat-messages, streaming).

        Entering returns when Dify has answered 200; `run` says that a worker process executes it (chatflow).
        Entering raises DifyUnreachable, DifyBusy (both: nothing has begun), DifyRefused, ConversationGone,
        DifyLost; iterating raises DifyLost. Read to the end: hanging up loses the answer at Dify.
        """
        silence = RUN_SILENCE_SECONDS if run else CHAT_SILENCE_SECONDS
        request = self._server.runs_client.build_request(
            "POST",
            "/chat-messages",
            json={
                "query": question.query,
                "user": question.user,
                "conversation_id": question.conversation_id,
                "inputs": question.inputs,
                "response_mode": "streaming",
                "auto_generate_name": False,
            },
            headers=self._headers | ({"X-Trace-Id": question.trace_id} if question.trace_id else {}),
            timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS, pool=None),
        )
        response = await self._send(self._server.runs_client, request, stream=True)
        try:
            await self._accept(response, question.conversation_id)
            yield _events(response)
        finally:
            await response.aclose()

    async def stop(self, task_id: str, user: str) -> None:
        """Stop an answer (Dify: POST /chat-messages/{task_id}/stop). Only the `user` that asked can.

        Dify says success whether or not anything was stopped; the stream then ends by itself.
        """
        await self._side(
            "POST", f"/chat-messages/{task_id}/stop", json={"user": user}, timeout=STOP_SECONDS, reserved=True
        )

    async def rate(self, message_id: str, user: str, rating: str | None) -> None:
        """Rate an answer: "like", "dislike" or None (Dify: POST /messages/{message_id}/feedbacks).

        `user` is the one that asked. None where no rating exists is done already (Dify says 400).
        """
        body = {"rating": rating, "user": user}
        response = await self._call("POST", f"/messages/{message_id}/feedbacks", json=body)
        if not (rating is None and response.status_code == 400):
            self._raise_for(response)

    async def info(self) -> dict[str, Any]:
        """Name, description and, since 1.4, `mode` of the app (Dify: GET /info)."""
        return await self._side("GET", "/info")

    async def is_kind(self, path: str, params: dict[str, Any]) -> bool:
        """Whether a GET that only some kinds of app know is answered: how 0.15 is asked for its mode."""
        response = await self._call("GET", path, params=params)
        if not response.is_success:
            error = refusal(response.status_code, response.content)
            if isinstance(error, DifyBusy) or response.status_code in {401, 403, 429} or error.advice.retry:
                raise error
        return response.is_success

    async def _side(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = await self._call(method, path, **options)
        self._raise_for(response)
        try:
            body = response.json() if response.content else {}
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    async def _call(
        self,
        method: str,
        path: str,
        *,
        timeout: float = SIDE_CALL_SECONDS,
        reserved: bool = False,
        **options: Any,
    ) -> httpx.Response:
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
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise DifyUnreachable(UNREACHABLE) from error
        except httpx.HTTPError as error:
            raise DifyLost(LOST) from error
        self.server_version = response.headers.get("X-Version", self.server_version)
        return response

    async def _accept(self, response: httpx.Response, conversation_id: str) -> None:
        if response.is_success:
            return
        try:
            body = await response.aread()
        except httpx.HTTPError:
            body = b""
        raise refusal(response.status_code, body, conversation_id=conversation_id)

    def _raise_for(self, response: httpx.Response) -> None:
        if not response.is_success:
            raise refusal(response.status_code, response.content)


async def _events(response: httpx.Response) -> AsyncIterator[AnyEvent]:
    splitter = EventSplitter()
    try:
        async for chunk in response.aiter_bytes():  # no chunk_size: it would hold bytes back until full
            for data in splitter.feed(chunk):
                if data != PING:
                    yield parse(data)
    except httpx.HTTPError as error:
        raise DifyLost(LOST) from error
    finally:
        if splitter.oversized:
            log.warning("gave up on %d oversized lines of a stream", splitter.oversized)
