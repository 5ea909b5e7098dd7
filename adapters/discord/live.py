"""One Discord message being written: posted once, then edited (Discord: resources/message)."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from adapters.discord.allowances import Allowances
from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.markdown import render
from adapters.discord.refusals import NO_HISTORY, SECONDS, THREAD_ARCHIVED, translated
from adapters.discord.threads import Threads
from core.contract import Budget, Receipt
from core.messages import Draft, MessageRef, Target

CALLS, WINDOW = 5, 5.0  # per channel and method until Discord's headers say more (measured by others)


class DiscordMessage:
    """Fulfils core.contract.LiveMessage."""

    def __init__(
        self,
        client: Callable[[], Client],
        threads: Threads,
        allowances: Allowances,
        target: Target,
        posted: MessageRef | None,
    ) -> None:
        self._client = client
        self._threads = threads
        self._allowances = allowances
        self._target = target
        self._ref = posted
        self._shown: str | None = None  # what the last successful call wrote
        if posted is not None:
            threads.posted(target, posted.channel)

    @property
    def ref(self) -> MessageRef | None:
        """The message, once posted."""
        return self._ref

    def budget(self, draft: Draft) -> Budget:  # noqa: ARG002 - every call carries the whole text
        """Posts and edits have a window each, per channel; both carry the full text."""
        method, channel = ("PATCH", self._ref.channel) if self._ref else ("POST", self._home())
        return Budget(f"discord:{method}:{channel}", CALLS, WINDOW, fixed=True, whole=True)

    async def show(self, draft: Draft) -> Receipt:
        """Post the draft, or edit the message into it; what it shows already costs no call."""
        content = render(draft)
        with translated():
            async with asyncio.timeout(SECONDS):
                if self._ref is None:
                    method, self._ref = "POST", await self._post(content)
                else:
                    method = "PATCH"
                    await self._edit(self._ref, content)
        return Receipt(self._ref, self._allowances.of(method, self._ref.channel))

    async def remove(self) -> None:
        """Delete the message."""
        if self._ref is None:
            return
        with translated():
            async with asyncio.timeout(SECONDS):
                try:
                    await self._message(self._ref).delete()
                except discord.NotFound:
                    return

    def _home(self) -> str:
        return self._threads.home(self._target)

    async def _post(self, content: str) -> MessageRef:
        channel = await self._threads.open(self._target)
        message = await self._send(channel, content)
        posted = ref(self._target.place.workspace, channel, message.id)
        self._threads.posted(self._target, channel)
        if message.content.strip() == content.strip():
            self._shown = content
        else:  # an earlier attempt got through, and Discord answered with that message
            self._ref = posted
            await self._edit(posted, content)
        return posted

    async def _send(self, channel: str, content: str) -> discord.Message:
        """The nonce makes it safe to post again: Discord answers with the message of the first time."""
        options: dict[str, Any] = {"suppress_embeds": True, "nonce": nonce(self._target.key)}
        options["silent"] = self._threads.continues(self._target)
        where = self._client().get_partial_messageable(int(channel))
        if not self._replies(channel):
            return await where.send(content, **options)
        try:
            return await where.send(content, **options, **self._reference())
        except discord.HTTPException as error:
            if error.code != NO_HISTORY:
                raise
            return await where.send(content, **options)

    def _replies(self, channel: str) -> bool:
        """Only among other people's messages does an answer have to say what it answers."""
        place = self._target.place
        return not place.direct and channel == place.channel and not self._threads.continues(self._target)

    def _reference(self) -> dict[str, Any]:
        question = self._target.question
        reference = discord.MessageReference(
            message_id=int(question.id), channel_id=int(question.channel), fail_if_not_exists=False
        )
        return {"reference": reference, "mention_author": False}

    async def _edit(self, posted: MessageRef, content: str) -> None:
        if content == self._shown:
            return
        self._shown = None
        try:
            await self._message(posted).edit(content=content)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            await self._client().http.edit_channel(int(posted.channel), archived=False)
            await self._message(posted).edit(content=content)
        self._shown = content

    def _message(self, posted: MessageRef) -> discord.PartialMessage:
        """Message.edit of discord.py 2.7.1 would show suppressed embeds again; this one doesn't."""
        return self._client().get_partial_messageable(int(posted.channel)).get_partial_message(int(posted.id))


def nonce(key: str) -> str:
    """At most 25 characters that are the same for the same key (Discord: Create Message, `nonce`)."""
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
