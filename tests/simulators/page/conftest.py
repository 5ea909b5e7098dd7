"""A stage with its page, and a browser's side of the WebSocket."""

from collections import UserDict

import aiohttp
import pytest
import yarl

from simulators.page import DemoPage
from simulators.stage import Stage


class Live(UserDict):
    """The state as the page's JavaScript keeps it; `ask` sends an action and gives its answer."""

    def __init__(self, socket):
        super().__init__()
        self.socket = socket
        self.messages = []

    async def take(self):
        message = await self.socket.receive_json(timeout=10)
        self.messages.append(message)
        if message["type"] in ("snapshot", "changes"):
            self.update(message["set"])
            for key in message["gone"]:
                del self[key]
        return message

    async def ask(self, **action):
        await self.socket.send_json({**action, "id": 7})
        return await self.answer()

    async def answer(self):
        while (message := await self.take())["type"] not in ("done", "error"):
            pass
        return message

    async def until(self, condition):
        while not (value := condition()):
            await self.take()
        return value


@pytest.fixture
async def stage():
    async with Stage() as running:
        yield running


@pytest.fixture
async def page(stage):
    async with DemoPage(stage, 0) as serving:
        yield serving


@pytest.fixture
async def browser():
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@pytest.fixture
async def live(page, browser):
    """Opened as a browser does: the page first, which sets the cookie, then the WebSocket."""
    url = yarl.URL(page.url)
    async with browser.get(url) as response:
        assert response.status == 200
    async with browser.ws_connect(url.with_scheme("ws").with_path("/live")) as socket:
        opened = Live(socket)
        await opened.take()
        yield opened
