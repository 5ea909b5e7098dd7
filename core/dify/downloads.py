"""Files that an app made: which addresses may be fetched, and their bytes.

Source: Dify api/core/tools/tool_file_manager.py, api/core/file (signed URLs, 300 s by default; relative where
FILES_URL is empty, as in a stock installation). A model writes addresses too: nothing is fetched but /files/
of the app's own Dify, without its key, without following redirects, and with a limit.
"""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import httpx

from core.dify.errors import refusal
from core.dify.files import Content, content_of
from core.dify.server import DifyServer
from core.dify.transport import NOTHING_SENT
from core.errors import Advice, DifyLost, DifyRefused, DifyUnreachable

FETCH_SECONDS = 120.0  # for the whole file
TOO_LARGE = Advice("file_over_limit", "a file that the app made is larger than what can be posted")
NO_FILE = Advice("file_refused", "a web page came for a file that the app made: is files_base_url right?")
_LOST = Advice("file_refused", "a file that the app made could not be fetched to its end")
_AWAY = Advice("file_refused", "a file that the app made can't be reached: is files_base_url right?")
_FOREIGN = Advice("file_refused", "the address is none of the app's own files: not fetched")


class Downloads:
    """The files of one app. `files_base` is where they are, if that is not where the API is."""

    def __init__(self, server: DifyServer, files_base: str = "") -> None:
        self._server = server
        self._files_base = files_base.rstrip("/")
        self._api_base = server.base_url.removesuffix("/v1")

    def address(self, url: str) -> str | None:
        """The full address of a file, from one that may be relative or name an inner host; None: not ours.

        With a `files_base`, what lies under /files/ anywhere is looked for there: servers behind a proxy sign
        addresses with a host that only they know.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        at = parts.path.find("/files/")
        if at < 0 or parts.scheme not in {"", "http", "https"} or "@" in parts.netloc or _climbs(url):
            return None
        base = self._files_base or self._api_base
        if not parts.netloc:
            return base + _tail(parts.path[at:], parts.query)
        own = urlsplit(base)
        if (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc.lower()):
            return url if parts.path.startswith(f"{own.path}/files/") else None
        return self._files_base + _tail(parts.path[at:], parts.query) if self._files_base else None

    async def fetch(self, url: str, limit: int) -> Content:
        """The bytes of a file, at most `limit` of them.

        Raises DifyRefused: file_too_large, foreign (not the app's own), not_a_file (a web page), or what Dify
        says (403: the address is no longer valid); DifyUnreachable, DifyLost.
        """
        address = self.address(url)
        if address is None:
            raise DifyRefused(_FOREIGN, status=0, code="foreign")
        try:
            async with asyncio.timeout(FETCH_SECONDS), self._server.side_slot():
                return await self._read(address, limit)
        except NOTHING_SENT as error:
            raise DifyUnreachable(_AWAY) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise DifyLost(_LOST) from error

    async def _read(self, address: str, limit: int) -> Content:
        client = self._server.side_client
        async with client.stream("GET", address, follow_redirects=False) as response:
            if not response.is_success:
                raise refusal(response.status_code, b"")
            if int(response.headers.get("Content-Length") or 0) > limit:
                raise DifyRefused(TOO_LARGE, status=200, code="file_too_large")
            data = bytearray()
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > limit:
                    raise DifyRefused(TOO_LARGE, status=200, code="file_too_large")
        found = content_of(response, bytes(data))
        if found.mime == "text/html" and not urlsplit(address).path.lower().endswith((".html", ".htm")):
            raise DifyRefused(NO_FILE, status=200, code="not_a_file")
        return found


def _climbs(url: str) -> bool:
    plain = url.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\")
    return "/../" in plain or "/./" in plain or "\\" in plain


def _tail(path: str, query: str) -> str:
    return urlunsplit(("", "", path, query, ""))
