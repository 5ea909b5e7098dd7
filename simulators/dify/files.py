"""Files: upload, the checks of a message's files, previews, and the signed URLs of what apps make."""

import hashlib
import hmac
import mimetypes
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from simulators.dify.errors import DifyError, invalid
from simulators.dify.exchange import Exchange, Part
from simulators.dify.script import File
from simulators.dify.state import App, Run, Upload, now
from simulators.dify.workspace import Workspace

TYPES = ("image", "document", "audio", "video", "custom")
EXTENSIONS = {
    "image": {"jpg", "jpeg", "png", "webp", "gif", "svg"},
    "video": {"mp4", "mov", "mpeg", "webm"},
    "audio": {"mp3", "m4a", "wav", "amr", "mpga"},
}
DOCUMENTS = {
    *("txt", "markdown", "md", "mdx", "pdf", "html", "htm"),
    *("xlsx", "xls", "vtt", "properties", "docx", "csv"),
}
_SECRET = b"simulated"


def upload_kind(extension: str) -> str:
    """Which size limit counts: by extension, everything else is a document."""
    return next((kind for kind, known in EXTENSIONS.items() if extension in known), "document")


def detected_type(name: str, mime: str) -> str:
    """What Dify takes a file for: by its extension, else by its MIME type."""
    extension = name.rsplit(".", 1)[-1].lower()
    kind = "document" if extension in DOCUMENTS else upload_kind(extension)
    if kind != "document" or extension in DOCUMENTS:
        return kind
    kind = next((media for media in EXTENSIONS if media in mime), "")
    return kind or ("document" if "text" in mime or "pdf" in mime else "custom")


def make_file(workspace: Workspace, run: Run, step: File) -> Upload:
    """Keep a file that a run makes."""
    upload = Upload(step.name, step.mime, step.data, run.app.key, run.user, step.type, tool=True)
    upload.belongs_to, upload.attached = step.belongs_to, True
    workspace.files[upload.id] = upload
    if run.message is not None:
        run.message.files.append(upload)
    return upload


def signed_url(workspace: Workspace, upload: Upload) -> str:
    """A URL that needs no key but expires (`FILES_ACCESS_TIMEOUT`); relative where FILES_URL is empty."""
    path = (
        f"/files/tools/{upload.id}.{upload.extension}" if upload.tool else f"/files/{upload.id}/file-preview"
    )
    stamp = str(now())
    nonce = hashlib.md5(upload.id.encode(), usedforsecurity=False).hexdigest()
    base = workspace.origin if workspace.files_url is None else workspace.files_url
    signed = quote(_sign(upload.id, stamp, nonce), safe="")
    return f"{base}{path}?timestamp={stamp}&nonce={nonce}&sign={signed}"


def _sign(file_id: str, stamp: str, nonce: str) -> str:
    return hmac.new(_SECRET, f"{file_id}|{stamp}|{nonce}".encode(), hashlib.sha256).hexdigest()


async def serve_signed(exchange: Exchange) -> web.StreamResponse:
    """GET of a signed URL; forbidden once it is old or changed."""
    query = exchange.request.query
    upload = exchange.workspace.files.get(exchange.part("file_id"))
    if upload is None:
        raise DifyError(404, "not_found", "file not found")
    stamp, nonce = query.get("timestamp", "0"), query.get("nonce", "")
    good = hmac.compare_digest(_sign(upload.id, stamp, nonce), query.get("sign", ""))
    if not good or time.time() - int(stamp) > exchange.workspace.files_timeout:
        raise DifyError(403, "forbidden", "Invalid request.")
    return _bytes(exchange, upload)


def _bytes(exchange: Exchange, upload: Upload) -> web.Response:
    headers = exchange.dialect.headers() | {"Content-Type": upload.mime}
    return web.Response(body=upload.data, headers=headers | {"Cache-Control": "public, max-age=3600"})


async def upload(exchange: Exchange) -> web.StreamResponse:
    """POST /files/upload: 201; the type is never checked, the size is."""
    part = one_file(exchange)
    if exchange.workspace.refuse_uploads:
        raise DifyError(*exchange.workspace.refuse_uploads.popleft(), "refused as a test wants it")
    if part.mime is None:
        raise DifyError(415, "unsupported_file_type", "File type not allowed.")
    kept = Upload(part.name, part.mime, part.data, exchange.target.key, exchange.user)
    kept.type = upload_kind(kept.extension)
    limit = exchange.target.upload_megabytes.get(kept.type, 15)
    if len(part.data) > limit * 1024 * 1024:
        words = "" if exchange.dialect.since(1) else "File size exceeded. {message}"
        raise DifyError(413, "file_too_large", words)
    exchange.workspace.files[kept.id] = kept
    return exchange.json(_upload_row(exchange, kept), 201)


def one_file(exchange: Exchange) -> Part:
    """The single part named `file`."""
    parts = [part for part in exchange.parts if part.field == "file"]
    if not parts:
        if exchange.dialect.since(1):
            raise DifyError(400, "no_file_uploaded", "Please upload your file.")
        words = "The browser (or proxy) sent a request that this server could not understand."
        raise DifyError(400, "bad_request_key_error", words)
    if len(exchange.parts) > 1:
        raise DifyError(400, "too_many_files", "Only one file is allowed.")
    return parts[0]


