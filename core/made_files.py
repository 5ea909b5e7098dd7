"""Files out: those of one answer are fetched as soon as they are named, and posted below it."""

import asyncio
import base64
import binascii
import logging
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes

from core.apps import App
from core.contract import ChatAdapter, FileTooLarge, Gone, Guard, RateLimited, Uncertain
from core.dify.about import MEGABYTE
from core.dify.file_types import mime_of
from core.dify.metadata import AppFile
from core.errors import DifyError, DifyLost, DifyRefused, DifyUnreachable, Superseded
from core.file_names import identity_of, name_of, shown_name
from core.file_slots import gathered
from core.footers import Footer
from core.messages import MessageRef, OutgoingFile
from core.store.ledger import Ledger
from core.store.patience import patiently
from core.store.rows import FILES_FROM, Turn
from core.writing import target_of

log = logging.getLogger(__name__)

HELD = 4  # files that are fetched before they are posted …
HELD_BYTES = 25 * MEGABYTE  # … and so much of each at most: larger ones are fetched as they are posted
FETCH_RETRY_SECONDS = (0.5, 2.0)
POST_RETRY_SECONDS = 1.0  # doubled each time
POST_SECONDS = 60.0  # that posting all of them may wait in all
_NUMBERS = 1 << 24


class _NotPosted(Exception):  # noqa: N818
    """What to say instead of the file."""

    def __init__(self, note: Footer) -> None:
        super().__init__(note.sentence)
        self.note = note


@dataclass
class _Made:
    """A file on its way."""

    number: int
    file: AppFile
    content: OutgoingFile | None = None  # that was there from the beginning
    fetching: asyncio.Task[OutgoingFile] | None = None
    done: bool = False


