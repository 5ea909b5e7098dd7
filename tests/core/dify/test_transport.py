"""The transport under httpx for streams: what it sends, what it gives, and how its failures are called."""

import asyncio
import contextlib
import gzip
import socket
import ssl

import httpx
import pytest

from core.dify.transport import NOTHING_SENT, StreamTransport, proxy_for
from tests.core.dify.peers import (
    CHUNK,
    EVENT,
    OK,
    answers,
    closes,
    closes_in_the_head,
    ends_in_the_middle,
    is_silent,
    peer,
    resets,
    stops_in_the_middle,
    talks_something_else,
)

SILENCE = 0.3


@contextlib.asynccontextmanager
async def over(tls=None, proxy=None, timeout=5.0):
    transport = StreamTransport(tls or ssl.create_default_context(), proxy)
    async with httpx.AsyncClient(transport=transport, timeout=timeout) as client:
        yield client


async def test_only_a_certificate_that_we_trust_is_spoken_to():
    trustme = pytest.importorskip("trustme", reason="certificates are made with trustme, which is not here")
    authority = trustme.CA()
    shown, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    authority.configure_trust(trusting)
    async with peer(answers, shown) as dify, over() as client, over(trusting) as trusting_client:
        url = f"https://127.0.0.1:{dify.port}/"
        with pytest.raises(httpx.ConnectError) as caught:
            await client.post(url, json={})
        assert isinstance(caught.value, NOTHING_SENT)
        assert dify.requests == []
        assert (await trusting_client.post(url, json={})).content == EVENT


async def test_a_connection_that_nobody_accepts_times_out_with_nothing_sent():
    with socket.socket() as listening, contextlib.ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):  # the line is full
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        async with over(timeout=SILENCE) as client:
            with pytest.raises(httpx.ConnectTimeout) as caught:
                await client.get("http://{}:{}/".format(*listening.getsockname()))
    assert isinstance(caught.value, NOTHING_SENT)


async def test_a_handshake_that_does_not_end_times_out_with_nothing_sent():
    async with peer(is_silent) as dify, over(timeout=SILENCE) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.post(f"https://127.0.0.1:{dify.port}/", json={})
        assert dify.requests == []


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (closes, httpx.RemoteProtocolError),
        (closes_in_the_head, httpx.RemoteProtocolError),
        (talks_something_else, httpx.RemoteProtocolError),
        (ends_in_the_middle, httpx.RemoteProtocolError),
        (resets, httpx.ReadError),
        (is_silent, httpx.ReadTimeout),
        (stops_in_the_middle, httpx.ReadTimeout),
    ],
    ids=lambda value: value.__name__,
)
async def test_failures_have_the_names_that_httpx_gives_them(act, name):
    """Its own transport says the same; but never a name that stands for: nothing was sent."""
    timeout = httpx.Timeout(5.0, read=SILENCE if name is httpx.ReadTimeout else 5.0)
    for transport in (None, StreamTransport(ssl.create_default_context())):
        async with (
            peer(act) as dify,
            httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as client,
        ):
            with pytest.raises(name) as caught:
                await client.post(f"http://127.0.0.1:{dify.port}/", json={})
            assert not isinstance(caught.value, NOTHING_SENT)
            assert caught.value.request.method == "POST"


async def test_a_request_that_is_not_taken_off_our_hands_times_out():
    async def reads_nothing(this, reader, writer):
        writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with peer(reads_nothing) as dify, over(timeout=SILENCE) as client:
        with pytest.raises(httpx.WriteTimeout):
            await client.post(f"http://127.0.0.1:{dify.port}/", content=_pieces())


async def _pieces():
    for _ in range(512):
        yield bytes(64 * 1024)


@pytest.mark.parametrize("url", ["ftp://dify.example/v1", "dify.example/v1"])
async def test_a_url_that_is_none_of_http_has_sent_nothing(url):
    async with over() as client:
        with pytest.raises(httpx.UnsupportedProtocol) as caught:
            await client.get(url)
    assert isinstance(caught.value, NOTHING_SENT)


async def test_streams_do_not_wait_for_each_other():
    """More than the 100 that aiohttp lets through by itself, and httpx."""
    count, go = 130, asyncio.Event()

    async def waits(this, reader, writer):
        await this.read(reader)
        if len(this.requests) == count:
            go.set()
        await go.wait()
        writer.write(OK + CHUNK + b"0\r\n\r\n")

    async with peer(waits) as dify, over() as client:
        url = f"http://127.0.0.1:{dify.port}/"
        responses = await asyncio.gather(*(client.post(url, json={}) for _ in range(count)))
    assert {response.content for response in responses} == {EVENT}


async def test_the_request_is_what_httpx_made_of_it():
    async with peer(answers) as dify, over() as client:
        url = f"http://127.0.0.1:{dify.port}/v1/a%2Fb%20c/x"
        await client.post(
            url, params={"user": "slack:T1/U1 &+%é"}, json={"query": "ねえ"}, headers={"X-Trace-Id": "7"}
        )
        expected = client.build_request(
            "POST", url, params={"user": "slack:T1/U1 &+%é"}, json={"query": "ねえ"}
        )
        head, _, body = dify.requests[0].partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert lines[0] == b"POST " + expected.url.raw_path + b" HTTP/1.1"
        assert body == expected.content
        given = {name.lower(): value for name, value in (line.split(b": ", 1) for line in lines[1:])}
        assert given == {name.lower(): value for name, value in expected.headers.raw} | {b"x-trace-id": b"7"}