def _upload_row(exchange: Exchange, kept: Upload) -> dict[str, Any]:
    row: dict[str, Any] = {"id": kept.id, "name": kept.name, "size": len(kept.data)}
    row |= {"extension": kept.extension, "mime_type": kept.mime}
    row |= {"created_by": exchange.target.end_user(kept.user), "created_at": kept.created_at}
    if not exchange.dialect.since(1):
        return row
    absent = ("reference", "preview_url", "original_url", "user_id", "conversation_id", "file_key")
    return row | dict.fromkeys(absent) | {"source_url": signed_url(exchange.workspace, kept)}


async def preview(exchange: Exchange) -> web.StreamResponse:
    """GET /files/{id}/preview: only files that are attached to a message of this app."""
    kept = exchange.workspace.files.get(exchange.part("file_id"))
    if kept is None or kept.tool:
        raise DifyError(404, "file_not_found", "The requested file was not found.")
    if kept.app != exchange.target.key or not kept.attached:
        raise DifyError(403, "file_access_denied", "Access to the requested file is denied.")
    response = _bytes(exchange, kept)
    if exchange.request.query.get("as_attachment", "").lower() in {"true", "1"}:
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(kept.name)}"
    return response


def message_files(exchange: Exchange, given: Any) -> list[Upload]:
    """The files of a chat message, checked as Dify does; an app without file upload ignores them."""
    app = exchange.target
    if not given or not app.file_upload:
        return []
    for item in given:
        if item.get("type") not in TYPES:
            raise invalid(f"'{item.get('type')}' is not a valid FileType")
    images = [item for item in given if item["type"] == "image"]
    if len(images) > app.file_limit:
        raise invalid(f"Number of image files exceeds the maximum limit {app.file_limit}")
    if len(given) > app.file_limit:
        raise invalid(f"Number of files exceeds the maximum limit {app.file_limit}")
    found = [_resolve(exchange, app, item) for item in given]
    for kept, item in zip(found, given, strict=True):
        if not _allowed(app, kept, item):
            raise invalid(f"File validation failed for file: {kept.name}")
        kept.attached = True
    return found


def _allowed(app: App, kept: Upload, item: dict[str, Any]) -> bool:
    """By the declared type, which need not be the true one; "custom" goes by extension."""
    if item.get("transfer_method") not in app.file_methods:
        return False
    custom = item["type"] == "custom"
    return f".{kept.extension}" in app.file_extensions if custom else item["type"] in app.file_types


def input_file_problem(exchange: Exchange, inputs: dict[str, Any]) -> str | None:
    """The first thing wrong with the files that are values of the form's variables, or None."""
    for field in exchange.target.input_form:
        for kind, rules in field.items():
            value = inputs.get(str(rules["variable"])) if kind in {"file", "file-list"} else None
            for item in value if isinstance(value, list) else [value] if value else []:
                if problem := _input_file_problem(exchange, item, rules):
                    return problem
    return None


def _input_file_problem(exchange: Exchange, item: dict[str, Any], rules: Mapping[str, Any]) -> str | None:
    app, declared = exchange.target, item.get("type")
    if not item.get("transfer_method"):
        return "transfer_method is required in file mapping"
    if item["transfer_method"] not in {"local_file", "remote_url"} or declared not in TYPES:
        return "Invalid file"
    try:
        kept = _resolve(exchange, app, item)
    except DifyError as error:
        return error.message
    strict = app.mode == "workflow" and exchange.dialect.since(1, 3)
    if strict and detected_type(kept.name, kept.mime) != declared:
        return "Detected file type does not match the specified type. Please verify the file."
    fits = _fits(rules, str(declared), kept.extension) and _may_come(rules, item)
    return None if fits else f"File validation failed for file: {kept.name}"


def _fits(rules: Mapping[str, Any], declared: str, extension: str) -> bool:
    extensions = rules.get("allowed_file_extensions")
    if declared == "custom" and extensions:
        return f".{extension}" in extensions
    return declared in (rules.get("allowed_file_types") or TYPES)


def _may_come(rules: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Whether a variable allows this way; images may come in any."""
    ways = rules.get("allowed_file_upload_methods")
    return not ways or item["type"] == "image" or item["transfer_method"] in ways


def _resolve(exchange: Exchange, app: App, item: dict[str, Any]) -> Upload:
    if item.get("transfer_method") == "remote_url":
        return _remote(exchange, app, item)
    kept = exchange.workspace.files.get(str(item.get("upload_file_id")))
    if kept is None:
        raise invalid("Invalid upload file")
    if exchange.dialect.since(1, 14) and (kept.app, kept.user) != (app.key, exchange.user):
        raise invalid("Invalid upload file")  # since 1.14 only the app and user that uploaded it
    kept.type = item["type"]
    return kept


def _remote(exchange: Exchange, app: App, item: dict[str, Any]) -> Upload:
    """A file that Dify fetches: it asks for the HEAD first, here only as far as `unreachable` goes."""
    url = item.get("url")
    if not isinstance(url, str) or not url:
        raise invalid("Invalid file url")
    if url in exchange.workspace.unreachable:
        raise invalid(f"Reached maximum retries (3) for URL {url}")
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Upload(name, mime, b"", app.key, exchange.user, item["type"])


def file_rows(workspace: Workspace, uploads: list[Upload]) -> list[dict[str, Any]]:
    """`message_files` of GET /messages: signed anew, with name, type and size."""
    return [
        {
            "id": kept.id,
            "filename": kept.name,
            "type": kept.type,
            "url": signed_url(workspace, kept),
            "mime_type": kept.mime,
            "size": len(kept.data),
            "transfer_method": "tool_file" if kept.tool else "local_file",
            "belongs_to": kept.belongs_to,
        }
        for kept in uploads
    ]