class MadeFiles:
    """The files of one answer. Their addresses live minutes; each is posted once, also over restarts.

    A file's number comes from its own address, not from its place among the others: an answer that is found
    again after a restart may name them in another order.
    """

    def __init__(self, app: App, adapter: ChatAdapter, turn: Turn, guard: Guard) -> None:
        self._downloads = app.dify.client.api.downloads
        self._dify = app.dify
        self._adapter = adapter
        self._turn = turn
        self._guard = guard
        self._limit = adapter.limits(turn.conversation.place).upload_bytes
        self._made: dict[str, _Made] = {}  # by identity, in their order
        self._noted: Sequence[AppFile] = ()
        self._added = 0
        self._patience = POST_SECONDS

    def note(self, files: Sequence[AppFile]) -> None:
        """So many files are named by now: begin to fetch what is new. Does not wait."""
        if files == self._noted:
            return
        self._noted = files
        for file in files:
            key = identity_of(file)
            if key and key not in self._made and file.belongs_to != "user":
                made = self._made[key] = _Made(self._number(key), self._named(file))
                self._begin(made)

    def add(self, file: OutgoingFile) -> None:
        """A file that is here already. The same ones must be added in the same order after a restart."""
        key = f"added {self._added}"
        self._added += 1
        self._made[key] = _Made(self._number(key), AppFile(name=file.name, mime_type=file.mime_type), file)

    async def post(self, ledger: Ledger) -> list[Footer]:
        """Post what does not stand yet, in order; gives what has to be said of the others.

        Called again, it goes on with what is new. Raises Superseded.
        """
        notes = []
        for made in list(self._made.values()):
            if made.done or made.number in self._turn.files:
                continue
            try:
                await self._post(made, ledger)
            except _NotPosted as instead:
                notes.append(instead.note)
            made.done, made.content, made.fetching = True, None, None
        return gathered(notes)

    async def aclose(self) -> None:
        """Give up what is still being fetched."""
        tasks = [made.fetching for made in self._made.values() if made.fetching is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _named(self, file: AppFile) -> AppFile:
        """The file with the name that it had before a restart, by which a platform may know it again.

        A chat tells of its files without names as it goes (message_file); in its history they have one.
        """
        return file if self._dify.run_kind else file.model_copy(update={"filename": ""})

    def _number(self, key: str) -> int:
        number = zlib.crc32(key.encode(errors="replace")) % _NUMBERS
        while any(made.number == number for made in self._made.values()):
            number += 1
        return number

    def _begin(self, made: _Made) -> None:
        held = sum(other.fetching is not None for other in self._made.values())
        wanted = made.number not in self._turn.files and self._is_ours(made.file)
        if wanted and held < HELD:
            made.fetching = asyncio.create_task(self._fetch(made.file, min(self._limit, HELD_BYTES)))

    def _is_ours(self, file: AppFile) -> bool:
        return self._downloads.address(_address(file)) is not None

    async def _post(self, made: _Made, ledger: Ledger) -> None:
        try:
            ref = await self._upload(made, await self._content(made))
        except (_NotPosted, Superseded):
            raise
        except Exception as error:
            log.warning("turn %d: a file could not be posted (%s)", self._turn.id, type(error).__name__)
            log.debug("details", exc_info=True)
            raise _NotPosted(_not_shown(made.file)) from error
        await patiently(lambda: ledger.add_post(self._turn, FILES_FROM + made.number, ref))

    async def _content(self, made: _Made) -> OutgoingFile:
        file, address = made.file, _address(made.file)
        if made.content is not None:
            return made.content
        if address.startswith("data:"):
            return _decoded(file)
        if not self._is_ours(file):
            raise _NotPosted(self._elsewhere(file))
        try:
            return await self._fetched(made)
        except DifyError as error:
            log.warning("turn %d: a file is not shown: %s", self._turn.id, error.advice.hint)
            raise _NotPosted(self._too_large(file) if _is_size(error) else _not_shown(file)) from error

    def _elsewhere(self, file: AppFile) -> Footer:
        """An address that is not fetched is for people, unless it is the server's own by a name inside."""
        address = _address(file)
        if "/files/" in address and "sign=" in address:
            log.warning("turn %d: a file is at another host of Dify: set files_base_url", self._turn.id)
        elif re.fullmatch(r"https?://\S+", address):
            return Footer("file_elsewhere", {"name": shown_name(name_of(file)), "url": address})
        return _not_shown(file)

    async def _fetched(self, made: _Made) -> OutgoingFile:
        if made.fetching is not None:
            try:
                return await made.fetching
            except DifyError as error:  # once more, now that there is room for the largest
                if _is_size(error) and self._limit <= HELD_BYTES:
                    raise
        return await self._fetch(made.file, self._limit)

    async def _fetch(self, file: AppFile, most: int) -> OutgoingFile:
        for pause in FETCH_RETRY_SECONDS:
            try:
                return await self._fetch_once(file, most)
            except (DifyUnreachable, DifyLost):
                pass
            except DifyRefused as refused:
                if refused.status < 500:
                    raise
            await asyncio.sleep(pause)
        return await self._fetch_once(file, most)

    async def _fetch_once(self, file: AppFile, most: int) -> OutgoingFile:
        found = await self._downloads.fetch(_address(file), most)
        name = name_of(file, found.mime)
        return OutgoingFile(name, mime_of(name, found.mime or file.mime_type), found.data)

    async def _upload(self, made: _Made, content: OutgoingFile) -> MessageRef:
        if len(content.data) > self._limit:
            raise _NotPosted(self._too_large(made.file))
        target = target_of(self._turn)
        target = replace(target, key=f"{target.key}:file{made.number}")
        pause = POST_RETRY_SECONDS
        while True:
            try:
                return await self._adapter.upload(target, content, self._guard)
            except RateLimited as limited:
                wait = limited.retry_after
            except Uncertain as error:
                log.info("turn %d: a file may not have been posted: %s", self._turn.id, error)
                wait, pause = pause, pause * 2
            except FileTooLarge as error:
                raise _NotPosted(self._too_large(made.file)) from error
            except Gone as error:
                log.warning("turn %d: a file can't be posted: %s", self._turn.id, error)
                raise _NotPosted(_not_shown(made.file)) from error
            self._patience -= wait
            if self._patience < 0:
                raise _NotPosted(_not_shown(made.file))
            await asyncio.sleep(wait)

    def _too_large(self, file: AppFile) -> Footer:
        limit = f"{self._limit / MEGABYTE:.0f}"
        return Footer("file_over_post", {"name": shown_name(name_of(file)), "limit": limit})


def _address(file: AppFile) -> str:
    return file.url or file.remote_url


def _not_shown(file: AppFile) -> Footer:
    return Footer("file_not_shown", {"name": shown_name(name_of(file))})


def _is_size(error: DifyError) -> bool:
    return isinstance(error, DifyRefused) and error.code == "file_too_large"


def _decoded(file: AppFile) -> OutgoingFile:
    """A `data:` address is the file itself (RFC 2397)."""
    head, _, body = _address(file).removeprefix("data:").partition(",")
    mime = head.partition(";")[0].strip().lower()
    try:
        data = (
            base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
        )
    except binascii.Error as error:
        raise _NotPosted(_not_shown(file)) from error
    name = name_of(file, mime)
    return OutgoingFile(name, mime_of(name, mime), data)
