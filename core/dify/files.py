"""Files in: uploads for a question, and previews of what was uploaded.

Source: Dify api/controllers/service_api/app/{file,file_preview}.py; 0.15 to 1.16.
"""

from dataclasses import dataclass

import httpx

from core.dify.calls import Calls, part
from core.dify.file_types import mime_of, safe_name
from core.dify.rows import Row, Seconds

UPLOAD_SECONDS = 300.0  # of silence: a large file is stored before Dify replies


class Upload(Row):
    """What Dify says of an upload. Its `id` goes into FileInput.uploaded."""

    id: str = ""
    name: str = ""
    size: int = 0  # bytes
    extension: str = ""
    mime_type: str = ""
    created_by: str = ""  # the end user's id at Dify, not our `user`
    created_at: Seconds = 0.0
    preview_url: str = ""
    source_url: str = ""  # signed, lives minutes (1.x)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes, and what they are said to be."""

    data: bytes
    mime: str


class Files:
    """Uploads belong to the app and (since 1.14) to the `user` that made them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def upload(self, user: str, name: str, data: bytes, mime: str = "") -> Upload:
        """Upload one file (Dify: POST /files/upload, 201). May be repeated: one more copy harms nobody.

        Dify checks its size, not its type: check both against /parameters before. Raises DifyRefused:
        file_too_large, unsupported_file_type, invalid_param (an extension that the server blocks), or a
        proxy's 413.
        """
        name = safe_name(name)
        return await self._calls.row(
            Upload,
            "POST",
            "/files/upload",
            files={"file": (name, data, mime_of(name, mime))},
            data={"user": user},
            repeatable=True,
            timeout=UPLOAD_SECONDS,
        )

    async def preview(self, file_id: str, user: str, *, as_attachment: bool = False) -> Content:
        """The bytes of an upload that a message of this app holds (Dify: GET /files/{id}/preview, 1.7.2).

        Not of files that a tool made, nor of a workflow app's. Raises DifyRefused: file_not_found,
        file_access_denied.
        """
        params = {"user": user} | ({"as_attachment": "true"} if as_attachment else {})
        path = f"/files/{part(file_id)}/preview"
        return content_of(await self._calls.raw("GET", path, params=params, since=(1, 7, 2)))


def content_of(response: httpx.Response, data: bytes | None = None) -> Content:
    """The body of a reply that is no JSON; `data` where it was read in pieces."""
    mime = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Content(response.content if data is None else data, mime)