async def test_no_body_no_content_type():
    async with peer(answers) as dify, over() as client:
        await client.get(f"http://127.0.0.1:{dify.port}/")
        assert b"content-" not in dify.requests[0].lower()


async def test_an_upload_arrives_whole():
    async with peer(answers) as dify, over() as client:
        content = bytes(range(256)) * 400
        await client.post(
            f"http://127.0.0.1:{dify.port}/", files={"file": ("a.bin", content)}, data={"user": "Ann"}
        )
        assert content in dify.requests[0]


async def test_events_come_one_by_one_and_a_compressed_stream_is_unpacked():
    gate = asyncio.Queue()

    async def one_by_one(this, reader, writer):
        await this.read(reader)
        packed = gzip.compress(EVENT)
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        for piece in (packed[:20], packed[20:]):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await gate.get()
        writer.write(b"0\r\n\r\n")

    async with peer(one_by_one) as dify, over() as client:
        gate.put_nowait(None)
        async with client.stream("POST", f"http://127.0.0.1:{dify.port}/", json={}) as response:
            pieces = response.aiter_bytes()
            seen = b""
            while seen != EVENT:  # the server holds the end back
                seen += await anext(pieces)
            gate.put_nowait(None)
            assert [piece async for piece in pieces if piece] == []


async def test_each_event_ends_a_silence():
    count, pause = 8, SILENCE / 2

    async def speaks_now_and_then(this, reader, writer):
        await this.read(reader)
        writer.write(OK)
        for _ in range(count):
            writer.write(CHUNK)
            await asyncio.sleep(pause)
        writer.write(b"0\r\n\r\n")

    timeout = httpx.Timeout(5.0, read=4 * pause)
    async with peer(speaks_now_and_then) as dify, over(timeout=timeout) as client:
        assert (await client.post(f"http://127.0.0.1:{dify.port}/", json={})).content == count * EVENT


async def test_a_redirect_is_given_not_followed():
    async def points_elsewhere(this, reader, writer):
        await this.read(reader)
        writer.write(b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")

    async with peer(points_elsewhere) as dify, over() as client:
        response = await client.post(f"http://127.0.0.1:{dify.port}/", json={})
    assert (response.status_code, len(dify.requests)) == (307, 1)


async def test_hanging_up_is_seen_at_once_by_the_server():
    gone = asyncio.Event()

    async def watches(this, reader, writer):
        await this.read(reader)
        writer.write(OK + CHUNK)
        await reader.read()
        gone.set()

    async with peer(watches) as dify, over() as client:
        async with client.stream("POST", f"http://127.0.0.1:{dify.port}/", json={}) as response:
            await anext(response.aiter_bytes())
        await asyncio.wait_for(gone.wait(), 5)


# ---- proxies ----


async def test_a_request_goes_through_the_proxy():
    async with peer(answers) as proxy, over(proxy=f"http://127.0.0.1:{proxy.port}") as client:
        response = await client.get("http://dify.example/v1/info")
    assert response.content == EVENT
    assert proxy.requests[0].startswith(b"GET http://dify.example/v1/info HTTP/1.1\r\n")


async def test_a_proxy_that_is_down_or_refuses_has_passed_nothing_on(unused_tcp_port):
    async def refuses(this, reader, writer):
        await this.read(reader)
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with over(proxy=f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(httpx.ProxyError):
            await client.get("http://dify.example/")
    async with peer(refuses) as proxy, over(proxy=f"http://127.0.0.1:{proxy.port}") as client:
        with pytest.raises(httpx.ProxyError) as caught:
            await client.get("https://dify.example/")
        assert proxy.requests[0].startswith(b"CONNECT dify.example:443 ")
    assert isinstance(caught.value, NOTHING_SENT)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://api.dify.ai/v1", "http://proxy:1"),
        ("http://dify.example/v1", "http://plain:2"),
        ("http://127.0.0.1:5001/v1", None),
        ("http://localhost/v1", None),
        ("http://[::1]:5001/v1", None),
        ("https://dify.intern/v1", None),
    ],
)
def test_the_proxy_of_the_environment(monkeypatch, url, proxy):
    _environment(monkeypatch, HTTPS_PROXY="http://proxy:1", HTTP_PROXY="http://plain:2", NO_PROXY=".intern")
    assert proxy_for(url) == proxy


def test_one_proxy_for_all_and_one_that_is_not_http(monkeypatch, caplog):
    _environment(monkeypatch, ALL_PROXY="http://proxy:1")
    assert proxy_for("https://api.dify.ai/v1") == "http://proxy:1"
    _environment(monkeypatch, ALL_PROXY="socks5://secret:word@proxy:1")
    assert proxy_for("https://api.dify.ai/v1") is None
    assert "not an HTTP proxy" in caplog.text
    assert "secret" not in caplog.text


def _environment(monkeypatch, **proxies):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
