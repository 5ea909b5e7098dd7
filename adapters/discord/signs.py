"""The signs that we are at work before there is any text: typing, and an hourglass on the question."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from adapters.discord.client import Client
from adapters.discord.library import discord
from adapters.discord.recent import Recent
from adapters.discord.threads import Threads
from core.contract import Sign
from core.messages import MessageRef, Target

HOURGLASS = "⏳"
SECONDS = 5.0  # a sign that takes longer comes too late


class Signs:
    """Shows and takes away signs; whatever goes wrong is passed over."""

    def __init__(self, client: Callable[[], Client], threads: Threads) -> None:
        self._client = client
        self._threads = threads
        self._waiting: Recent[bool] = Recent()  # questions with our hourglass
        self._since = time.time()

    async def show(self, target: Target, sign: Sign | None) -> None:
        """Typing lasts 10 s (Discord: Trigger Typing Indicator), so the core calls again while it lasts."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(SECONDS):
                if sign == "waiting":
                    await self._wait(target.question)
                    return
                await self._go_on(target.question)
                if sign == "working":
                    await self._client().http.send_typing(int(self._threads.visible(target)))

    async def _wait(self, question: MessageRef) -> None:
        if not self._waiting.get(question.id):
            self._waiting.put(question.id, value=True)
            await self._message(question).add_reaction(HOURGLASS)

    async def _go_on(self, question: MessageRef) -> None:
        if self._waiting.get(question.id) is None and self._is_older(question):
            self._waiting.put(question.id, value=True)  # perhaps left by the process before us
        if self._waiting.get(question.id):
            self._waiting.put(question.id, value=False)
            with contextlib.suppress(discord.HTTPException):
                await self._take_away(question)

    async def _take_away(self, question: MessageRef) -> None:
        """Reactions have a bucket of one call per quarter of a second: worth waiting for here."""
        http, where = self._client().http, (int(question.channel), int(question.id))
        try:
            await http.remove_own_reaction(*where, HOURGLASS)
        except discord.RateLimited as limited:
            await asyncio.sleep(limited.retry_after)
            await http.remove_own_reaction(*where, HOURGLASS)

    def _is_older(self, question: MessageRef) -> bool:
        return discord.utils.snowflake_time(int(question.id)).timestamp() < self._since

    def _message(self, question: MessageRef) -> discord.PartialMessage:
        channel = self._client().get_partial_messageable(int(question.channel))
        return channel.get_partial_message(int(question.id))
