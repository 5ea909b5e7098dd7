"""A server that says exactly what it is given, once per request, and remembers what it was asked."""

import asyncio
import json
from dataclasses import dataclass, field


@dataclass
class Reply:
    """What is said: `sizes` are the HTTP chunks of the body, which else has a length.

    Not `finished`, it breaks off without the last chunk; `mute`, before a byte is said.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    sizes: list[int] | None = None
    finished: bool = True
    mute: bool = False

    @classmethod
    def of(cls, value, status=200, version="1.16.1"):
        """A JSON reply."""
        headers = {"Content-Type": "application/json", "X-Version": version}
        return cls(status, json.dumps(value).encode(), headers)

    @classmethod
    def page(cls, status, text="<html>secret-host.internal</html>"):
        """A web page."""
        return cls(status, text.encode(), {"Content-Type": "text/html"})

    @classmethod
    def stream(cls, body, sizes=None, *, finished=True):
        """A stream of events."""
        return cls(200, body, {"Content-Type": "text/event-stream"}, sizes or [len(body)], finished)


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def json(self):
        return json.loads(self.body)


class Replay:
    """`async with Replay(Reply(…), …) as server: … server.base_url … server.asked`."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.origin}/v1"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            self.asked.append(await _request(reader))
            await _say(writer, self.replies.pop(0))
        finally:
            writer.close()


async def _request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = b""
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif "chunked" in headers.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return Asked(method, target, headers, body)


async def _say(writer, reply):
    if reply.mute:
        return
    empty = reply.status == 204
    length = {} if reply.sizes is not None or empty else {"Content-Length": str(len(reply.body))}
    chunked = {} if reply.sizes is None else {"Transfer-Encoding": "chunked"}
    lines = [f"{name}: {value}" for name, value in (reply.headers | length | chunked).items()]
    lines = [f"HTTP/1.1 {reply.status} Said", *lines, "Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    if reply.sizes is None:
        writer.write(reply.body)
    else:
        at = 0
        for size in reply.sizes:
            part = reply.body[at : at + size]
            at += size
            if part:
                writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                await writer.drain()
        if reply.finished:
            writer.write(b"0\r\n\r\n")
    await writer.drain()
