"""What an app speaks by itself while it answers, as one file. Pure.

Source: Dify's event tts_message (text to speech with auto-play): pieces of one recording, base64.
"""

import base64
import binascii
from collections.abc import Mapping

from core.dify.events import TtsMessage
from core.messages import OutgoingFile

MOST_BYTES = 10 * 1024 * 1024  # of one recording: ten minutes and more of MP3
_KINDS: Mapping[bytes, tuple[str, str]] = {b"RIFF": ("wav", "audio/wav"), b"OggS": ("ogg", "audio/ogg")}
_MP3 = ("mp3", "audio/mpeg")  # what nearly every model speaks


class Speech:
    """The recording so far. Of one that is too long nothing is kept: half a sentence is no help."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._bytes = 0

    def take(self, event: TtsMessage) -> None:
        """Take the next piece."""
        try:
            piece = base64.b64decode(event.audio)
        except binascii.Error:
            return
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def file(self) -> OutgoingFile | None:
        """All of it; None where nothing was spoken."""
        data = b"".join(self._pieces)
        ending, mime = _KINDS.get(data[:4], _MP3)
        return OutgoingFile(f"answer.{ending}", mime, data) if data else None
