"""One Socket Mode connection. Slack: docs.slack.dev/apis/events-api/using-socket-mode."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.api import proxy_for, sdk_log

_DRAIN_SECONDS = 2.5  # Slack waits 3 s for an acknowledgement

OpenUrl = Callable[[], Awaitable[str]]


class Connection(SocketModeClient):
    """The SDK's client, which reconnects by itself, over an app whose status 200 means acknowledge.

    A body of its answer goes with the acknowledgement, where Slack takes one.
    """

    def __init__(self, app: AsyncApp, open_url: OpenUrl, ping_interval: float) -> None:
        super().__init__(app_token="", logger=sdk_log, web_client=app.client, ping_interval=ping_interval)
        self._app = app
        self._open_url = open_url
        self._running: set[asyncio.Task[Any]] = set()
        self._opening: asyncio.Task[Any] | None = None
        self.socket_mode_request_listeners.append(self._dispatch)

    @property
    def up(self) -> bool:
        """Whether the socket is open. No I/O."""
        session = self.current_session
        return session is not None and not session.closed and not self.stale and not self.closed

    async def open(self) -> None:
        """Connect; the SDK tries until it succeeds or is closed."""
        await self.connect()  # type: ignore[no-untyped-call]

    async def issue_new_wss_url(self) -> str:
        """A URL good for one connection, asked until Slack gives one."""
        self._opening = asyncio.current_task()  # the SDK keeps no hold of it
        url = await self._open_url()
        self._opening = None
        self.proxy = proxy_for(url)
        return url

    async def leave(self) -> None:
        """Take nothing new, let what is being taken in finish, close."""
        self.socket_mode_request_listeners.clear()
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_SECONDS)
        tasks = [self.message_processor, self.current_session_monitor, self.message_receiver, self._opening]
        await self.close()  # type: ignore[no-untyped-call]
        if self._opening is not None:
            self._opening.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)

    async def _dispatch(self, _client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        answer = await self._app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=request.payload))
        if answer.status == 200:
            payload = json.loads(answer.body) if answer.body and request.accepts_response_payload else None
            await self.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
