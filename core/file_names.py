"""What a file that an app made is called, and by what it is known again. Pure."""

import mimetypes
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from core.dify.file_types import extension_of, safe_name
from core.dify.metadata import AppFile

_RANDOM = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_PREVIEWS = frozenset(("file-preview", "image-preview"))  # Dify: how addresses of uploads end
_EXTENSIONS = {"audio/mp3": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/m4a": ".m4a"}
_NO_TYPE = frozenset(("", "application/octet-stream", "binary/octet-stream"))
_LONGEST_SHOWN = 80  # characters


def name_of(file: AppFile, mime: str = "") -> str:
    """A name for people, the same each time: what Dify says, else what its address says.

    `mime` is what the bytes were said to be. A name that is only an id becomes "image-1a2b3c.png".
    """
    said = " ".join((file.filename or file.name).split())
    name = safe_name(said or _last_part(file.url or file.remote_url)).strip(". ") or "file"
    path = PurePosixPath(name)
    if _RANDOM.fullmatch(path.stem):
        name = f"{file.type or 'file'}-{path.stem[:6].lower()}{path.suffix}"
    return name if mimetypes.guess_type(name, strict=False)[0] else name + _ending(file, mime, name)


def identity_of(file: AppFile) -> str:
    """By what a file is known again: the path of its address, without the host and the signature."""
    address = file.url or file.remote_url
    if address.startswith("data:"):
        return address
    path = address.partition("?")[0]
    at = path.find("/files/")
    return path[max(at, 0) :] or file.id


def shown_name(name: str) -> str:
    """A name in a sentence: one line, not too long."""
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST_SHOWN else f"{name[: _LONGEST_SHOWN - 1]}…"


def _last_part(address: str) -> str:
    if address.startswith("data:"):
        return ""
    parts = [part for part in address.partition("?")[0].split("/") if part and part not in _PREVIEWS]
    return unquote(parts[-1]) if parts else ""


def _ending(file: AppFile, mime: str, name: str) -> str:
    plain = mime.partition(";")[0].strip().lower()
    plain = file.mime_type if plain in _NO_TYPE else plain
    ending = _EXTENSIONS.get(plain) or mimetypes.guess_extension(plain, strict=False) or ""
    if not ending and file.extension:
        ending = "." + file.extension.lstrip(".").lower()
    return "" if (plain in _NO_TYPE and extension_of(name)) or ending == ".bin" else ending
