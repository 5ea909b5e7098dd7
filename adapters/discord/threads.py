"""Where an answer stands: in the thread on its question, which is opened when it is needed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from adapters.discord.client import Client
from adapters.discord.library import discord
from adapters.discord.recent import Recent
from adapters.discord.refusals import THREAD_EXISTS, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from adapters.discord.wording import title as shortened
from core.messages import Place, Target

ARCHIVE_MINUTES: Literal[1440] = 1440
RENAME_SECONDS = 10.0
REFUSED_SECONDS = 600.0  # a channel that takes no threads is not asked again for so long


class Threads:
    """Opens threads on questions, and falls back to replies where there are none."""

    def __init__(self, client: Callable[[], Client], *, wanted: bool) -> None:
        self._client = client
        self._wanted = wanted  # the setting `reply_in: thread`
        self._titles: Recent[str] = Recent()  # by question
        self._names: Recent[str] = Recent()  # that threads were given later
        self._homes: Recent[str] = Recent()  # channel or thread of the answer, by question
        self._first: Recent[str] = Recent()  # key of the first message of an answer, by question
        self._refused: Recent[float] = Recent()  # until when, by channel

    def entitle(self, question_id: str, title: str) -> None:
        """Remember how a thread on this message would be called."""
        self._titles.put(question_id, title)

    async def rename(self, place: Place, title: str) -> None:
        """Give a thread that we opened its title; never raises (Discord: Modify Channel).

        Twice in ten minutes at most: what is refused for that is given up.
        """
        if not place.thread or not title.strip():
            return
        with suppress(Exception):
            async with asyncio.timeout(RENAME_SECONDS):
                client, name = self._client(), shortened(title, "")
                where = int(place.thread)
                thread: Any = client.get_channel(where) or await client.fetch_channel(where)
                if _is_of(client, thread) and name not in (thread.name, self._names.get(place.thread)):
                    self._names.put(place.thread, name)
                    await client.http.edit_channel(thread.id, name=name)

    def continues(self, target: Target) -> bool:
        """Whether another message answers the same question already, and this one goes on."""
        first = self._first.get(target.question.id)
        return first is not None and first != target.key

    def posted(self, target: Target, channel: str) -> None:
        """A message that answers the question stands in this channel or thread."""
        self._homes.put(target.question.id, channel)
        if not self.continues(target):
            self._first.put(target.question.id, target.key)

    def visible(self, target: Target) -> str:
        """The channel where people look while there is no answer yet."""
        return self._homes.get(target.question.id) or target.question.channel

    def home(self, target: Target) -> str:
        """The channel where the answer stands, or would stand. No I/O."""
        question, place = target.question, target.place
        if known := self._homes.get(question.id):
            return known
        top_level = not place.direct and question.channel == place.channel
        if top_level and self._wanted and place.thread == question.id and not self._barred(place.channel):
            return question.id  # thread.id == message.id (measured)
        return question.channel

    def candidates(self, target: Target) -> tuple[str, ...]:
        """The channels where the answer may stand, the likelier first: no thread may have been opened."""
        return tuple(dict.fromkeys((self.home(target), target.question.channel)))

    async def open(self, target: Target) -> str:
        """The channel to post into; opens the thread where one is wanted and there is none.

        Raises discord.HTTPException where the question or its channel is gone, discord.RateLimited.
        """
        question = target.question
        home = self.home(target)
        if home != question.channel and not self._homes.get(question.id) and not await self._make(target):
            home = question.channel
        self._homes.put(question.id, home)
        return home

    async def _make(self, target: Target) -> bool:
        question = target.question
        name = self._titles.get(question.id) or target.asker.name or target.asker.id
        try:
            await self._client().http.start_thread_with_message(
                int(question.channel), int(question.id), name=name, auto_archive_duration=ARCHIVE_MINUTES
            )
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return True
            if error.status in (401, 429) or error.status >= 500:
                raise
            if error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
                raise
            self._refused.put(question.channel, time.monotonic() + REFUSED_SECONDS)
            return False
        return True

    def _barred(self, channel: str) -> bool:
        return (self._refused.get(channel) or 0.0) > time.monotonic()


def _is_of(client: Client, thread: object) -> bool:
    return (
        isinstance(thread, discord.Thread) and client.user is not None and thread.owner_id == client.user.id
    )
