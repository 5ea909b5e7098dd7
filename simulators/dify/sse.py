"""The HTTP side of a stream: what is written to the client, pings, cuts, and the client hanging up."""

import asyncio
from collections.abc import Callable, Iterable

from aiohttp import web

from simulators.dify.cut import Cut
from simulators.dify.exchange import Exchange
from simulators.dify.state import Frame
from simulators.dify.wire import PING

CLOSING = frozenset({"workflow_finished", "workflow_paused"})  # 1.13+ cuts flow streams behind these


class _CutError(Exception):
    """The cut that was asked for has been reached."""


class EventStream:
    """One SSE reply. Like Dify's workers it sends no byte, not even headers, before there is an event.

    `lingers` keeps it open, with pings, after the run has ended (`continue_on_pause`). `deafens`: an upset
    (see Channel) leaves it with nothing but pings, as measured with a snapshot; otherwise it breaks off.
    """

    def __init__(self, exchange: Exchange, *, lingers: bool = False, deafens: bool = False) -> None:
        self.exchange = exchange
        self.lingers = lingers
        self.deafens = deafens
        self._cut: Cut | None = None
        self._written = 0
        headers = exchange.dialect.headers() | {"Content-Type": "text/event-stream; charset=utf-8"}
        self.response = web.StreamResponse(headers=headers)

    async def write(self, data: bytes) -> None:
        part = self._cut.part(self._written, data) if self._cut else None
        self._written += 1
        if part is None or part:
            if not self.response.prepared:
                await self.response.prepare(self.exchange.request)
            await self.response.write(data if part is None else part)
        if part is not None:
            raise _CutError

    def abort(self) -> None:
        """Cut the TCP connection."""
        if self.exchange.request.transport is not None:
            self.exchange.request.transport.abort()

    async def relay(
        self,
        frames: asyncio.Queue[Frame],
        *,
        first: Iterable[bytes] = (),
        closing: frozenset[str] = frozenset(),
        on_frame: Callable[[Frame], None] = lambda _: None,
        on_hang_up: Callable[[], None] = lambda: None,
    ) -> web.StreamResponse:
        """Write `first`, then the frames, until one of `closing` was sent, the run ended, or it is cut.

        `on_frame` is called before each frame, `on_hang_up` when the client goes away before the end.
        """
        workspace = self.exchange.workspace
        self.exchange.record()
        workspace.stream_opened()
        self._cut, workspace.cut_next = workspace.cut_next, None
        whole = False
        try:
            for data in first:
                await self.write(data)
            whole = await self._pump(frames, closing, on_frame)
            await self._finish()
        except ConnectionError:
            self.abort()
        except _CutError:
            await self._break_off()
        finally:
            workspace.stream_closed()
            if not whole:
                on_hang_up()
        return self.response

    async def _pump(
        self, frames: asyncio.Queue[Frame], closing: frozenset[str], on_frame: Callable[[Frame], None]
    ) -> bool:
        """True when the server ended the stream, False when its connection was cut."""
        while True:
            frame = await self._next(frames)
            if frame.event == "drop":
                self.abort()
                return False
            if frame.event == "eof":
                return True
            if frame.event == "upset":
                if not self.deafens:
                    self.abort()
                    return True
                frames = asyncio.Queue()
                continue
            if frame.event == "end":
                if self.lingers:
                    continue
                return True
            on_frame(frame)
            await self.write(frame.data)
            if frame.event in closing:
                return True

    async def _next(self, frames: asyncio.Queue[Frame]) -> Frame:
        """The next frame; a ping after so many seconds of silence."""
        if not frames.empty():
            return frames.get_nowait()
        every, ping = self.exchange.workspace.ping_every, Frame("ping", PING)
        silence = asyncio.get_running_loop().call_later(every, frames.put_nowait, ping)
        try:
            return await frames.get()
        finally:
            silence.cancel()

    async def _break_off(self) -> None:
        if self._cut is not None and self._cut.clean:
            await self._finish()
        else:
            self.abort()

    async def _finish(self) -> None:
        transport = self.exchange.request.transport
        if transport is None or transport.is_closing():
            return
        if not self.response.prepared:
            await self.response.prepare(self.exchange.request)
        await self.response.write_eof()
