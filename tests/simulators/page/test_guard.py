"""Who is let in: checked on real requests, the WebSocket's handshake among them."""

import aiohttp
import pytest
import yarl

from simulators.page import DemoPage


@pytest.fixture
def url(page):
    return yarl.URL(page.url)


@pytest.fixture
def token(url):
    return {"Authorization": f"Bearer {url.query['token']}"}


@pytest.mark.parametrize("path", ["/", "/app.js", "/live", "/nothing"])
async def test_without_the_token_nothing_is_served(browser, url, path):
    async with browser.get(url.with_path(path).with_query({})) as response:
        assert response.status == 403
        assert "token" in await response.text()
    async with browser.get(url.with_path(path).with_query(token="guessed")) as response:
        assert response.status == 403


async def test_a_token_that_is_no_ascii_is_refused_like_any_other(browser, url):
    async with browser.get(url.with_query(token="ü")) as response:
        assert response.status == 403


async def test_the_cookie_of_the_printed_url_opens_everything_else(browser, url):
    async with browser.get(url) as response:
        cookie = response.cookies[f"parley_demo_{url.port}"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
    async with browser.get(url.with_path("/app.js").with_query({})) as response:
        assert response.status == 200
        assert response.content_type == "text/javascript"


@pytest.mark.parametrize("path", ["/", "/live"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "127.0.0.1"])
async def test_another_host_name_is_refused_even_with_the_token(browser, url, token, path, host):
    headers = {**token, "Host": host}
    async with browser.get(url.with_path(path).with_query({}), headers=headers) as response:
        assert response.status == 403
        assert "only served at 127.0.0.1" in await response.text()


async def test_localhost_is_a_name_of_ours(browser, url, token):
    headers = {**token, "Host": f"localhost:{url.port}"}
    async with browser.get(url.with_query({}), headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
async def test_a_socket_for_another_origin_is_refused_even_with_the_token(browser, url, token, origin):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect(url.with_path("/live").with_query({}), headers={**token, "Origin": origin})
    assert refused.value.status == 403


async def test_a_socket_for_our_own_origin_is_accepted(browser, url, token):
    headers = {**token, "Origin": f"http://127.0.0.1:{url.port}"}
    async with browser.ws_connect(url.with_path("/live").with_query({}), headers=headers) as socket:
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"


async def test_the_token_in_the_query_opens_only_the_page_itself(browser, url):
    async with browser.get(url.with_path("/live", keep_query=True)) as response:
        assert response.status == 403


async def test_every_start_has_another_token(stage, url):
    async with DemoPage(stage, 0) as other:
        assert yarl.URL(other.url).query["token"] != url.query["token"]


async def test_what_is_served_is_protected_and_holds_no_inline_script(browser, url):
    async with browser.get(url) as response:
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "<script>" not in text
    assert "style=" not in text


@pytest.mark.parametrize("path", ["/..%2Fserver.py", "/%2e%2e%2fguard.py", "/server.py", "/static"])
async def test_only_the_pages_own_files_are_served(browser, url, token, path):
    async with browser.get(yarl.URL(f"{url.origin()}{path}", encoded=True), headers=token) as response:
        assert response.status == 404
        assert response.headers["X-Content-Type-Options"] == "nosniff"
