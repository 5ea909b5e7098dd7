"""Files of an answer, each posted as a message of its own (Discord: reference, uploading files)."""

import asyncio
import io
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any

from adapters.discord import history
from adapters.discord.call_limit import guarded
from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.live import NO_PINGS, SUPPRESS_NOTIFICATIONS, nonce
from adapters.discord.recent import Recent
from adapters.discord.refusals import translated
from adapters.discord.threads import Threads
from core.contract import FileTooLarge, Guard
from core.messages import MessageRef, OutgoingFile, Place, Target

DEFAULT_BYTES = 10 * 1024 * 1024  # of a server without boosts, and of direct messages
REQUEST_BYTES = 25 * 1024 * 1024 - 65_536  # Discord: Create Message, the whole request
SECONDS = 120.0
PAGES = 3  # of history
TOO_LARGE = 40005
NAME_LENGTH = 200


class Uploads:
    """Posts files, each once.

    Within some minutes Discord itself recognises a repetition by its nonce. Later, or after a restart, a file
    is found again among our messages below the question by its name and size; two files of one answer that
    have both in common can then be taken for each other.
    """

    def __init__(self, client: Callable[[], Client], threads: Threads) -> None:
        self._client = client
        self._threads = threads
        self._posted: Recent[MessageRef] = Recent()  # by key
        self._keys: Recent[str] = Recent()  # by message

    def most(self, place: Place) -> int:
        """Bytes of one file at this place, as far as the gateway told of its server."""
        try:
            guild = self._client().get_guild(int(place.workspace or 0))
        except Exception:  # noqa: BLE001 - not connected yet
            return DEFAULT_BYTES
        return min(guild.filesize_limit, REQUEST_BYTES) if guild else DEFAULT_BYTES

    async def upload(self, target: Target, file: OutgoingFile, guard: Guard) -> MessageRef:
        """Post it. Raises FileTooLarge, RateLimited, Gone, Uncertain."""
        if known := self._posted.get(target.key):
            return known
        if len(file.data) > self.most(target.place):
            raise FileTooLarge(f"{len(file.data)} bytes, {self.most(target.place)} are allowed")
        with translated():
            async with asyncio.timeout(SECONDS):
                found = await self._found(target, file) or await self._post(target, file, guard)
        self._posted.put(target.key, found)
        self._keys.put(found.id, target.key)
        return found

    async def _found(self, target: Target, file: OutgoingFile) -> MessageRef | None:
        for channel in self._threads.candidates(target):
            for message in await self._after(channel, target):
                if self._is(message, file, target.key):
                    return ref(target.place.workspace, channel, message["id"])
        return None

    async def _after(self, channel: str, target: Target) -> list[dict[str, Any]]:
        try:
            return await history.after(self._client(), channel, int(target.question.id), pages=PAGES)
        except (discord.Forbidden, discord.NotFound):
            return []  # no thread was opened yet, or reading is not granted

    def _is(self, message: Mapping[str, Any], file: OutgoingFile, key: str) -> bool:
        me = self._client().user
        if me is None or message["author"]["id"] != str(me.id):
            return False
        if self._keys.get(message["id"]) not in (None, key):
            return False
        return any(_same(each, file) for each in message.get("attachments") or [])

    async def _post(self, target: Target, file: OutgoingFile, guard: Guard) -> MessageRef:
        await guard()
        channel = await self._threads.open(target)
        await guard()
        body = {
            "nonce": nonce(target.key),
            "enforce_nonce": True,
            "flags": SUPPRESS_NOTIFICATIONS,
            "allowed_mentions": NO_PINGS,
            "attachments": [{"id": 0, "filename": _name(file)}],
        }
        try:
            with guarded(guard):
                sent = await self._client().http.send_message(int(channel), params=_parameters(body, file))
        except discord.HTTPException as error:
            if error.code == TOO_LARGE or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise FileTooLarge(f"{len(file.data)} bytes are too much for Discord") from error
            raise
        return ref(target.place.workspace, channel, sent["id"])


def _parameters(body: dict[str, Any], file: OutgoingFile) -> discord.http.MultipartParameters:
    attached = discord.File(io.BytesIO(file.data), filename=_name(file))  # discord.py rewinds it to try again
    part = {
        "name": "files[0]",
        "value": attached.fp,
        "filename": _name(file),
        "content_type": file.mime_type or "application/octet-stream",
    }
    form: list[Any] = [{"name": "payload_json", "value": json.dumps(body)}, part]
    return discord.http.MultipartParameters(payload=None, multipart=form, files=[attached])


def _name(file: OutgoingFile) -> str:
    """A name without folders, and without what would break the header that carries it."""
    name = re.sub(r'[\x00-\x1f"\\]', "_", file.name).rpartition("/")[2].strip()
    path = PurePosixPath(name or "file")
    return f"{path.stem[: NAME_LENGTH - len(path.suffix)]}{path.suffix}"


def _same(attachment: Mapping[str, Any], file: OutgoingFile) -> bool:
    """Whether it is this file. Discord keeps only plain characters of a name, perhaps others as the title."""
    if attachment.get("size") != len(file.data):
        return False
    shown, wanted = PurePosixPath(attachment["filename"]), PurePosixPath(_name(file))
    if _plain(shown.suffix) != _plain(wanted.suffix):
        return False
    return attachment.get("title") == wanted.stem or _plain(wanted.stem) in ("", _plain(shown.stem))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
