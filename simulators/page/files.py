"""Files on the page: those that were posted, to look at; and those that a person picks to send."""

import mimetypes
from urllib.parse import quote

from aiohttp import web

from simulators.stage import Stage
from simulators.stage_files import LONGEST

__all__ = ["LONGEST", "is_image", "pick", "posted"]

# What a browser only draws, by how it begins. No SVG: that is a document, which may hold scripts.
IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def _image_type(data: bytes | None) -> str:
    return next((kind for start, kind in IMAGES.items() if (data or b"").startswith(start)), "")


def is_image(data: bytes | None) -> bool:
    """Whether the page shows it as a picture: its bytes tell, whatever its name says."""
    return bool(_image_type(data))


def posted(stage: Stage, platform: str, known: str) -> web.Response:
    """The bytes of a file in one of the chats: drawn if it is a picture, else only to be saved."""
    name, data = _found(stage, platform, known)
    if data is None:
        raise web.HTTPNotFound(text="This file is gone.\n")
    kind = _image_type(data)
    if kind:
        return web.Response(body=data, content_type=kind)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return web.Response(body=data, content_type="application/octet-stream", headers=headers)


def _found(stage: Stage, platform: str, known: str) -> tuple[str, bytes | None]:
    if platform == "slack" and known in stage.slack.world.files:
        file = stage.slack.world.files[known]
        return file.name, file.data
    if platform == "discord" and known.isascii() and known.isdecimal():
        attached = stage.discord.world.attachments.get(int(known))
        return (attached.filename, attached.data) if attached else ("", None)
    return "", None


async def pick(stage: Stage, request: web.Request) -> web.Response:
    """POST /pick?name=…: keep a file until it is sent; its id. 413 for one that is too large."""
    name, data = request.query.get("name", ""), await request.read()
    if not data:
        return web.json_response({"message": "this file is empty"}, status=400)
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return web.json_response({"id": stage.shelf.put(name, mime, data)})
