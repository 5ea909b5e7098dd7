"""Files of the workspace: how they are kept, described and guarded."""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

LOGIN_PAGE = """<!DOCTYPE html>
<html lang="en-US"><head><title>Slack</title></head>
<body><form action="/signin" method="post"><h1>Sign in to your workspace</h1></form></body></html>
"""


@dataclass(frozen=True)
class Upload:
    """A file that a person attaches to a message. `external`: over Slack Connect, details on request."""

    name: str
    data: bytes
    mimetype: str = "application/octet-stream"
    external: bool = False
    subtype: str = ""  # "slack_audio": a voice message


@dataclass
class StoredFile:
    """A file that Slack keeps; `data` is None between files.getUploadURLExternal and the upload."""

    id: str
    name: str
    user: str
    data: bytes | None = None
    mimetype: str = "application/octet-stream"
    title: str = ""
    length: int = 0  # bytes, as announced
    external: bool = False
    shared: bool = False
    alt_text: str = ""
    subtype: str = ""
    shares: dict[str, Any] = field(default_factory=dict)  # "public" | "private" -> channel -> [{"ts": …}]
    created: int = field(default_factory=lambda: int(time.time()))
    secret: str = ""  # part of the upload URL

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data) if self.data is not None else self.length

    @property
    def filetype(self) -> str:
        """The extension, Slack's `filetype`."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else "binary"


def described(file: StoredFile, base: str, team: str, *, full: bool = True) -> dict[str, Any]:
    """The file object that events and files.info carry. `check_file_info` for Slack Connect."""
    if file.external and not full:
        return {
            "id": file.id,
            "mode": "file_access",
            "file_access": "check_file_info",
            "created": file.created,
        }
    place = f"{base}/files-pri/{team}-{file.id}"
    voice = (
        {"subtype": file.subtype, "media_display_type": "audio", "duration_ms": 1500} if file.subtype else {}
    )
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.filetype,
        "pretty_type": file.filetype.upper(),
        "user": file.user,
        "user_team": team,
        "editable": False,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{place}/{file.name}",
        "url_private_download": f"{place}/download/{file.name}",
        "media_display_type": "unknown",
        "permalink": f"{base}/files/{file.user}/{file.id}/{file.name}",
        "permalink_public": f"{base}/{team}-{file.id}-{hashlib.sha256(file.id.encode()).hexdigest()[:10]}",
        "is_starred": False,
        "skipped_shares": True,
        "has_rich_preview": False,
        "file_access": "visible",
        **voice,
    }
