"""Recordings of types that Dify does not take, made into MP3 by a process of its own.

Foreign bytes go through code that is not Python: what kills it, or never ends, ends that process only. The
library (PyAV, the extra `voice`) is loaded there and nowhere else.
"""

import asyncio
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from core.dify.file_types import extension_of
from core.errors import Advice, ParleyError

INSTALL = "pip install --require-hashes -r requirements/voice.txt"  # the extra `voice`
MP3 = "audio/mp3"  # a MIME type that Dify takes
LONGEST_SECONDS = 1800.0  # of a recording: half as much again as any chat lets people record; 7 MB as MP3
WORK_SECONDS = 120.0  # for one recording; half an hour of it takes 16 s of a free processor
AT_ONCE = 2  # of the whole process
_MOST = 12_000_000  # bytes of MP3
_PIECE = 65_536
TOO_LONG = 3  # exit code of the script
_SCRIPT = Path(__file__).with_name("mp3_script.py")
_TYPES = frozenset(("audio/ogg", "audio/opus", "audio/webm", "application/ogg"))
_EXTENSIONS = frozenset(("ogg", "oga", "opus", "weba"))
_UNSAID = frozenset(("", "application/octet-stream"))
_ENVIRONMENT = frozenset(  # what Python needs to start; keys and tokens stand in others
    ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
)


class NotTranscoded(ParleyError):  # noqa: N818
    """A recording is too long, or not what it says it is."""


def transcodable(name: str, mime: str) -> bool:
    """Whether a file is a recording of a type that is made into MP3: Ogg and WebM."""
    plain = mime.partition(";")[0].strip().lower()
    return plain in _TYPES or (plain in _UNSAID and extension_of(name) in _EXTENSIONS)


class Transcoder:
    """Makes recordings into MP3, a few at once."""

    def __init__(
        self,
        *,
        available: bool | None = None,
        longest: float = LONGEST_SECONDS,
        within: float = WORK_SECONDS,
    ) -> None:
        """`available`: whether the library is there, else it is looked for; `within`: seconds of work."""
        self.available = find_spec("av") is not None if available is None else available
        self._longest = longest
        self._within = within
        self._places = asyncio.Semaphore(AT_ONCE)

    async def mp3(self, data: bytes) -> bytes:
        """Ogg or WebM audio as MP3: 16 kHz, mono, 4 kB a second. Raises NotTranscoded."""
        async with self._places:
            code, made = await self._worked(data)
        if code == TOO_LONG:
            raise NotTranscoded(Advice("voice_too_long", f"it is longer than {self._longest:g} seconds"))
        if code != 0:
            raise _refused(f"it is no Ogg or WebM audio that can be read (exit code {code})")
        return made

    async def _worked(self, data: bytes) -> tuple[int | None, bytes]:
        limits = [str(self._longest), str(int(self._within) + 1)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(_SCRIPT), *limits,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
            start_new_session=True,  # Ctrl-C lets running answers finish
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._within):
                made, _ = await asyncio.gather(_read(process), _fed(process, data))
        except TimeoutError:
            raise _refused(f"it took longer than {self._within:g} seconds") from None
        finally:
            await _ended(process)
        return process.returncode, made


async def _fed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 (for the type checker)
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """What it says, but never more than a recording of the longest can be; more kills it."""
    assert process.stdout is not None  # noqa: S101 (for the type checker)
    parts, size = [], 0
    while part := await process.stdout.read(_PIECE):
        parts.append(part)
        size += len(part)
        if size > _MOST:
            raise _refused("it made more than any recording has")
    await process.wait()
    return b"".join(parts)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # reads to the end: a full pipe would be waited for


def _refused(hint: str) -> NotTranscoded:
    return NotTranscoded(Advice("voice_refused", hint))
