"""One websocket of a bot: frames go out in order, compressed as the client asked."""

import asyncio
import contextlib
import importlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Encode = Callable[[str], bytes | str]


@dataclass(frozen=True)
class Close:
    """A request to the writer to close the socket with this code."""

    code: int


class Connection:
    """Writes to one websocket; sending never blocks the world."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, encode: Encode) -> None:
        self.socket = socket
        self.session_id: str | None = None
        self.closing = False  # by us, not by the client
        self.saying_goodbye = False  # with a close frame, which the writer sends and awaits the answer to
        self._request = request
        self._encode = encode
        self._queue: asyncio.Queue[str | Close] = asyncio.Queue()

    def send(self, op: int, data: Any, *, seq: int | None = None, name: str | None = None) -> None:
        """Queue one gateway payload (Discord: events/gateway-events#payload-structure)."""
        self._queue.put_nowait(json.dumps({"op": op, "d": data, "s": seq, "t": name}))

    def close(self, code: int) -> None:
        """Queue a close frame behind whatever is still to be written."""
        self.closing = self.saying_goodbye = True
        self._queue.put_nowait(Close(code))

    def abort(self) -> None:
        """Cut the line without a close frame: the client sees 1006."""
        self.closing = True
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write(self) -> None:
        """Write until the socket is closed."""
        with contextlib.suppress(ConnectionError):
            while isinstance(item := await self._queue.get(), str):
                await self._put(self._encode(item))
            await self.socket.close(code=item.code)

    async def _put(self, frame: bytes | str) -> None:
        if isinstance(frame, str):
            await self.socket.send_str(frame)
        else:
            await self.socket.send_bytes(frame)


def encoder(compress: str | None) -> Encode | None:
    """How frames are written for `?compress=`; None when this Python has no such compression."""
    if compress is None:
        return lambda text: text
    return {"zlib-stream": _zlib, "zstd-stream": _zstd}.get(compress, lambda: None)()


def _zlib() -> Encode:
    stream = zlib.compressobj()
    return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)


def _zstd() -> Encode | None:
    """One context for the whole connection, whose frame never ends: clients cannot start a second one."""
    for name in ("zstandard", "compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            library = importlib.import_module(name)
            return _zstandard(library) if name == "zstandard" else _standard(library)
    return None


def _zstandard(library: Any) -> Encode:
    stream = library.ZstdCompressor().compressobj()
    return lambda text: stream.compress(text.encode()) + stream.flush(library.COMPRESSOBJ_FLUSH_BLOCK)


def _standard(library: Any) -> Encode:
    stream = library.ZstdCompressor()
    return lambda text: bytes(stream.compress(text.encode(), mode=stream.FLUSH_BLOCK))
