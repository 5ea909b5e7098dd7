"""A Discord to run on loopback: REST API, gateway, attachments, and the people in it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from simulators.discord import (
    cdn,
    rest_attachments,
    rest_channels,
    rest_guilds,
    rest_interactions,
    rest_messages,
)
from simulators.discord.cdn import Cdn
from simulators.discord.faults import Faults
from simulators.discord.gateway import Gateway
from simulators.discord.limits import Buckets, Limits
from simulators.discord.people import People
from simulators.discord.rest import BODY_LIMIT, Endpoint, Rest
from simulators.discord.state import Channel, User, World
from simulators.journal import Journal

HOST = "127.0.0.1"
API = "/api/v10"
TOKEN = "simulated.discord.token"
ROUTES: dict[str, Endpoint] = {
    **rest_guilds.ROUTES,
    **rest_channels.ROUTES,
    **rest_messages.ROUTES,
    **rest_interactions.ROUTES,
    **rest_attachments.ROUTES,
}


class DiscordSimulator(People):
    """One bot's Discord. `async with DiscordSimulator() as discord:` or start() and stop().

    The bot is pointed here with `discord.http.Route.BASE = simulator.api_url` and
    `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(simulator.gateway_url)`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        bot_name: str = "Parley",
        message_content_enabled: bool = True,
        limits: Limits | None = None,
        heartbeat_interval: float = 41.25,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world = World(bot_name, clock)
        self.world.message_content_enabled = message_content_enabled
        self.token = token
        self.limits = limits or Limits()
        self.faults = Faults(self.world.journal)
        self.gateway = Gateway(self.world, token, heartbeat_interval)
        self.cdn = Cdn(self.world)
        self._rest = Rest(self.world, token, self.faults, Buckets(self.limits))
        self._port = port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def journal(self) -> Journal:
        """Every REST call, and a way to wait for anything that happens here."""
        return self.world.journal

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def api_url(self) -> str:
        return f"{self.origin}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://{HOST}:{self._port}/"

    @property
    def message_content_enabled(self) -> bool:
        """The developer portal's toggle; False refuses the intent with 4014 and empties REST content."""
        return self.world.message_content_enabled

    @message_content_enabled.setter
    def message_content_enabled(self, enabled: bool) -> None:
        self.world.message_content_enabled = enabled

    async def start(self) -> None:
        """Listen; with port 0 the system picks one, kept until stop()."""
        self._runner = web.AppRunner(self._application(), shutdown_timeout=1.0)
        await self._runner.setup()
        await self._listen()
        self.world.gateway_url = self.gateway_url
        self.cdn.origin = self.origin

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("not started")
        self._site = web.TCPSite(self._runner, HOST, self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/", self.gateway.accept)
        for path in cdn.PATHS:
            app.router.add_get(path, self.cdn.serve)
        for method, endpoint in ROUTES.items():
            verb, path = method.split(" ", 1)
            app.router.add_route(verb, f"{API}{path}", self._rest.serve(method, endpoint))
        app.router.add_route("*", f"{API}/{{path:.*}}", self._rest.unknown)
        return app

    async def stop(self) -> None:
        """Close everything that is open."""
        self.faults.open_all()
        self.gateway.drop(1001)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @asynccontextmanager
    async def unreachable(self) -> AsyncIterator[None]:
        """Cut all lines and refuse connections for a while; sessions can be resumed afterwards."""
        if self._site is not None:
            await self._site.stop()
        self.gateway.drop()
        for line in self._runner.server.connections if self._runner and self._runner.server else ():
            line.force_close()  # also those that wait for a next request
        try:
            yield
        finally:
            await self._listen()

    def drop(self, code: int | None = None) -> None:
        """Close the gateway connections with a code, or cut them without one."""
        self.gateway.drop(code)

    def rate_limit_next(self, method: str, retry_after: float, **kind: Any) -> None:
        """Answer the method's next request with 429 (see Faults.rate_limit_next)."""
        self.faults.rate_limit_next(method, retry_after, **kind)

    def lose_reply_next(self, method: str, *, times: int = 1) -> None:
        """Carry the method's next request out, but cut the line instead of replying."""
        self.faults.lose_reply_next(method, times=times)

    def post_malformed(self, channel: Channel, user: User, content: str) -> None:
        """A MESSAGE_CREATE with `guild_id: null`, which kills discord.py's parser and its connect()."""
        author = {"id": str(user.id), "username": user.name, "discriminator": "0", "avatar": None}
        data = {"id": str(self.world.new_id()), "channel_id": str(channel.id), "author": author}
        rest = {
            "content": content,
            "type": 0,
            "guild_id": None,
            "mentions": [],
            "attachments": [],
            "embeds": [],
        }
        self.gateway.send_raw("MESSAGE_CREATE", data | rest)
