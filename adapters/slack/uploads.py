"""Files of an answer, shared below its question once, however often that is asked for."""

import asyncio
import io
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from adapters.slack.api import SlackError, proxy_for, retry_after
from adapters.slack.inbound import PLATFORM
from adapters.slack.search import find_file
from adapters.slack.surface import Surface, refusals_as_gone
from core.contract import FileTooLarge, Gone, Guard, RateLimited, Uncertain
from core.messages import MessageRef, OutgoingFile, Target

log = logging.getLogger(__name__)

UPLOAD_BYTES = 100_000_000  # Slack takes 1 GB; the file is held in memory
_REMEMBERED = 1_000
# Seconds between looks for the message: Slack makes it a little later. Longer where its absence counts.
_LOOKS = (0.0, 0.2, 0.5, 1.0)
_LOOKS_AGAIN = (*_LOOKS, 2.0)
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)


class Uploads:
    """What this process has shared, by Target.key.

    After a restart a file is known by its name and size in a message of ours below the question: Slack keeps
    no key with a file. Of two files of one answer that are alike in both, the second is taken for the first.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._api = surface.api
        self._shared: OrderedDict[str, MessageRef] = OrderedDict()
        self._begun: OrderedDict[str, str] = OrderedDict()  # ids of files whose sharing has no answer yet

    async def share(self, target: Target, file: OutgoingFile, guard: Guard) -> MessageRef:
        """The message with the file. Raises FileTooLarge, RateLimited, Gone, Uncertain."""
        if target.key in self._shared:
            return self._shared[target.key]
        if len(file.data) > UPLOAD_BYTES:
            raise FileTooLarge(f"{len(file.data)} bytes, {UPLOAD_BYTES} at most")
        if not file.data:
            raise Gone("Slack takes no empty file")
        async with refusals_as_gone():
            ts = await self._found(target, file) or await self._post(target, file, guard)
        place = target.place
        ref = MessageRef(PLATFORM, place.workspace, place.channel, ts)
        _keep(self._shared, target.key, ref)
        self._begun.pop(target.key, None)
        return ref

    async def _found(self, target: Target, file: OutgoingFile) -> str:
        begun = self._begun.get(target.key)
        if begun and (ts := await self._share_of(begun, target, _LOOKS_AGAIN)):
            return ts
        known = {ref.id for ref in self._shared.values()}
        try:
            return await find_file(self._surface, target, file.name, len(file.data), known)
        except SlackError as error:
            log.warning(
                "can't look for a file that a process before us shared, it may stand twice: %s", error
            )
            return ""

    async def _post(self, target: Target, file: OutgoingFile, guard: Guard) -> str:
        id_ = self._begun.get(target.key) or await self._sent(file, guard)
        place = target.place
        thread = {"thread_ts": place.thread} if place.thread else {}
        shared = json.dumps([{"id": id_, "title": file.name}])
        await guard()
        _keep(self._begun, target.key, id_)
        await self._api.read("files.completeUploadExternal", files=shared, channel_id=place.channel, **thread)
        with suppress(RateLimited, Uncertain):
            if ts := await self._share_of(id_, target, _LOOKS):
                return ts
        return id_  # stands in where the message can't be learned: it is shared, that is what counts

    async def _sent(self, file: OutgoingFile, guard: Guard) -> str:
        """Slack: files.getUploadURLExternal, and the URL that it names, which needs no token."""
        await guard()
        reply = await self._api.read(
            "files.getUploadURLExternal", filename=file.name, length=str(len(file.data))
        )
        url = str(reply["upload_url"])
        await guard()
        try:
            posting = self._api.session.post(
                url, data=io.BytesIO(file.data), headers=_PLAIN, proxy=proxy_for(url), timeout=_TIMEOUT
            )
            async with posting as response:
                _check(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Uncertain(f"an upload: {type(error).__name__}") from None
        return str(reply["file_id"])

    async def _share_of(self, id_: str, target: Target, pauses: Sequence[float]) -> str:
        """The message that a file stands in, "" where there is none (yet). Slack: files.info."""
        for pause in pauses:
            await asyncio.sleep(pause)
            try:
                reply = await self._api.read("files.info", file=id_)
            except SlackError as error:
                log.info("can't see where a file was shared: %s", error)
                return ""
            if ts := _ts(reply["file"], target.place.channel):
                return ts
        return ""


_PLAIN = {"Content-Type": "application/octet-stream"}


def _check(response: aiohttp.ClientResponse) -> None:
    if response.status == 429:
        raise RateLimited(retry_after(response.headers))
    if response.status >= 500:
        raise Uncertain(f"an upload: HTTP {response.status}")
    if response.status != 200:
        raise Gone(f"Slack refuses the bytes of a file: HTTP {response.status}")


def _ts(file: Mapping[str, Any], channel: str) -> str:
    """`shares` is {"public": {CHANNEL: [{"ts": …}]}, "private": {…}}."""
    for kind in (file.get("shares") or {}).values():
        for share in kind.get(channel) or ():
            return str(share["ts"])
    return ""


def _keep(known: OrderedDict[str, Any], key: str, value: Any) -> None:
    known[key] = value
    known.move_to_end(key)
    while len(known) > _REMEMBERED:
        known.popitem(last=False)
