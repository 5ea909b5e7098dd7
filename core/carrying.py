"""Files from a chat platform to Dify: patient with both, but no longer than a question can wait."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from core.apps import App
from core.contract import ChatAdapter, FileRefused, FileTooLarge, Gone, RateLimited, Uncertain
from core.dify.audio import HEARING_BYTES, heard_as
from core.dify.file_types import FileInput, type_of
from core.errors import DifyBusy, DifyError, DifyRefused, DifyUnreachable
from core.file_names import shown_name
from core.file_slots import Seat, too_large
from core.footers import Footer
from core.messages import IncomingFile
from core.transcoding import MP3, NotTranscoded, Transcoder

log = logging.getLogger(__name__)

T = TypeVar("T")
K = TypeVar("K")
AT_ONCE = 2  # files of one question in our memory
RETRY_SECONDS = (0.5, 2.0)  # before each further attempt to fetch what got lost on its way
LIMITED_SECONDS = 60.0  # in all, that a platform may tell us to wait for one file
DIFY_SECONDS = 30.0  # how long a Dify that can't be reached, or is busy, is asked again
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 8.0
_TOLD = frozenset(
    ("file_over_limit", "file_type_refused", "files_unavailable", "voice_refused", "voice_off")
)  # sentences that say more than that a file was refused
_LASTING = frozenset((400, 413, 415))


class NotCarried(Exception):  # noqa: N818
    """A file stays behind. `note` says why; `lasting`: trying again later would be no use."""

    def __init__(self, note: Footer, *, lasting: bool = False) -> None:
        super().__init__(note.sentence)
        self.note = note
        self.lasting = lasting


class Carrier:
    """Carries the files of one question, two at once."""

    def __init__(self, app: App, adapter: ChatAdapter, user: str, transcoder: Transcoder) -> None:
        """`user`: who will ask; nobody else's files are taken by Dify."""
        self._api = app.dify.client.api
        self._adapter = adapter
        self._user = user
        self._transcoder = transcoder
        self._places = asyncio.Semaphore(AT_ONCE)

    async def upload(self, seat: Seat, most: int) -> FileInput:
        """Fetch a file of at most `most` bytes and upload it. Raises NotCarried."""
        file = seat.file
        data = await self._fetch(file, most)
        try:
            kept = await offered(lambda: self._api.files.upload(self._user, file.name, data, file.mime_type))
        except DifyError as error:
            raise _told(error, file) from error
        kind = type_of(kept.name or file.name, kept.mime_type or file.mime_type)  # as the server sees it
        agreed = seat.type != "custom" and (not seat.slot.types or kind in seat.slot.types)
        return FileInput.uploaded(kept.id, kind if agreed else seat.type)

    async def hear(self, file: IncomingFile) -> str:
        """Fetch a recording and have it written down; never empty. Raises NotCarried."""
        data, name, mime = await self._fetch(file, HEARING_BYTES), file.name, file.mime_type
        if heard_as(name, mime) is None:
            data, name, mime = await self._transcoded(file, data), f"{_stem(name)}.mp3", MP3
        try:
            text = await offered(lambda: self._api.audio.hear(self._user, name, data, mime))
        except DifyError as error:
            raise _told(error, file) from error
        if not text.strip():
            raise NotCarried(_note("voice_refused", file), lasting=True)
        return text.strip()

    async def _transcoded(self, file: IncomingFile, data: bytes) -> bytes:
        try:
            return await self._transcoder.mp3(data)
        except NotTranscoded as error:
            log.warning("a recording could not be made into MP3: %s", error.advice.hint)
            raise NotCarried(_note(error.advice.sentence, file), lasting=True) from error

    async def each(
        self, call: Callable[[K], Awaitable[T]], of: Iterable[tuple[IncomingFile, K]]
    ) -> list[T | NotCarried]:
        """The result of the call for each file, in their order, or why it stays behind."""

        async def one(file: IncomingFile, what: K) -> T | NotCarried:
            async with self._places:
                try:
                    return await call(what)
                except NotCarried as left:
                    return left
                except Exception as error:
                    log.warning("a file could not be passed on (%s)", type(error).__name__)
                    log.debug("details", exc_info=True)
                    return NotCarried(_note("file_failed", file))

        return list(await asyncio.gather(*(one(file, what) for file, what in of)))

    async def _fetch(self, file: IncomingFile, most: int) -> bytes:
        waited, lost = 0.0, 0
        while True:
            try:
                return await self._adapter.fetch(file, most)
            except RateLimited as limited:
                pause = limited.retry_after
                waited += pause
            except Uncertain as error:
                log.info("a file got lost on its way to us: %s", error)
                if lost == len(RETRY_SECONDS):
                    raise NotCarried(_note("file_failed", file)) from error
                pause = RETRY_SECONDS[lost]
                lost += 1
            except FileTooLarge as error:
                raise NotCarried(too_large(file, most), lasting=True) from error
            except (FileRefused, Gone) as error:
                log.warning("a file can't be had: %s", error)
                raise NotCarried(_note("file_failed", file), lasting=True) from error
            if waited > LIMITED_SECONDS:
                raise NotCarried(_note("file_failed", file))
            await asyncio.sleep(pause)


async def offered(call: Callable[[], Awaitable[T]]) -> T:
    """The call's result, asked again where Dify can't be reached or is busy. Raises DifyError."""
    pause, until = FIRST_PAUSE_SECONDS, time.monotonic() + DIFY_SECONDS
    while True:
        try:
            return await call()
        except (DifyUnreachable, DifyBusy):
            if time.monotonic() + pause > until:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE_SECONDS)


def _told(error: DifyError, file: IncomingFile) -> NotCarried:
    log.warning("a file was not taken: %s", error.advice.hint)
    if not isinstance(error, DifyRefused):
        return NotCarried(_note("file_failed", file))
    sentence = error.advice.sentence if error.advice.sentence in _TOLD else "file_refused_by_app"
    return NotCarried(_note(sentence, file), lasting=error.status in _LASTING)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name or "voice"


def _note(sentence: str, file: IncomingFile) -> Footer:
    return Footer(sentence, {"name": shown_name(file.name)})
