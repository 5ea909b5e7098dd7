"""Where attachments are downloaded: signed URLs that expire."""

import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

from aiohttp import web

from simulators.discord.state import Attachment, Channel, World

PATH = "/attachments/{channel_id}/{attachment_id}/{filename}"


class Cdn:
    """Signs addresses, serves bytes (Discord: reference#signed-attachment-cdn-urls)."""

    def __init__(self, world: World, *, seconds: float = 86_400.0) -> None:
        self.seconds = seconds  # how long a URL works
        self.origin = ""  # "http://127.0.0.1:PORT"
        self.downloads: list[int] = []  # attachment ids, in the order they were fetched
        self._world = world
        self._key = secrets.token_bytes(16)
        world.cdn = self.url

    def url(self, channel: Channel, file: Attachment) -> str:
        """A fresh address; `ex`, `is` are hexadecimal Unix seconds."""
        path = f"/attachments/{channel.id}/{file.id}/{quote(file.filename)}"
        issued = int(self._world.clock())
        expires = f"{int(issued + self.seconds):x}"
        query = {"ex": expires, "is": f"{issued:x}", "hm": self._sign(str(file.id), expires)}
        return f"{self.origin}{path}?{urlencode(query)}"

    def expire_all(self) -> None:
        """Make every address given so far answer 404, as after a day."""
        self._key = secrets.token_bytes(16)

    def _sign(self, attachment_id: str, expires: str) -> str:
        return hmac.new(self._key, f"{attachment_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    async def serve(self, request: web.Request) -> web.Response:
        attachment_id, expires = request.match_info["attachment_id"], request.query.get("ex", "0")
        signed = hmac.compare_digest(self._sign(attachment_id, expires), request.query.get("hm", ""))
        file = self._world.attachments.get(int(attachment_id))
        if file is None or not signed or int(expires, 16) < self._world.clock():
            return web.Response(status=404, text="This content is no longer available.")
        self.downloads.append(file.id)
        content_type = file.content_type or "application/octet-stream"
        return web.Response(body=file.data, headers={"Content-Type": content_type})
