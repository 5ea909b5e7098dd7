"""The demo's web server on loopback: static files, and a WebSocket that shows and does everything."""

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.typedefs import Handler

from simulators.page import files
from simulators.page.actions import Malformed, perform
from simulators.page.feed import INTERVAL, Feed, State, changes
from simulators.page.guard import Guard, protective_headers
from simulators.stage import Stage

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONGEST_ACTION = 64 * 1024  # bytes


class DemoPage:
    """Serves the page of a stage. `async with DemoPage(stage, port) as page:`; port 0 picks one."""

    def __init__(self, stage: Stage, port: int = 0) -> None:
        self._stage = stage
        self._feed = Feed(stage)
        self._guard = Guard(port)
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self._guard.port}/?token={self._guard.token}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        app = web.Application(middlewares=[self._guarded], client_max_size=files.LONGEST)
        app.on_response_prepare.append(self._protect)
        app.router.add_get("/", self._index)
        app.router.add_get("/live", self._live)
        app.router.add_get("/file/{platform}/{known}", self._posted)
        app.router.add_post("/pick", self._pick)
        app.router.add_get("/{name}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._guard.port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._guard = Guard(self._runner.addresses[0][1], self._guard.token)
        self._pump = asyncio.create_task(self._feed.run())

    async def stop(self) -> None:
        """Close what is open."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.query.get("token") if request.path == "/" else None
        refusal = self._guard.refusal(request.headers, request.cookies, token)
        return web.Response(status=403, text=f"{refusal}\n") if refusal else await handler(request)

    async def _protect(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(protective_headers(f"{HOST}:{self._guard.port}"))

    async def _index(self, _request: web.Request) -> web.Response:
        response = _static("index.html")
        response.set_cookie(self._guard.cookie, self._guard.token, httponly=True, samesite="Strict")
        return response

    async def _file(self, request: web.Request) -> web.Response:
        return _static(request.match_info["name"])

    async def _posted(self, request: web.Request) -> web.Response:
        return files.posted(self._stage, request.match_info["platform"], request.match_info["known"])

    async def _pick(self, request: web.Request) -> web.Response:
        return await files.pick(self._stage, request)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=30.0, max_msg_size=LONGEST_ACTION)
        await socket.prepare(request)
        self._sockets.add(socket)
        telling = asyncio.create_task(self._tell(socket))
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await socket.send_json(self._answer(message.data))
        except ConnectionError:
            log.debug("the browser went away")
        finally:
            self._sockets.discard(socket)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        """The whole state first, then what changes; a slow browser gets fewer, larger changes."""
        seen: State = {}
        state = self._feed.state
        first = True
        with contextlib.suppress(ConnectionError):
            while True:
                kind = "snapshot" if first else "changes"
                await socket.send_json({"type": kind, **changes(seen, state)})
                first, seen = False, state
                await asyncio.sleep(INTERVAL)
                state = await self._feed.after(seen)

    def _answer(self, data: str | bytes) -> dict[str, Any]:
        """Do what the browser asks; whatever it sends, the answer says what came of it."""
        number: Any = None
        try:
            action = json.loads(data)
            number = action.get("id") if isinstance(action, dict) else None
            done = perform(self._stage, action)
        except Malformed as malformed:
            return {"type": "error", "id": number, "message": str(malformed)}
        except (ValueError, RecursionError):
            return {"type": "error", "id": None, "message": "an action is a JSON object"}
        self._feed.poke()
        return {"type": "done", "id": number, **done}


def _static(name: str) -> web.Response:
    """A file of the page; names are looked up in the folder's listing, so that no path leads out of it."""
    path = next((each for each in STATIC.iterdir() if each.name == name), None)
    if path is None or path.suffix not in TYPES:
        raise web.HTTPNotFound(text=f"There is no {name!r}.\n")
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")
