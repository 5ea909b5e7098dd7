"""Socket Mode: connections, envelopes, acknowledgements and redelivery. Slack: apps.connections.open."""

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from simulators.journal import Journal, peer_port

MAX_CONNECTIONS = 10


@dataclass(eq=False)
class Delivery:
    """One payload on its way to the app: how often it was sent, and what came back."""

    type: str  # "events_api" | "slash_commands" | "interactive"
    payload: dict[str, Any]
    accepts_response: bool = False
    envelopes: list[dict[str, Any]] = field(default_factory=list)  # one per attempt that found a connection
    acked: bool = False
    given_up: bool = False
    paused: bool = False  # waits for the time of its next redelivery
    earlier: int = 0  # attempts that Slack made before, of which this delivery knows nothing more
    response: Any = None  # the payload of the acknowledgement
    refused: str = ""  # why Slack did not take that payload
    on_ack: Callable[[Any], None] | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The inner event of an events_api payload, else an empty dict."""
        event: dict[str, Any] = self.payload.get("event", {})
        return event

    @property
    def attempts(self) -> int:
        """How often it was sent."""
        return len(self.envelopes)

    def again(self) -> "Delivery":
        """The same event once more, as when Slack did not see the acknowledgement."""
        return Delivery(self.type, self.payload, earlier=self.earlier + max(1, self.attempts))

    @property
    def done(self) -> bool:
        """Acknowledged or given up."""
        return self.acked or self.given_up


@dataclass(eq=False)
class Connection:
    """One open web socket of the app."""

    ws: web.WebSocketResponse
    request: web.Request
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    retired: bool = False  # told to disconnect: gets nothing new

    @property
    def peer(self) -> int:
        """The client's port."""
        return peer_port(self.request.transport)

    def lost(self) -> None:
        """Wake everyone who waits for an acknowledgement on this socket."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
        self.waiting.clear()


class SocketMode:
    """The server side of Socket Mode for one app."""

    def __init__(
        self, journal: Journal, app_id: str, ack_timeout: float, retry_delays: tuple[float, ...]
    ) -> None:
        self.journal = journal
        self.app_id = app_id
        self.ack_timeout = ack_timeout  # seconds; Slack: 3
        self.retry_delays = retry_delays  # seconds before each redelivery; Slack: 0, 60, 300
        self.connections: list[Connection] = []
        self.deliveries: list[Delivery] = []
        self.refusing = False
        self._random = random.Random(7)
        self._tickets: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def ticket(self) -> str:
        """A new, unused ticket for the URL that apps.connections.open answers."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    @property
    def open(self) -> list[Connection]:
        """The connections that a payload can go to."""
        return [connection for connection in self.connections if not connection.retired]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The web socket endpoint."""
        if self.refusing:
            return web.Response(status=503, text="service unavailable")
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid ticket")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse(timeout=1.0)
        await ws.prepare(request)
        if len(self.open) >= MAX_CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": _DEBUG})
            await ws.close()
            return ws
        await self._talk(Connection(ws, request))
        return ws

    async def _talk(self, connection: Connection) -> None:
        self.connections.append(connection)
        try:
            hello = {"type": "hello", "num_connections": len(self.open), "debug_info": _DEBUG}
            await connection.ws.send_json({**hello, "connection_info": {"app_id": self.app_id}})
            self.journal.changed("connected", {"connections": len(self.open)})
            async for message in connection.ws:
                if message.type == WSMsgType.TEXT:
                    self._acknowledged(connection, message.data)
        except ConnectionError:
            pass  # the app went away while we said hello
        finally:
            self.connections.remove(connection)
            connection.lost()
            self.journal.changed("disconnected", {"connections": len(self.open)})

    def _acknowledged(self, connection: Connection, text: str) -> None:
        ack = json.loads(text)
        future = connection.waiting.pop(ack.get("envelope_id", ""), None)
        if future is not None and not future.done():
            future.set_result(ack.get("payload"))

    def deliver(self, delivery: Delivery) -> Delivery:
        """Start to deliver a payload; it is sent to one of the connections, again if nobody acknowledges."""
        self.deliveries.append(delivery)
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def _deliver(self, delivery: Delivery) -> None:
        reason = "timeout" if delivery.earlier else ""
        delays = (0.0, *self.retry_delays) if delivery.type == "events_api" else (0.0,)
        for attempt, delay in enumerate(delays):
            await self._pause(delivery, delay)
            reason = await self._attempt(delivery, attempt, reason)
            if delivery.acked:
                self.journal.changed("ack", {"type": delivery.type})
                if delivery.on_ack:
                    delivery.on_ack(delivery.response)
                return
        delivery.given_up = True
        self.journal.changed("given_up", {"type": delivery.type})

    async def _pause(self, delivery: Delivery, delay: float) -> None:
        if delay <= 0:
            return
        delivery.paused = True
        self.journal.changed("paused", {"type": delivery.type})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), delay)
        delivery.paused = False

    async def _attempt(self, delivery: Delivery, attempt: int, reason: str) -> str:
        """Send once and wait for the acknowledgement. Returns why it failed, "" if it did not."""
        if not self.open:
            return "connection_failed"
        connection = self._random.choice(self.open)
        envelope = self._envelope(delivery, attempt, reason)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = future
        delivery.envelopes.append(envelope)
        self.journal.changed("sent", {"type": delivery.type, "attempt": attempt})
        try:
            await connection.ws.send_json(envelope)
            delivery.response = await asyncio.wait_for(future, self.ack_timeout)
        except TimeoutError:
            return "timeout"
        except ConnectionError:
            return "connection_failed"
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)
        delivery.acked = True
        return ""

    def _envelope(self, delivery: Delivery, attempt: int, reason: str) -> dict[str, Any]:
        envelope = {
            "envelope_id": str(uuid.uuid4()),
            "payload": delivery.payload,
            "type": delivery.type,
            "accepts_response_payload": delivery.accepts_response,
        }
        if delivery.type == "events_api":
            envelope |= {"retry_attempt": delivery.earlier + attempt, "retry_reason": reason}
        return envelope

    def redeliver_now(self) -> None:
        """Let every waiting redelivery happen at once instead of after its minute(s)."""
        hurry, self._hurry = self._hurry, asyncio.Event()
        hurry.set()

    async def send_raw(self, text: str) -> None:
        """Send any text to every connection: malformed envelopes, unknown types."""
        for connection in self.open:
            await connection.ws.send_str(text)

    async def ask_to_leave(self, reason: str) -> None:
        """Tell every connection to disconnect ("refresh_requested"), as Slack does every few hours."""
        for connection in self.open:
            connection.retired = reason != "warning"
            await connection.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": _DEBUG})

    def abort(self) -> None:
        """Cut every connection without a close frame."""
        for connection in list(self.connections):
            connection.retired = True
            if connection.request.transport is not None:
                connection.request.transport.abort()

    async def stop(self) -> None:
        """Close all sockets and forget what is still to deliver."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.connections):
            await connection.ws.close()


_DEBUG = {"host": "applink-simulated", "build_number": 1, "approximate_connection_time": 18060}
