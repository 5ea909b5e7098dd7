"""The process that serves: the fake Dify and the fake platform, until its input ends."""

import asyncio
import gc
import json
import os
import sys

from bench.streams.feed import Feed
from bench.streams.rest import Platform, Rest


async def _until_input_ends() -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()


async def main() -> None:
    """Serve, and say where."""
    loop, platform = asyncio.get_running_loop(), Platform()
    dify = await loop.create_server(Feed, "127.0.0.1", backlog=1024)
    rest = await loop.create_server(lambda: Rest(platform), "127.0.0.1", backlog=1024)
    addresses = {
        "dify": f"http://127.0.0.1:{dify.sockets[0].getsockname()[1]}",
        "platform": f"http://127.0.0.1:{rest.sockets[0].getsockname()[1]}/api/v10",
    }
    print(json.dumps(addresses), flush=True)
    await _until_input_ends()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    gc.disable()  # its pauses would be taken for the reader's, and it does not live for long
    asyncio.run(main())
