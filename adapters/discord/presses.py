"""Presses on our buttons: acknowledged in time, and answered so that only who pressed sees it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.discord.buttons import key_of
from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.markdown import render
from adapters.discord.recent import Recent
from core.messages import ButtonPressed, Draft, MessageRef, Person

log = logging.getLogger(__name__)

COMPONENT = 3  # type of an interaction
DEFERRED_UPDATE = 6  # callback that changes nothing: the press was taken
EPHEMERAL = 1 << 6
ANSWERED_ALREADY = 40060  # by another session of ours
TOKEN_SECONDS = 870.0  # 15 minutes, less what a call may take
# Discord shows "interaction failed" three seconds after a press that nobody acknowledged
SAFE_SECONDS = 1.5  # so long the acknowledgement waits for the press to be stored
CALL_SECONDS = 1.2
AGAIN_SECONDS = 0.2
WHISPER_SECONDS = 10.0
LAST_WORD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Press:
    """A press and what is needed to answer it."""

    id: str
    token: str = field(repr=False)
    application: str
    action: ButtonPressed


def read(data: Mapping[str, Any]) -> Press | None:
    """A press from INTERACTION_CREATE; None for everything but a button of ours.

    Discord: interactions/receiving-and-responding#interaction-object. Raises KeyError where it is malformed.
    """
    key = key_of(data["data"]) if data["type"] == COMPONENT else None
    if key is None:
        return None
    where = ref(data.get("guild_id"), data["channel_id"], data["message"]["id"])
    return Press(data["id"], data["token"], data["application_id"], ButtonPressed(where, _person(data), key))


def _person(data: Mapping[str, Any]) -> Person:
    member = data.get("member") or {}
    user = member.get("user") or data["user"]
    name = member.get("nick") or user.get("global_name") or user["username"]
    return Person(user["id"], name, bot=bool(user.get("bot")))


@dataclass(slots=True)
class _Open:
    """A press whose token can still be used."""

    press: Press
    safe: asyncio.Event  # the core has taken it
    since: float = field(default_factory=time.monotonic)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)  # or it can't be any more


class Presses:
    """The presses of the last minutes; after a restart there is nobody to whisper to until the next one."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._open: Recent[_Open] = Recent()  # by message and person
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, press: Press, safe: asyncio.Event) -> None:
        """Acknowledge a press when the event says that it is safe, or when time runs out."""
        opened = _Open(press, safe)
        self._open.put(_key(press.action.ref, press.action.author), opened)
        task = asyncio.create_task(self._acknowledge(opened))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def whisper(self, where: MessageRef, person: Person, sentence: str) -> None:
        """An ephemeral follow-up of the person's last press there (Discord: Create Followup Message)."""
        opened = self._open.get(_key(where, person))
        if opened is None or time.monotonic() - opened.since > TOKEN_SECONDS:
            log.debug("discord: nobody to whisper to, the press is too long ago")
            return
        opened.safe.set()
        try:
            async with asyncio.timeout(WHISPER_SECONDS):
                await opened.acknowledged.wait()
                await self._follow_up(opened.press, render(Draft(sentence)))
        except Exception as error:  # noqa: BLE001 - best effort
            log.debug("discord: a whisper failed (%s)", type(error).__name__)

    async def close(self) -> None:
        """Let acknowledgements that are under way finish."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_WORD_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _acknowledge(self, opened: _Open) -> None:
        """Whatever happens here, the press itself stays in the intake until it is stored."""
        try:
            await _set_within(opened.safe, SAFE_SECONDS)
            async with asyncio.timeout(CALL_SECONDS):
                await self._defer(opened.press)
        except Exception as error:  # noqa: BLE001 - see above
            if getattr(error, "code", None) != ANSWERED_ALREADY:
                log.warning("discord: a press could not be acknowledged (%s)", type(error).__name__)
        finally:
            opened.acknowledged.set()

    async def _defer(self, press: Press) -> None:
        """Safe to repeat: a second one is refused with 40060 (Discord: Create Interaction Response)."""
        path = "/interactions/{interaction}/{webhook_token}/callback"
        while True:
            route = discord.http.Route("POST", path, interaction=press.id, webhook_token=press.token)
            try:
                await self._client().http.request(route, json={"type": DEFERRED_UPDATE})
            except discord.RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            except (discord.DiscordServerError, aiohttp.ClientError, OSError):
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return

    async def _follow_up(self, press: Press, content: str) -> None:
        path = "/webhooks/{webhook_id}/{webhook_token}"
        where = {"webhook_id": press.application, "webhook_token": press.token}
        body = {"content": content, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}
        await self._client().http.request(discord.http.Route("POST", path, **where), json=body)


def _key(where: MessageRef, person: Person) -> str:
    return f"{where.id}:{person.id}"


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
