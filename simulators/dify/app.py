"""The server: sockets, routing, keys, the journal, and the connection limit of a stock API worker."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.dify.errors import NOT_FOUND_PAGE, DifyError, unauthorized
from simulators.dify.exchange import Exchange
from simulators.dify.files import serve_signed
from simulators.dify.routes import ROUTES, Route
from simulators.dify.state import App
from simulators.dify.workspace import Workspace

SIGNED = (
    Route("GET", "/files/tools/{file_id}.{extension}", serve_signed, needs_key=False),
    Route("GET", "/files/{file_id}/file-preview", serve_signed, needs_key=False),
)


class DifySimulator(Workspace):
    """A Dify server on 127.0.0.1 that speaks the Service API of one release.

    Usage::

        async with DifySimulator(version="1.16.1") as dify:
            dify.add_app("app-helpdesk", mode="chat", name="Helpdesk")
            ...  # talk to dify.base_url with any client

    `max_connections` requests are served at once; the others wait without a byte, also a stop call, as
    with a stock API worker (10 connections). None = no limit.
    """

    def __init__(
        self, version: str = "1.16.1", *, pace: float | None = None, max_connections: int | None = None
    ) -> None:
        super().__init__(version, pace=pace)
        self._slots: asyncio.Semaphore | None = None
        self._runner: web.AppRunner | None = None
        self._kept_port: int | None = None  # while nobody listens: a file descriptor
        self.limit_connections(max_connections)

    @property
    def base_url(self) -> str:
        """The API base, e.g. http://127.0.0.1:40123/v1."""
        return f"{self.origin}/v1"

    def limit_connections(self, most: int | None) -> None:
        """Serve at most so many requests at once from now on; those being served do not count."""
        self._slots = asyncio.Semaphore(most) if most else None

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 picks a free one."""
        self._let_port_go()
        app = web.Application(client_max_size=200 * 1024 * 1024)
        for route in ROUTES:
            if route.exists_in(self.dialect.release):
                app.router.add_route(route.method, f"/v1{route.path}", self._handler(route))
        for route in SIGNED:
            app.router.add_route(route.method, route.path, self._handler(route))
        app.middlewares.append(self._strangers)
        app.on_response_prepare.append(self._plain_headers)
        idle = 75.0 if self.dialect.since(1) else 2.0  # gunicorn's default, measured on 0.15.8
        self._runner = web.AppRunner(
            app, handler_cancellation=True, keepalive_timeout=idle, shutdown_timeout=0.2, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """End all runs and close the sockets; nobody else gets the port meanwhile."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._runner is not None:
            address = self._runner.addresses[0]
            await self._runner.cleanup()
            self._runner = None
            kept = socket.socket()
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(address)  # not listening: who calls is refused
            self._kept_port = kept.detach()

    def _let_port_go(self) -> None:
        if self._kept_port is not None:
            os.close(self._kept_port)
            self._kept_port = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
        self._let_port_go()

    async def _plain_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        if self.dialect.since(1):
            response.headers.pop("Server", None)  # the recorded 1.16.1 names none

    @web.middleware
    async def _strangers(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Routes that this release does not have, in Dify's words."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self._refused(
                Exchange(self, request, f"{request.method} {request.path}"),
                DifyError.page(404, NOT_FOUND_PAGE),
            )
        except web.HTTPMethodNotAllowed:
            words = "The method is not allowed for the requested URL."
            error = DifyError(405, "method_not_allowed", words)
            return self._refused(Exchange(self, request, f"{request.method} {request.path}"), error)

    def _refused(self, exchange: Exchange, error: DifyError) -> web.Response:
        exchange.record(error.status, error.code)
        return error.response(self.dialect)

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            exchange = Exchange(self, request, route.name)
            async with self._slot():
                try:
                    response = await self._serve(route, exchange)
                except DifyError as error:
                    return self._refused(exchange, error)
            exchange.record(response.status)
            return response

        return handle

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        slots = self._slots
        if slots is None:
            yield
            return
        self.waiting += 1
        self.journal.changed("waiting", {"requests": self.waiting})
        try:
            await slots.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            slots.release()

    async def _serve(self, route: Route, exchange: Exchange) -> web.StreamResponse:
        if not route.needs_key:
            return await route.endpoint(exchange)
        exchange.app = self._app_of(exchange.request)
        await exchange.read()
        exchange.read_user(required=route.user_required)
        route.check_mode(exchange.target.mode)
        return await route.endpoint(exchange)

    def _app_of(self, request: web.Request) -> App:
        header = request.headers.get("Authorization", "")
        if " " not in header:
            words = "Authorization header must be provided and start with 'Bearer'"
            raise unauthorized(words, self.dialect)
        scheme, key = header.split(" ", 1)
        if scheme.lower() != "bearer":
            raise unauthorized("Authorization scheme must be 'Bearer'", self.dialect)
        app = self.apps.get(key.strip())
        if app is None:
            raise unauthorized("Access token is invalid", self.dialect)
        if app.deleted:
            raise DifyError(403, "forbidden", "The app no longer exists.")
        if not app.api_enabled:
            raise DifyError(403, "forbidden", "The app's API service has been disabled.")
        return app
