"""Web API methods of files, and the upload and download URLs. Slack: files.*."""

import secrets
from typing import Any

from aiohttp import web

from simulators.journal import Call
from simulators.slack.files import LOGIN_PAGE, StoredFile, described
from simulators.slack.method import Args, Method, Reply
from simulators.slack.refusal import Refusal, need
from simulators.slack.workspace import Workspace, reachable


def upload_url(ws: Workspace, args: Args) -> Reply:
    """Slack: files.getUploadURLExternal."""
    need(args, "filename", "length")
    id_, secret = ws.world.next_id("F"), secrets.token_urlsafe(24)
    file = StoredFile(id_, args["filename"], ws.world.bot_user, length=int(args["length"]), secret=secret)
    file.alt_text = str(args.get("alt_txt") or "")
    if file.length <= 0:
        raise Refusal("invalid_arguments")
    ws.world.files[id_] = file
    return {"upload_url": f"{ws.base}/upload/v1/{secret}", "file_id": id_}


def complete(ws: Workspace, args: Args) -> Reply:
    """Slack: files.completeUploadExternal: shares the uploaded files in a message, if a channel is named."""
    need(args, "files")
    if not isinstance(args["files"], list):
        raise Refusal("invalid_arguments")
    files = [_uploaded(ws, entry) for entry in args["files"]]
    if args.get("channel_id"):
        _share(ws, files, args)
    return {"files": [{"id": file.id, "title": file.title or file.name} for file in files]}


def _uploaded(ws: Workspace, entry: dict[str, Any]) -> StoredFile:
    file = ws.world.files.get(str(entry.get("id")))
    if file is None or file.data is None:
        raise Refusal("file_not_found")
    file.title = str(entry.get("title") or "")
    return file


def _share(ws: Workspace, files: list[StoredFile], args: Args) -> None:
    channel = reachable(ws, args["channel_id"])
    root = ws.world.message(channel, str(args.get("thread_ts") or ""))
    text = str(args.get("initial_comment") or "")
    message = ws.bot_message(channel, text, thread_ts=(root.thread_ts or root.ts) if root else None)
    message.files, message.subtype = files, "file_share"
    for file in files:
        file.shared = True
    ws.world.add(message)
    kind = "public" if channel.kind == "channel" else "private"
    for file in files:
        file.shares.setdefault(kind, {}).setdefault(channel.id, []).append({"ts": message.ts})
    ws.announce(message)


def info(ws: Workspace, args: Args) -> Reply:
    """Slack: files.info."""
    need(args, "file")
    file = ws.world.files.get(args["file"])
    if file is None or file.data is None:
        raise Refusal("file_not_found")
    late = ws.faults.take(ws.faults.late_shares, "files.info")
    return {"file": {**described(file, ws.base, ws.world.team_id), "shares": {} if late else file.shares}}


def delete(ws: Workspace, args: Args) -> Reply:
    """Slack: files.delete."""
    need(args, "file")
    if ws.world.files.pop(args["file"], None) is None:
        raise Refusal("file_not_found")
    return {}


METHODS = {
    "files.getUploadURLExternal": Method(upload_url, "t4", ("files:write",)),
    "files.completeUploadExternal": Method(complete, "t4", ("files:write",)),
    "files.info": Method(info, "t4", ("files:read",)),
    "files.delete": Method(delete, "t3", ("files:write",)),
}


async def receive_upload(ws: Workspace, request: web.Request) -> web.Response:
    """The upload URL: takes the raw bytes or a multipart form with one file; answers text/plain."""
    data = await _uploaded_bytes(request)
    broken = ws.faults.next_status("POST /upload")
    if broken is not None:
        return web.Response(status=broken, text="upload failed")
    file = next((f for f in ws.world.files.values() if f.secret == request.match_info["secret"]), None)
    status = 404 if file is None else 200 if len(data) == file.length else 400
    if file is not None and status == 200:
        file.data = data
    id_ = file.id if file else ""
    ws.journal.record(Call("POST /upload", {"file": id_, "size": len(data)}, status))
    return web.Response(status=status, text=f"OK - {len(data)}" if status == 200 else "upload failed")


async def _uploaded_bytes(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    form = await request.post()
    for part in form.values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""


def download(ws: Workspace, request: web.Request) -> web.Response:
    """url_private_download: without a token that may read files Slack answers 200 and its login page."""
    fault = _download_fault(ws)
    if fault is not None:
        return fault
    file = ws.world.files.get(request.match_info["place"].rpartition("-")[2])
    allowed = request.headers.get("Authorization") == f"Bearer {ws.bot_token}" and not ws.revoked
    allowed = allowed and "files:read" in ws.settings.scopes and not ws.faults.login_page
    error = None if allowed else "login_page"
    status = 404 if allowed and (file is None or file.data is None) else 200
    ws.journal.record(Call("GET /files-pri", {"file": file.id if file else ""}, status, error))
    if not allowed:
        return web.Response(text=LOGIN_PAGE, content_type="text/html")
    if file is None or file.data is None:
        return web.Response(status=404, text="file not found")
    response = web.Response(body=file.data, content_type=file.mimetype)
    if ws.faults.chunked:
        response.enable_chunked_encoding()
    return response


def _download_fault(ws: Workspace) -> web.Response | None:
    name = "GET /files-pri"
    wait, status = ws.faults.next_retry_after(name), ws.faults.next_status(name)
    if wait:
        return web.Response(status=429, headers={"Retry-After": str(wait)})
    if status is not None:
        return web.Response(status=status)
    if ws.faults.redirects:
        return web.Response(status=302, headers={"Location": ws.faults.redirects.popleft()})
    return None
