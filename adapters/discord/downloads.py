"""Downloads of attachments, whose addresses are signed and expire (Discord: reference, signed CDN URLs)."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from adapters.discord.client import Client
from adapters.discord.library import discord
from adapters.discord.refusals import SECONDS, retry_after, translated
from core.contract import FileRefused, FileTooLarge, Gone, RateLimited, Uncertain
from core.messages import IncomingFile

log = logging.getLogger(__name__)

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
WHOLE_SECONDS = 120.0
_TIMES = aiohttp.ClientTimeout(total=WHOLE_SECONDS, sock_connect=10.0, sock_read=30.0)
_EXPIRED = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_HTML = "text/html"
_CHUNK = 1 << 16


class _Expired(Exception):  # noqa: N818
    """The address does not work any more; another one may."""


class Downloads:
    """Fetches attachments over a session of its own, which knows no token."""

    def __init__(self, client: Callable[[], Client], api_url: str) -> None:
        self._client = client
        self._api = URL(api_url).origin()
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, file: IncomingFile, most: int) -> bytes:
        """The bytes. Raises FileTooLarge, FileRefused, RateLimited, Uncertain."""
        if file.size > most:
            raise FileTooLarge(f"{file.size} bytes, {most} are allowed")
        try:
            return await self._get(file, file.url, most)
        except _Expired:
            fresh = await self._refreshed(file.url)
        try:
            return await self._get(file, fresh, most)
        except _Expired:
            raise FileRefused("it is not there any more") from None

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def _get(self, file: IncomingFile, address: str, most: int) -> bytes:
        url = self._checked(address)
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMES, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                _examine(response, file)
                return await _read(response, most)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Uncertain(type(error).__name__) from error

    def _checked(self, address: str) -> URL:
        """Only Discord's own hosts are asked. Raises FileRefused."""
        try:
            url = URL(address)
            known = url.host in HOSTS and url.scheme == "https" and url.explicit_port is None
            if known or url.origin() == self._api:
                return url
        except ValueError:
            pass
        raise FileRefused("its address is not one of Discord's")

    async def _refreshed(self, address: str) -> str:
        """The same attachment's address, signed anew (POST /attachments/refresh-urls; undocumented)."""
        route = discord.http.Route("POST", "/attachments/refresh-urls")
        try:
            with translated():
                async with asyncio.timeout(SECONDS):
                    told: Any = await self._client().http.request(route, json={"attachment_urls": [address]})
        except Gone as gone:
            raise FileRefused("it is not there any more") from gone
        fresh = next((each.get("refreshed") for each in told.get("refreshed_urls") or []), None)
        if not fresh or fresh == address:
            raise FileRefused("it is not there any more")
        return str(fresh)


def _examine(response: aiohttp.ClientResponse, file: IncomingFile) -> None:
    """Raises for everything but the file itself."""
    status = response.status
    if status in _EXPIRED:
        raise _Expired
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(retry_after(response.headers))
    if status >= 500:
        raise Uncertain(f"status {status}")
    if status != HTTPStatus.OK:
        raise FileRefused(f"status {status}")
    if response.content_type == _HTML and file.mime_type != _HTML:
        raise FileRefused("a web page came instead of the file")


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > most:
            raise FileTooLarge(f"more than {most} bytes")
    return bytes(data)
