"""Speech in both directions: recordings heard, answers spoken.

Source: Dify api/controllers/service_api/app/audio.py, api/services/audio_service.py; 0.15 to 1.16.
"""

from core.dify.calls import Calls, given
from core.dify.file_types import extension_of, safe_name
from core.dify.files import Content, content_of
from core.dify.rows import Row
from core.errors import Advice, DifyRefused

HEARD = frozenset(
    f"audio/{kind}" for kind in ("mp3", "m4a", "wav", "amr", "mpga")
)  # by MIME type, word for word
HEARING_BYTES = 30 * 1024 * 1024
SPEECH_SECONDS = 120.0  # of silence, while a model listens or speaks
_SAME = {
    "audio/mpeg": "audio/mp3",
    "audio/x-mp3": "audio/mp3",
    "audio/mp4": "audio/m4a",
    "audio/x-m4a": "audio/m4a",
    "audio/aac": "audio/m4a",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
}
_BY_EXTENSION = {
    "mp3": "audio/mp3",
    "m4a": "audio/m4a",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "mpga": "audio/mpga",
}
NOT_HEARD = Advice(
    "voice_refused", "Dify does not take recordings of this type: Ogg and WebM need transcoding"
)


def heard_as(name: str, mime: str) -> str | None:
    """The MIME type under which Dify takes a recording; None where it takes it under none (Ogg, WebM)."""
    plain = mime.partition(";")[0].strip().lower()
    if plain in HEARD:
        return plain
    if plain in _SAME:
        return _SAME[plain]
    if plain in {"", "application/octet-stream", "audio", "audio/*"}:
        return _BY_EXTENSION.get(extension_of(name))
    return None


class Transcript(Row):
    """What was heard."""

    text: str = ""


class Audio:
    """Both cost a model call: neither is repeated where it may have begun."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def hear(self, user: str, name: str, data: bytes, mime: str) -> str:
        """The words of a recording (Dify: POST /audio-to-text).

        Raises DifyRefused: unsupported_audio_type (before anything is sent, where no relabelling helps),
        audio_too_large, speech_to_text_disabled (invalid_param before 1.16).
        """
        label = heard_as(name, mime)
        if label is None:
            raise DifyRefused(NOT_HEARD, status=415, code="unsupported_audio_type")
        file = (safe_name(name), data, label)
        options = {"files": {"file": file}, "data": {"user": user}, "timeout": SPEECH_SECONDS}
        return (await self._calls.row(Transcript, "POST", "/audio-to-text", **options)).text

    async def speak(
        self, user: str, *, text: str | None = None, message_id: str | None = None, voice: str | None = None
    ) -> Content | None:
        """An answer, or else a text, as audio (Dify: POST /text-to-audio).

        None where there is nothing to say: the message is unknown, empty or another user's.
        Raises DifyRefused: invalid_param (switched off in the app).
        """
        body = {"user": user} | given(text=text, message_id=message_id, voice=voice)
        path = "/text-to-audio"
        found = content_of(await self._calls.raw("POST", path, json=body, timeout=SPEECH_SECONDS))
        nothing = not found.data or found.data.strip() == b"null"
        return None if nothing or found.mime == "text/html" else found
