"""Servers of one idea each: what a client meets when something is wrong on the way."""

import asyncio
import contextlib
import socket
import struct

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b'data: {"event": "message", "answer": "Hi"}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)


class Peer:
    """A server of one idea; keeps what it was sent."""

    def __init__(self, act):
        self._act = act
        self._tasks = []
        self.requests = []
        self.port = 0

    async def serve(self, reader, writer):
        self._tasks.append(asyncio.current_task())
        try:
            await self._act(self, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def end(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def read(self, reader):
        """One whole request."""
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ] or [0]
        self.requests.append(head + await reader.readexactly(length))


@contextlib.asynccontextmanager
async def peer(act, tls=None):
    """Listening while in the context."""
    this = Peer(act)
    async with await asyncio.start_server(this.serve, "127.0.0.1", 0, ssl=tls) as server:
        this.port = server.sockets[0].getsockname()[1]
        try:
            yield this
        finally:
            await this.end()


async def closes(this, reader, writer):
    await this.read(reader)


async def resets(this, reader, writer):
    await this.read(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def closes_in_the_head(this, reader, writer):
    await this.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")


async def talks_something_else(this, reader, writer):
    await this.read(reader)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def hangs_up_unheard(this, reader, writer):
    pass


async def is_silent(this, reader, writer):
    await this.read(reader)
    await reader.read()


async def stops_in_the_middle(this, reader, writer):
    await this.read(reader)
    writer.write(OK + CHUNK)
    await reader.read()


async def ends_in_the_middle(this, reader, writer):
    await this.read(reader)
    writer.write(OK + CHUNK + b"20\r\ndata: {")


async def answers(this, reader, writer):
    await this.read(reader)
    writer.write(OK + CHUNK + b"0\r\n\r\n")
