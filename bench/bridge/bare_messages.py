"""One message at either platform, written with nothing but HTTP."""

from collections.abc import Callable
from typing import Any, Protocol

import aiohttp

from bench.bridge.places import CHANNEL, DISCORD, DM

_PAGE = 1900  # characters of a message at Discord, which takes 2,000


class Message(Protocol):
    """What an answer is written into."""

    async def show(self, text: str, *, final: bool) -> None:
        """Make it look so. Raises RuntimeError where the platform refuses."""
        ...


class _Http:
    """What all have in common."""

    def __init__(
        self, session: aiohttp.ClientSession, addresses: dict[str, Any], place: dict[str, str]
    ) -> None:
        self._session = session
        self._addresses = addresses
        self._place = place

    async def _call(self, verb: str, url: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": token}
        async with self._session.request(verb, url, json=body, headers=headers) as reply:
            said: dict[str, Any] = await reply.json()
        if reply.status >= 400 or said.get("ok") is False:
            raise RuntimeError(f"{url}: {reply.status} {said}")
        return said

    async def _slack(self, method: str, **body: Any) -> dict[str, Any]:
        slack = self._addresses["slack"]
        body |= {"channel": self._place["channel"]}
        return await self._call("POST", f"{slack['api_url']}{method}", f"Bearer {slack['bot_token']}", body)


class Edited(_Http):
    """Slack: chat.postMessage, chat.update."""

    _ts = ""

    async def show(self, text: str, *, final: bool) -> None:
        """See Message."""
        del final
        content = {"text": text[:100], "blocks": [{"type": "markdown", "text": text}]}
        if self._ts:
            await self._slack("chat.update", ts=self._ts, **content)
        else:
            said = await self._slack("chat.postMessage", thread_ts=self._place["thread"], **content)
            self._ts = said["ts"]


class Streamed(_Http):
    """Slack: chat.startStream, chat.appendStream, chat.stopStream."""

    _ts = ""
    _sent = 0

    async def show(self, text: str, *, final: bool) -> None:
        """See Message."""
        new = {"markdown_text": text[self._sent :]} if len(text) > self._sent else {}
        self._sent = len(text)
        if not self._ts:
            said = await self._slack("chat.startStream", thread_ts=self._place["thread"], **new)
            self._ts = said["ts"]
        elif final:
            await self._slack("chat.stopStream", ts=self._ts, **new)
        elif new:
            await self._slack("chat.appendStream", ts=self._ts, **new)


class Paged(_Http):
    """Discord: create message, edit message; several where the text is too long for one."""

    _id = ""
    _start = 0

    async def show(self, text: str, *, final: bool) -> None:
        """See Message."""
        del final
        while len(text) - self._start > _PAGE:
            cut = text.rindex(" ", self._start, self._start + _PAGE) + 1
            await self._page(text[self._start : cut])
            self._id, self._start = "", cut
        await self._page(text[self._start :])

    async def _page(self, text: str) -> None:
        discord = self._addresses["discord"]
        url = f"{discord['api_url']}/channels/{self._place['channel']}/messages"
        verb, where = ("PATCH", f"{url}/{self._id}") if self._id else ("POST", url)
        said = await self._call(verb, where, f"Bot {discord['token']}", {"content": text})
        self._id = said["id"]


MESSAGES: dict[str, Callable[..., Message]] = {CHANNEL: Edited, DM: Streamed, DISCORD: Paged}
