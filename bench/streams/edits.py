"""The edits of the benchmark: the core's real replies over real Discord messages, a channel for each.

Discord, because there every answer has a budget of its own: nowhere else can a thousand answers be edited at
once, and nowhere is more asked of the process.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.client import Client
from adapters.discord.settings import DiscordSettings
from core.lanes import Lanes
from core.messages import MessageRef, Person, Place, Target
from core.reply import Reply

_FIRST_CHANNEL = 1_000_000
_UNLIMITED = 1_000_000  # calls per second of a bot: else a thousand answers would hardly be edited


class Writer(DiscordAdapter):
    """Discord's adapter without a gateway session: it writes and hears nothing."""

    def __init__(self, url: str) -> None:
        token = SecretStr("bench")
        settings = DiscordSettings(token=token, api_url=url, reply_in="reply", calls_per_second=_UNLIMITED)
        super().__init__(settings)
        self._point()
        self._logged_in = self._make(content=False)

    async def log_in(self) -> None:
        """Once, before anything is written."""
        await self._logged_in.login("bench")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._logged_in.close()

    def _client(self) -> Client:
        return self._logged_in


class Desk:
    """Where replies are begun."""

    def __init__(self, writer: Writer, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._lanes = Lanes(clock, time.process_time)

    def reply(self, number: int) -> Reply:
        """To somebody's question, in their own channel."""
        channel = channel_of(number)
        question = MessageRef(self._writer.name, "", channel, str(number + _FIRST_CHANNEL))
        place = Place(self._writer.name, "", channel, direct=True)
        return Reply(
            self._writer, Target(place, question, Person("7", "Ann"), f"bench-{number}"), self._lanes
        )


@asynccontextmanager
async def open_desk(url: str, clock: Callable[[], float]) -> AsyncIterator[Desk]:
    """Log in at a platform that speaks Discord's REST API."""
    writer = Writer(url)
    await writer.log_in()
    try:
        yield Desk(writer, clock)
    finally:
        await writer.aclose()


async def told(url: str) -> dict[str, Any]:
    """What the platform has seen: posts, edits, refusals, and the text of each channel."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/told") as response:
        seen: dict[str, Any] = await response.json()
    return seen


def channel_of(number: int) -> str:
    """The channel of an answer."""
    return str(_FIRST_CHANNEL + number)
