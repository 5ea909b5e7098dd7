"""A proxy before Dify that gives its answers whole, and gives up when it is told to."""

import asyncio

from aiohttp import ClientSession, web
from yarl import URL

ASKED = ("/chat-messages", "/completion-messages", "/workflows/run")
PAGE = "<html><body><h1>{status}</h1>origin secret-host.internal</body></html>"
_HOPS = frozenset(("host", "content-length", "transfer-encoding", "connection", "accept-encoding"))


class Proxy:
    """`async with Proxy(dify) as proxy: … proxy.base_url … proxy.give_up(524)`.

    It buffers: to whoever asks it says nothing, not even a head, until Dify's reply has come to its end.
    """

    def __init__(self, dify):
        self._dify = dify
        self._asking = set()
        self._said = 504

    async def __aenter__(self):
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        self._session = ClientSession(auto_decompress=False)
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()
        await self._session.close()

    def give_up(self, status):
        """Wait no longer for what was asked and not answered: a page with this status takes its place."""
        assert self._asking, "nothing is being asked"
        self._said = status
        for waiting in self._asking:
            waiting.cancel()

    async def _pass(self, request):
        reply = asyncio.ensure_future(self._reply(request, await request.read()))
        if request.path.endswith(ASKED):
            self._asking.add(reply)
        try:
            return await reply
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # who asked has left
                raise
            page = PAGE.format(status=self._said)
            return web.Response(status=self._said, text=page, content_type="text/html")
        finally:
            reply.cancel()
            self._asking.discard(reply)

    async def _reply(self, request, body):
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOPS}
        url = URL(self._dify.origin + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, headers=headers, data=body) as reply:
            names = ("Content-Type", "X-Version")
            said = {name: reply.headers[name] for name in names if name in reply.headers}
            return web.Response(status=reply.status, body=await reply.read(), headers=said)
