"""The product's client of Dify, over its own connections or, to compare, over others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from core.dify.client import DifyClient
from core.dify.server import DifyServer, StreamLimits

TRANSPORTS = ("ours", "httpx")


@asynccontextmanager
async def client_of(url: str, transport: str = "ours") -> AsyncIterator[DifyClient]:
    """A client without a limit of streams. `transport`: "httpx" is what httpx itself brings."""
    server = DifyServer(url, StreamLimits(0, 0))
    if transport == "httpx":
        await server.runs_client.aclose()
        server.runs_client = httpx.AsyncClient(
            base_url=server.base_url,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
        )
    try:
        yield DifyClient(server, "app-bench")
    finally:
        await server.aclose()
