"""httpx over aiohttp's connections, for Dify's streams: a fraction of what httpx's own cost per event.

Measured by `parley bench read` and `parley bench streams`. A failed request is named by its cause. The names
in NOTHING_SENT say that no connection was made, so nothing has begun. After all others the request may have
been read, also where the connection was cut before any reply: aiohttp's class for that is a relative of the
one for a refused connection, so only the exact class tells the two apart.
"""

import asyncio
import io
import logging
import math
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

log = logging.getLogger(__name__)

NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

PIECES = "pieces"  # the extension of a response that gives its body without httpx's layers
_LONGEST_LINE = 64 * 1024  # bytes of a header: proxies add long ones
_CAUSES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (  # the first that fits
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),  # it refused to connect us on
    (aiohttp.ClientConnectorError, httpx.ConnectError),  # refused, no such name, TLS
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),  # not HTTP
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),  # ended before its end
    (TimeoutError, httpx.WriteTimeout),
    (Exception, httpx.ReadError),
)


class StreamTransport(httpx.AsyncBaseTransport):
    """Each request on a connection of its own, as many at once as are asked for. Keeps no cookies.

    Every request needs time-outs to connect, write and read.
    """

    def __init__(self, tls: ssl.SSLContext, proxy: str | None = None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; returns with the reply's head. Raises httpx.TransportError."""
        if self._session is None:
            self._session = self._open()
        body = await request.aread()
        connect, write, read = _seconds(request)
        with _named():
            # Longer than each part, so that those name the cause; aiohttp has none for sending.
            async with asyncio.timeout(connect + write + read):
                response = await self._session.request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=request.headers.multi_items(),
                    data=io.BytesIO(body) if body else None,
                    allow_redirects=False,
                    proxy=self._proxy,
                    timeout=_timeout(connect, read),
                )
        body_stream = _Body(response, read)
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=body_stream,
            extensions={PIECES: body_stream},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Needs the running loop, which there is none of where a transport is made."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # httpx does
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )


class _Body(httpx.AsyncByteStream):
    """What comes, as soon as it comes; several events at once where they came so."""

    def __init__(self, response: aiohttp.ClientResponse, silence: float) -> None:
        self._response = response
        self._silence = silence
        self._loop = asyncio.get_running_loop()
        self._waiting_since = math.inf
        self._watch: asyncio.TimerHandle | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._take_over()
        read = self._response.content.readany
        with _named():
            while True:
                self._waiting_since = self._loop.time()
                data = await read()
                self._waiting_since = math.inf
                if not data:
                    return
                yield data

    async def aclose(self) -> None:
        """Hang up."""
        if self._watch is not None:
            self._watch.cancel()
        self._response.close()

    def _take_over(self) -> None:
        """One timer for the whole stream: aiohttp sets one anew for each event, a tenth of what it costs."""
        connection = self._response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = None  # what runs until the next data comes stays
            self._watch = self._loop.call_later(self._silence, self._look)

    def _look(self) -> None:
        waited = self._loop.time() - self._waiting_since  # below zero: nobody waits
        if waited >= self._silence:
            self._response.content.set_exception(aiohttp.SocketTimeoutError("nothing came"))
        else:
            self._watch = self._loop.call_later(self._silence - max(0.0, waited), self._look)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:
        name = next(name for cause, name in _CAUSES if isinstance(error, cause))
        raise name(f"{type(error).__name__}: {error}") from error


def _seconds(request: httpx.Request) -> tuple[float, float, float]:
    timeout = request.extensions["timeout"]
    return timeout["connect"], timeout["write"], timeout["read"]


def _timeout(connect: float, read: float) -> aiohttp.ClientTimeout:
    """Exact: aiohttp rounds long ones up. Its `sock_connect` would not have the look-up of the name in it."""
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read, ceil_threshold=math.inf)


def proxy_for(url: str) -> str | None:
    """The environment's proxy for this URL, as httpx would choose it; never for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "::1"} or host.startswith("127.") or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy.startswith(("http://", "https://")):
        log.warning("the proxy of the environment is not an HTTP proxy and is not used")
        return None
    return proxy
