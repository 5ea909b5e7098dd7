"""One Discord message being written: posted once, then edited (Discord: resources/message)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.discord import buttons
from adapters.discord.allowances import Allowances
from adapters.discord.call_limit import guarded
from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.markdown import render
from adapters.discord.refusals import NO_HISTORY, SECONDS, THREAD_ARCHIVED, translated
from adapters.discord.threads import Threads
from core.contract import Budget, Guard, Receipt, Way, unguarded
from core.messages import Draft, MessageRef, Target

CALLS, WINDOW = 5, 5.0  # per channel and method until Discord's headers say more (measured by others)
NO_PINGS: dict[str, Any] = {"parse": []}
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12  # flags of a message


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything that people see of a message; each call carries all of it."""

    content: str
    rows: list[buttons.Component]  # a message's components

    def is_shown_by(self, message: dict[str, Any]) -> bool:
        """Whether this message object of Discord's looks so."""
        written = str(message["content"]).strip() == self.content.strip()
        return written and buttons.same(message.get("components") or [], self.rows)


def everything(calls_per_second: int) -> Budget:
    """What answers may take of all calls of the bot; the rest is for threads, signs and looks."""
    return Budget("discord:everything", max(2, calls_per_second * 7 // 8), 1.0)


class DiscordMessage:
    """Fulfils core.contract.LiveMessage."""

    def __init__(
        self,
        client: Callable[[], Client],
        threads: Threads,
        allowances: Allowances,
        everything: Budget,
        target: Target,
        posted: MessageRef | None,
        guard: Guard = unguarded,
    ) -> None:
        self._guard = guard
        self._client = client
        self._threads = threads
        self._allowances = allowances
        self._everything = everything
        self._target = target
        self._ref = posted
        self._shown: _Look | None = None  # what the last successful call wrote
        self._editing = 0  # edits in flight
        self._crossed = False  # two of them were so at once: which one landed last can't be told
        if posted is not None:
            threads.posted(target, posted.channel)

    @property
    def ref(self) -> MessageRef | None:
        """The message, once posted."""
        return self._ref

    def budget(self, draft: Draft) -> Budget:  # noqa: ARG002 - every call carries the whole text
        """Posts and edits have a window each, per channel; both carry the full text."""
        return self._budget("PATCH", self._ref.channel) if self._ref else self._budget("POST", self._home())

    def ways(self) -> list[Way]:
        """Edits, which its end is too."""
        edit = self._budget("PATCH", self._home())
        return [Way(edit, edit)]

    def go(self, way: Way) -> None:
        """There is only one."""

    async def show(self, draft: Draft) -> Receipt:
        """Post the draft, or edit the message into it; what it shows already costs no call."""
        look = _Look(render(draft), buttons.rows(draft.buttons))
        with translated():
            async with asyncio.timeout(SECONDS):
                if self._ref is None:
                    method, self._ref = "POST", await self._post(look)
                else:
                    method = "PATCH"
                    await self._edit(self._ref, look)
        return Receipt(self._ref, self._allowances.of(method, self._ref.channel))

    async def remove(self) -> None:
        """Delete the message."""
        if self._ref is None:
            return
        where = (int(self._ref.channel), int(self._ref.id))
        with translated():
            async with asyncio.timeout(SECONDS):
                try:
                    await self._awake(self._ref, lambda: self._client().http.delete_message(*where))
                except discord.NotFound:
                    return

    def _budget(self, method: str, channel: str) -> Budget:
        key = f"discord:{method}:{channel}"
        return Budget(key, CALLS, WINDOW, fixed=True, whole=True, within=self._everything)

    def _home(self) -> str:
        return self._threads.home(self._target)

    async def _post(self, look: _Look) -> MessageRef:
        await self._guard()
        channel = await self._threads.open(self._target)
        message = await self._send(channel, look)
        posted = ref(self._target.place.workspace, channel, message["id"])
        self._threads.posted(self._target, channel)
        if look.is_shown_by(message):
            self._shown = look
        else:  # an earlier attempt got through, and Discord answered with that message
            self._ref = posted
            await self._edit(posted, look)
        return posted

    async def _send(self, channel: str, look: _Look) -> dict[str, Any]:
        """Post; a reference needs a permission that posting does not (160002)."""
        body = self._body(look)
        if not self._replies(channel):
            return await self._create(channel, body)
        try:
            return await self._create(channel, body | self._reference())
        except discord.HTTPException as error:
            if error.code != NO_HISTORY:
                raise
            return await self._create(channel, body)

    def _body(self, look: _Look) -> dict[str, Any]:
        """The nonce makes it safe to post again: Discord answers with the message of the first time."""
        silent = SUPPRESS_NOTIFICATIONS if self._threads.continues(self._target) else 0
        body = {
            "content": look.content,
            "nonce": nonce(self._target.key),
            "enforce_nonce": True,
            "flags": SUPPRESS_EMBEDS | silent,
            "allowed_mentions": NO_PINGS,
        }
        return body | ({"components": look.rows} if look.rows else {})

    async def _create(self, channel: str, body: dict[str, Any]) -> dict[str, Any]:
        """discord.py's own `send` would keep every view with buttons in memory, waiting for presses."""
        await self._guard()
        with guarded(self._guard):
            created: Any = await self._client().http.send_message(int(channel), params=_parameters(body))
        return dict(created)

    def _replies(self, channel: str) -> bool:
        """Only among other people's messages does an answer have to say what it answers."""
        place = self._target.place
        return not place.direct and channel == place.channel and not self._threads.continues(self._target)

    def _reference(self) -> dict[str, Any]:
        question = self._target.question
        where = {"message_id": question.id, "channel_id": question.channel, "fail_if_not_exists": False}
        return {"message_reference": where, "allowed_mentions": NO_PINGS | {"replied_user": False}}

    async def _edit(self, posted: MessageRef, look: _Look) -> None:
        if look == self._shown:
            return
        self._shown = None
        where = (int(posted.channel), int(posted.id))
        body = {"content": look.content, "components": look.rows, "allowed_mentions": NO_PINGS}
        http = self._client().http
        with self._alone() as alone:
            await self._awake(posted, lambda: http.edit_message(*where, params=_parameters(body)))
        self._shown = look if alone() else None

    @contextmanager
    def _alone(self) -> Iterator[Callable[[], bool]]:
        """Says, once an edit is back, whether no other was in flight beside it."""
        self._editing += 1
        self._crossed = crossed = self._editing > 1
        try:
            yield lambda: not (crossed or self._crossed)
        finally:
            self._editing -= 1

    async def _awake(self, posted: MessageRef, call: Callable[[], Awaitable[object]]) -> None:
        """Make a call on the message; in a thread that was archived it needs to be opened first."""
        await self._guard()
        with guarded(self._guard):
            try:
                await call()
            except discord.HTTPException as error:
                if error.code != THREAD_ARCHIVED:
                    raise
                await self._client().http.edit_channel(int(posted.channel), archived=False)
                await self._guard()
                await call()


def _parameters(body: dict[str, Any]) -> discord.http.MultipartParameters:
    """A plain JSON body. No `flags` in an edit: Message.edit of discord.py 2.7.1 shows the previews again."""
    return discord.http.MultipartParameters(payload=body, multipart=None, files=None)


def nonce(key: str) -> str:
    """At most 25 characters that are the same for the same key (Discord: Create Message, `nonce`)."""
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
