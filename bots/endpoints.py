"""Our own HTTP endpoints: /healthz, /readyz and /metrics."""

import ipaddress
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from core.metrics import Metrics

log = logging.getLogger(__name__)

Readiness = Callable[[], Awaitable[dict[str, str]]]  # part → "ok" or the reason


class Endpoints:
    """Serves the endpoints until closed."""

    def __init__(self, listen: str, metrics_listen: str | None, ready: Readiness, metrics: Metrics) -> None:
        self._listen = listen
        self._metrics_listen = metrics_listen
        self._ready = ready
        self._metrics = metrics
        self._runners: list[web.AppRunner] = []
        self.address = ""  # of the first listener, once started

    async def start(self) -> None:
        """Listen. Raises OSError where an address can't be had."""
        routes = [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)]
        scrape = web.get("/metrics", self._scrape)
        shared = [scrape] if _is_loopback(self._listen) else []
        self.address = await self._serve(self._listen, [*routes, *shared])
        log.info("listening on http://%s", self.address)
        if self._metrics_listen:
            log.info("metrics on http://%s/metrics", await self._serve(self._metrics_listen, [scrape]))

    async def aclose(self) -> None:
        """Stop listening."""
        for runner in self._runners:
            await runner.cleanup()

    async def _serve(self, listen: str, routes: list[web.RouteDef]) -> str:
        host, _, port = listen.rpartition(":")
        app = web.Application()
        app.add_routes(routes)
        runner = web.AppRunner(app, access_log=None)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        bound = runner.addresses[0]
        return f"{host}:{bound[1]}"

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        parts = await self._ready()
        ready = all(status == "ok" for status in parts.values())
        return web.json_response({"ready": ready, **parts}, status=200 if ready else 503)

    async def _scrape(self, _: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
