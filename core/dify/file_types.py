"""What Dify takes a file for, and how a question names its files. Pure.

Source: Dify api/constants/__init__.py (extensions), api/core/file (1.x: api/factories/file_factory.py): the
extension decides, then the MIME type; a workflow app asked by API fails where the declared type differs.
"""

import mimetypes
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

FileType = Literal["image", "document", "audio", "video", "custom"]

_STOCK = (
    "txt",
    "markdown",
    "md",
    "mdx",
    "pdf",
    "html",
    "htm",
    "xlsx",
    "xls",
    "vtt",
    "properties",
    "docx",
    "csv",
)
EXTENSIONS: dict[FileType, frozenset[str]] = {
    "image": frozenset(("jpg", "jpeg", "png", "webp", "gif", "svg")),
    "video": frozenset(("mp4", "mov", "mpeg", "webm")),
    "audio": frozenset(("mp3", "m4a", "wav", "amr", "mpga")),
    "document": frozenset(_STOCK),
}
UNSTRUCTURED = frozenset(
    ("doc", "eml", "msg", "ppt", "pptx", "xml", "epub")
)  # documents with ETL_TYPE=Unstructured
MEDIA: tuple[FileType, ...] = ("image", "video", "audio")
_LONGEST_NAME = 200  # characters; Dify cuts longer ones itself, at their first dot
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f]")


class FileInput(BaseModel):
    """A file of a question: uploaded before (`upload_file_id`), or fetched by Dify itself (`url`)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: FileType
    transfer_method: Literal["local_file", "remote_url"]
    upload_file_id: str | None = None
    url: str | None = None

    @classmethod
    def uploaded(cls, file_id: str, file_type: FileType) -> "FileInput":
        """A file of POST /files/upload; it has to be the same `user` who asks (since 1.14)."""
        return cls(type=file_type, transfer_method="local_file", upload_file_id=file_id)

    @classmethod
    def remote(cls, url: str, file_type: FileType) -> "FileInput":
        """A file that Dify fetches; its address must be open to everybody."""
        return cls(type=file_type, transfer_method="remote_url", url=url)


def extension_of(name: str) -> str:
    """What stands behind the last dot, in small letters; "" without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def type_of(name: str, mime: str = "") -> FileType:
    """The type that a stock Dify finds for a file; it counts those of UNSTRUCTURED as "custom"."""
    extension = extension_of(name)
    for kind, known in EXTENSIONS.items():
        if extension in known:
            return kind
    for kind in MEDIA:
        if kind in mime:
            return kind
    return "document" if "text" in mime or "pdf" in mime else "custom"


def size_kind(name: str) -> FileType:
    """Under which limit of /parameters a file falls: by its extension only, documents are all the rest."""
    extension = extension_of(name)
    return next((kind for kind in MEDIA if extension in EXTENSIONS[kind]), "document")


def mime_of(name: str, said: str = "") -> str:
    """A MIME type for an upload, which fails (415) without one."""
    plain = said.partition(";")[0].strip().lower()
    if "/" in plain and plain != "application/octet-stream":
        return plain
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def safe_name(name: str) -> str:
    """A name that Dify takes: no slashes, no control characters, not empty, its extension kept.

    Quotes are made single: double ones do not survive a form.
    """
    name = _FORBIDDEN.sub("_", name).replace('"', "'").strip() or "file"
    if len(name) <= _LONGEST_NAME:
        return name
    extension = name.rpartition(".")[2][:20] if "." in name else ""
    return name[: _LONGEST_NAME - len(extension) - 1] + (f".{extension}" if extension else "")


def plain(value: Any) -> Any:
    """An input's value as JSON: files (and lists of them) as the objects that Dify reads."""
    if isinstance(value, FileInput):
        return value.model_dump(exclude_none=True)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
