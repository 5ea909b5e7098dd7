"""What a simulated server received, kept in order, with conditions to wait on instead of sleeping."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True)
class Call:
    """One request that a simulated server received, and what it answered."""

    method: str  # Slack: "chat.postMessage"; others: "POST /channels/{channel_id}/messages"
    args: dict[str, Any]  # the body and query as the server understood them; path parameters included
    status: int = 200
    error: str | None = None  # the platform's error code, if it refused
    peer: int = 0  # the client's port, by which its process can be told
    at: float = field(default_factory=time.monotonic)


def peer_port(transport: asyncio.BaseTransport | None) -> int:
    """The client's port of a connection; 0 where it is gone."""
    address = transport.get_extra_info("peername") if transport is not None else None
    return int(address[1]) if address else 0


class Journal:
    """The calls and changes of one simulated server; everything else can wait for a condition on it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._waiters: set[asyncio.Event] = set()
        self._listeners: list[Callable[[str, dict[str, Any]], None]] = []

    def record(self, call: Call) -> None:
        """Append a received call and wake whoever waits."""
        self.calls.append(call)
        self.changed("call", {"method": call.method, "status": call.status, "error": call.error})

    def changed(self, kind: str, detail: dict[str, Any]) -> None:
        """Say that the simulated world changed: wakes waiters and tells the listeners (the demo page)."""
        for listener in list(self._listeners):
            listener(kind, detail)
        for waiter in self._waiters:
            waiter.set()

    def listen(self, listener: Callable[[str, dict[str, Any]], None]) -> Callable[[], None]:
        """Call `listener(kind, detail)` on every change, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def named(self, method: str) -> list[Call]:
        """All calls of one method, oldest first."""
        return [call for call in self.calls if call.method == method]

    async def wait(self, condition: Callable[[], Any], *, within: float = 10.0) -> Any:
        """Wait until `condition()` is truthy and return its value; it is asked again after every change.

        It may look at more than this server (at what a client has done with a reply), so it is asked now and
        then without a change too. Raises TimeoutError after `within` seconds.
        """
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within):
                while not (value := condition()):
                    waiter.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                            await waiter.wait()
                return value
        finally:
            self._waiters.discard(waiter)
