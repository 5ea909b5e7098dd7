"""Whether a failed request may be sent again is told by its cause: real sockets, peers of one idea."""

import contextlib

import pytest

from core.dify.connection import Connection
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyLost, DifyUnreachable
from tests.core.dify.peers import (
    closes,
    closes_in_the_head,
    ends_in_the_middle,
    hangs_up_unheard,
    is_silent,
    peer,
    resets,
    stops_in_the_middle,
    talks_something_else,
)

SILENCE = 0.3
WAYS = ("stream", "call")


@pytest.fixture
async def send():
    """Asks a URL in one of the two ways, with a silence that is short."""
    async with contextlib.AsyncExitStack() as stack:

        async def send(way, url):
            server = DifyServer(url, StreamLimits())
            stack.push_async_callback(server.aclose)
            connection, body = Connection(server, "app-key"), {"query": "hello"}
            if way == "call":
                return await connection.call("POST", "/chat-messages", json=body, timeout=SILENCE)
            async with connection.stream("POST", "/chat-messages", json=body, silence=SILENCE) as events:
                return [event async for event in events]

        yield send


@pytest.mark.parametrize("way", WAYS)
async def test_a_refused_connection_has_begun_nothing(send, unused_tcp_port, way):
    with pytest.raises(DifyUnreachable):
        await send(way, f"http://127.0.0.1:{unused_tcp_port}")


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_that_does_not_exist_has_begun_nothing(send, way):
    with pytest.raises(DifyUnreachable):
        await send(way, "http://nowhere.invalid")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "act", [closes, resets, closes_in_the_head, talks_something_else, is_silent], ids=lambda act: act.__name__
)
async def test_a_request_that_was_read_may_have_begun_something_and_is_sent_once(send, way, act):
    async with peer(act) as dify:
        with pytest.raises(DifyLost):
            await send(way, f"http://127.0.0.1:{dify.port}")
        assert [request.split(b" ", 1)[0] for request in dify.requests] == [b"POST"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_connection_that_was_made_may_have_begun_something(send, way):
    """What was sent over it is not known: better a look for the answer than a question twice."""
    async with peer(hangs_up_unheard) as dify:
        with pytest.raises(DifyLost):
            await send(way, f"http://127.0.0.1:{dify.port}")


@pytest.mark.parametrize("act", [stops_in_the_middle, ends_in_the_middle], ids=lambda act: act.__name__)
async def test_what_came_before_a_stream_broke_is_given(act):
    async with peer(act) as dify:
        server = DifyServer(f"http://127.0.0.1:{dify.port}", StreamLimits())
        async with Connection(server, "app-key").stream("POST", "/x", json={}, silence=SILENCE) as events:
            assert (await anext(events)).answer == "Hi"
            with pytest.raises(DifyLost):
                await anext(events)
        await server.aclose()


# ---- TLS ----


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_without_tls_has_begun_nothing(send, way):
    async def speaks_http(this, reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(speaks_http) as dify:
        with pytest.raises(DifyUnreachable):
            await send(way, f"https://127.0.0.1:{dify.port}")
        assert dify.requests == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_hangs_up_in_the_handshake_has_begun_nothing(send, way):
    async with peer(hangs_up_unheard) as dify:
        with pytest.raises(DifyUnreachable):
            await send(way, f"https://127.0.0.1:{dify.port}")
