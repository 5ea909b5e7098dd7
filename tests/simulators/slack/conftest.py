"""A simulated Slack, the real SDK client on a shared session, and the real bolt app over Socket Mode."""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from simulators.slack import Limits, SlackSimulator


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@dataclass
class Bot:
    """A bolt app that keeps what it was sent; `connect` may be called several times."""

    slack: SlackSimulator
    client: AsyncWebClient
    app: AsyncApp
    events: list[dict[str, Any]] = field(default_factory=list)
    handlers: list[AsyncSocketModeHandler] = field(default_factory=list)

    async def connect(self):
        handler = AsyncSocketModeHandler(self.app, self.slack.app_token, ping_interval=0.05)
        self.handlers.append(handler)
        before = len(self.slack.socket.open)
        await handler.connect_async()
        await self.slack.journal.wait(lambda: len(self.slack.socket.open) > before)
        return handler

    def of(self, kind):
        return [body for body in self.events if body["event"]["type"] == kind]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def slack(clock):
    async with SlackSimulator(clock=clock, ack_timeout=0.2, retry_delays=(0.0, 60.0, 300.0)) as simulator:
        yield simulator


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as shared:
        yield shared


@pytest.fixture
async def client(slack, session):
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[], session=session)


@pytest.fixture
async def unlimited(slack):
    slack.set_limits(Limits.off())
    return slack


@pytest.fixture
async def bot(slack, client):
    """Connected, with a listener for every event."""
    app = AsyncApp(client=client)
    made = Bot(slack, client, app)

    @app.event(re.compile(".*"))
    async def keep(body):
        made.events.append(body)
        slack.journal.changed("kept", {})

    await made.connect()
    yield made
    for handler in made.handlers:
        await handler.close_async()
        tasks = [
            task
            for task in (
                handler.client.message_processor,
                handler.client.current_session_monitor,
                handler.client.message_receiver,
            )
            if task is not None
        ]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
