"""The yardstick, in a process of its own: reads Dify's streams and posts the newest text, and no more.

One aiohttp session, orjson, no store, no queue, no platform library, no retries. It talks to platforms
without limits, at an even pace that the real ones would just bear, and at once where text comes first, after
a silence that was longer than that, and at the end.
"""

import asyncio
import random
import time
from itertools import count
from typing import Any

import aiohttp
import orjson

from bench.bridge.answers import question
from bench.bridge.bare_messages import MESSAGES, Message
from bench.bridge.places import CHANNEL, DISCORD, DM
from bench.bridge.sides import main, serve

_EVEN = {DM: 60 / 100, CHANNEL: 60 / 50}  # seconds between two calls of a workspace
_DISCORD = (1.0, 1 / 50)  # seconds between two calls of a channel, and of the whole bot
_STARTS = 4.0  # these two as the people of bench.bridge.platforms have them
_PAUSE = (0.5, 2.0)


class Growing:
    """The text of one answer, and what is to be done with it."""

    def __init__(self) -> None:
        self.text = ""
        self.ended = False
        self.news = asyncio.Event()
        self.over = asyncio.Event()

    def add(self, piece: str) -> None:
        """More text."""
        if piece:
            self.text += piece
            self.news.set()

    def end(self) -> None:
        """That was all."""
        self.ended = True
        self.news.set()
        self.over.set()


class Bare:
    """Conversations without people: each asks when the last answer stands."""

    def __init__(self, opened: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self._addresses = opened
        self._session = session
        self._numbers = count(1)
        self._chance = random.Random(1)
        self._asked: list[tuple[int, int]] = []

    async def talk(self, who: list[int], seconds: float) -> list[tuple[int, int]]:
        """Let these conversations go on for so long; by question, its number and its conversation."""
        self._asked.clear()
        kinds = [self._addresses["places"][at]["kind"] for at in who]
        until = time.monotonic() + seconds
        within = min(_STARTS, seconds) if len(who) > 1 else 0.0
        async with asyncio.TaskGroup() as group:
            for at in who:
                group.create_task(self._converse(at, until, kinds, within))
        return list(self._asked)

    async def _converse(self, at: int, until: float, kinds: list[str], within: float) -> None:
        place = self._addresses["places"][at]
        pace = _pace(place["kind"], kinds)
        await asyncio.sleep(self._chance.uniform(0.0, within))
        while True:
            number = next(self._numbers)
            self._asked.append((number, at))
            message = MESSAGES[place["kind"]](self._session, self._addresses, place)
            await self._answer(number, message, pace)
            await asyncio.sleep(min(self._chance.uniform(*_PAUSE), max(0.0, until - time.monotonic())))
            if time.monotonic() >= until:
                return

    async def _answer(self, number: int, message: Message, pace: float) -> None:
        growing = Growing()
        writing = asyncio.create_task(_write(growing, message, pace))
        await self._read(number, growing)
        growing.end()
        await writing

    async def _read(self, number: int, growing: Growing) -> None:
        dify = self._addresses["dify"]
        body = {"query": question(number), "user": f"u{number}", "inputs": {}, "response_mode": "streaming"}
        headers = {"Authorization": f"Bearer {dify['key']}"}
        rest = b""
        async with self._session.post(f"{dify['url']}/chat-messages", json=body, headers=headers) as reply:
            async for data in reply.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                for event in events:
                    if event.startswith(b"data: "):
                        growing.add(orjson.loads(event[6:]).get("answer", ""))


def _pace(kind: str, kinds: list[str]) -> float:
    """Seconds from one call for an answer to the next."""
    if kind == DISCORD:
        each, all_together = _DISCORD
        return max(each, all_together * kinds.count(DISCORD))
    return _EVEN[kind] * kinds.count(kind)


async def _write(growing: Growing, message: Message, pace: float) -> None:
    next_at = 0.0
    while True:
        await growing.news.wait()
        left = next_at - time.monotonic()
        if left > 0 and not growing.ended:
            await asyncio.wait([asyncio.ensure_future(growing.over.wait())], timeout=left)
        growing.news.clear()
        ended, next_at = growing.ended, time.monotonic() + pace
        await message.show(growing.text, final=ended)
        if ended:
            return


class Server:
    """One set of addresses after the other."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._bare: Bare | None = None

    async def obey(self, order: dict[str, Any]) -> Any:
        """Take addresses, or talk."""
        if order["do"] == "open":
            self._bare = Bare(order["addresses"], self._session)
            return {}
        assert self._bare is not None
        return await self._bare.talk(order["who"], order["seconds"])


async def _serve() -> None:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        await serve(Server(session).obey)


if __name__ == "__main__":
    main(_serve)
