"""Files that people sent, fetched with our token, which only Slack's own hosts ever see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from adapters.slack.api import SlackApi, SlackError, proxy_for, retry_after
from adapters.slack.inbound import incoming_file
from core.contract import FileRefused, FileTooLarge, RateLimited, Uncertain
from core.messages import IncomingFile

# A file of a person of another organisation may be at theirs, which is Slack's host too.
_HOSTS = ("slack.com", "slack-files.com", "slack-gov.com")
_REDIRECTS = 5
_CHUNK = 64 * 1024  # bytes
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=30)


async def described(api: SlackApi, file: IncomingFile) -> IncomingFile:
    """The file with its name, type, size and address, where its event had none. Slack: files.info.

    Over Slack Connect an event says only `file_access: check_file_info`. Raises as `fetch`.
    """
    if file.url:
        return file
    try:
        reply = await api.read("files.info", file=file.id)
    except SlackError as error:
        raise FileRefused(f"Slack refuses {error}") from None
    return incoming_file(reply["file"])


async def fetch(api: SlackApi, file: IncomingFile, most: int) -> bytes:
    """The bytes. Raises FileTooLarge, FileRefused, RateLimited, Uncertain."""
    found = await described(api, file)
    if found.size > most:
        raise FileTooLarge(f"{found.size} bytes, {most} wanted")
    if not found.url:
        raise FileRefused("Slack names no address of the file")
    try:
        async with _opened(api, found.url) as response:
            return await _read(response, found, most)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Uncertain(f"a file: {type(error).__name__}") from None


@asynccontextmanager
async def _opened(api: SlackApi, address: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for an address, and for where it leads to, as long as that is Slack's."""
    url = _parsed(address)
    for _ in range(_REDIRECTS):
        if not _is_slacks(url, api.url):
            raise FileRefused(f"the token is not shown to {url.host}")
        proxy = proxy_for(str(url))
        asking = api.session.get(
            url, headers=api.bearer, allow_redirects=False, proxy=proxy, timeout=_TIMEOUT
        )
        async with asking as response:
            onward = response.headers.get("Location") if 300 <= response.status < 400 else None
            if onward is None:
                yield response
                return
            url = url.join(_parsed(onward))
    raise FileRefused("too many redirects")


def _parsed(address: str) -> URL:
    try:
        return URL(address)
    except ValueError:
        raise FileRefused("Slack names an address that is none") from None


def _is_slacks(url: URL, api_url: str) -> bool:
    api, host = URL(api_url), url.host or ""
    if (url.scheme, host, url.port) == (api.scheme, api.host, api.port):
        return True
    known = any(host == name or host.endswith(f".{name}") for name in _HOSTS)
    return known and url.scheme == "https" and url.port == 443


async def _read(response: aiohttp.ClientResponse, file: IncomingFile, most: int) -> bytes:
    _check(response, file)
    if (response.content_length or 0) > most:
        raise FileTooLarge(f"{response.content_length} bytes, {most} wanted")
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > most:
            raise FileTooLarge(f"more than {most} bytes")
    if response.content_type == "text/html" and len(data) != file.size:
        raise FileRefused(_LOGIN)
    return bytes(data)


_LOGIN = "Slack sent a web page instead of the file: the bot token lacks the scope files:read"


def _check(response: aiohttp.ClientResponse, file: IncomingFile) -> None:
    """Slack answers 200 and its login page where the token may not read the file."""
    if response.status == 429:
        raise RateLimited(retry_after(response.headers))
    if response.status >= 500:
        raise Uncertain(f"a file: HTTP {response.status}")
    if response.status != 200:
        raise FileRefused(f"HTTP {response.status}: the file is gone, or we may not read it")
    if response.content_type == "text/html" and not file.mime_type.startswith("text/html"):
        raise FileRefused(_LOGIN)
