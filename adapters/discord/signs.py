"""The signs that we are at work before there is any text: typing, and an hourglass on the question."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from adapters.discord.call_limit import CallLimit
from adapters.discord.client import Client
from adapters.discord.library import discord
from adapters.discord.recent import Recent
from adapters.discord.threads import Threads
from core.contract import Sign
from core.messages import MessageRef, Target

HOURGLASS = "⏳"
SECONDS = 5.0  # a sign that takes longer comes too late
CLEARING_SECONDS = 60.0  # but one that is not taken away misleads
REACTION_SECONDS = 0.26
TYPING_SECONDS = 4.0  # typing lasts 10 s in its channel, whoever's question it was started for


class Signs:
    """Shows and takes away signs; whatever goes wrong is passed over."""

    def __init__(self, client: Callable[[], Client], threads: Threads, limit: CallLimit) -> None:
        self._client = client
        self._limit = limit
        self._threads = threads
        self._waiting: Recent[bool] = Recent()  # questions with our hourglass
        self._reacting: Recent[asyncio.Lock] = Recent()  # by channel
        self._typing: Recent[float] = Recent()  # channel → when it was started last
        self._since = time.time()

    async def show(self, target: Target, sign: Sign | None) -> None:
        """Typing lasts 10 s (Discord: Trigger Typing Indicator), so the core calls again while it lasts."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(SECONDS if sign else CLEARING_SECONDS):
                if sign == "waiting":
                    await self._wait(target.question)
                    return
                await self._go_on(target.question)
                if sign == "working":
                    await self._type(self._threads.visible(target))

    async def _wait(self, question: MessageRef) -> None:
        if not self._waiting.get(question.id):
            self._waiting.put(question.id, value=True)
            message = self._message(question)
            await self._react(question, lambda: message.add_reaction(HOURGLASS))

    async def _go_on(self, question: MessageRef) -> None:
        if self._waiting.get(question.id) is None and self._is_older(question):
            self._waiting.put(question.id, value=True)  # perhaps left by the process before us
        if self._waiting.get(question.id):
            with contextlib.suppress(discord.HTTPException):
                await self._take_away(question)
            self._waiting.put(question.id, value=False)  # not before: it may be cancelled and asked again

    async def _take_away(self, question: MessageRef) -> None:
        http, where = self._client().http, (int(question.channel), int(question.id))
        await self._react(question, lambda: http.remove_own_reaction(*where, HOURGLASS))

    async def _react(self, question: MessageRef, call: Callable[[], Awaitable[object]]) -> None:
        """Reactions have a bucket of one call per quarter of a second: worth waiting in line for."""
        line = self._reacting.get(question.channel) or asyncio.Lock()
        self._reacting.put(question.channel, value=line)
        async with line:
            while True:
                try:
                    await call()
                except discord.RateLimited as limited:
                    await asyncio.sleep(limited.retry_after + 0.01)
                else:
                    break
            await asyncio.sleep(REACTION_SECONDS)

    async def _type(self, channel: str) -> None:
        now = time.monotonic()
        due = now - (self._typing.get(channel) or -TYPING_SECONDS) >= TYPING_SECONDS
        if due and not self._limit.busy:  # answers need the calls more
            self._typing.put(channel, value=now)
            await self._client().http.send_typing(int(channel))

    def _is_older(self, question: MessageRef) -> bool:
        return discord.utils.snowflake_time(int(question.id)).timestamp() < self._since

    def _message(self, question: MessageRef) -> discord.PartialMessage:
        channel = self._client().get_partial_messageable(int(question.channel))
        return channel.get_partial_message(int(question.id))
