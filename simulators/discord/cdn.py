"""Where attachments are downloaded: signed URLs that expire."""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from aiohttp import web

from simulators.discord.state import Attachment, Channel, World

PATHS = (
    "/attachments/{channel_id}/{attachment_id}/{filename}",
    "/ephemeral-attachments/{channel_id}/{attachment_id}/{filename}",
)
PAGE = "<!doctype html><html><body>Just a moment…</body></html>"


class Cdn:
    """Signs addresses, serves bytes (Discord: reference#signed-attachment-cdn-urls)."""

    def __init__(self, world: World, *, seconds: float = 86_400.0) -> None:
        self.seconds = seconds  # how long a URL works
        self.origin = ""  # "http://127.0.0.1:PORT"
        self.downloads: list[int] = []  # attachment ids, in the order they were fetched
        self.headers: list[Mapping[str, str]] = []  # of every request, oldest first
        self._world = world
        self._key = secrets.token_bytes(16)
        self._script: deque[web.Response] = deque()
        world.cdn = self.url

    def url(self, channel: Channel, file: Attachment) -> str:
        """A fresh address; `ex`, `is` are hexadecimal Unix seconds."""
        folder = "ephemeral-attachments" if file.ephemeral else "attachments"
        path = f"/{folder}/{channel.id}/{file.id}/{quote(file.filename)}"
        issued = int(self._world.clock())
        expires = f"{int(issued + self.seconds):x}"
        query = {"ex": expires, "is": f"{issued:x}", "hm": self._sign(str(file.id), expires)}
        return f"{self.origin}{path}?{urlencode(query)}"

    def expire_all(self) -> None:
        """Make every address given so far answer 404, as after a day."""
        self._key = secrets.token_bytes(16)

    def answer_next(self, status: int, text: str = "", **headers: str) -> None:
        """Answer the next download with this status instead; `Retry_After="3"` is the header Retry-After."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self._script.append(web.Response(status=status, text=text, headers=told))

    def page_next(self) -> None:
        """Answer the next download with a web page, as a proxy that asks for a login does."""
        self._script.append(web.Response(text=PAGE, content_type="text/html"))

    def _sign(self, attachment_id: str, expires: str) -> str:
        return hmac.new(self._key, f"{attachment_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    async def serve(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        if self._script:
            return self._script.popleft()
        attachment_id, expires = request.match_info["attachment_id"], request.query.get("ex", "0")
        signed = hmac.compare_digest(self._sign(attachment_id, expires), request.query.get("hm", ""))
        file = self._world.attachments.get(int(attachment_id))
        if file is None or not signed or int(expires, 16) < self._world.clock():
            return web.Response(status=404, text="This content is no longer available.")
        self.downloads.append(file.id)
        content_type = file.content_type or "application/octet-stream"
        return web.Response(body=file.data, headers={"Content-Type": content_type})
