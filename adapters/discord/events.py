"""From the gateway to the inbox: filters, places and keeps each event until it is safe."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from adapters.discord import inbound, presses
from adapters.discord.catchup import CatchUp
from adapters.discord.client import Client
from adapters.discord.intake import Intake
from adapters.discord.library import discord
from adapters.discord.presses import Presses
from adapters.discord.seen import Seen
from adapters.discord.threads import Threads
from adapters.discord.wording import title
from core.contract import Inbox
from core.messages import ButtonPressed, IncomingReaction, MessageDeleted


class Events:
    """Fulfils adapters.discord.client.Listener."""

    def __init__(
        self,
        inbox: Inbox,
        intake: Intake,
        threads: Threads,
        presses: Presses,
        seen: Seen,
        catch_up: CatchUp,
        *,
        in_threads: bool,
    ) -> None:
        self._inbox = inbox
        self._intake = intake
        self._threads = threads
        self._presses = presses
        self._seen = seen
        self._catch_up = catch_up
        self._in_threads = in_threads  # the setting `reply_in: thread`

    def began(self) -> None:
        """Hold the place where what we know ends."""
        self._catch_up.absent()

    def ready(self, client: Client) -> None:
        """Read what no session was told."""
        self._catch_up.begin(client, self.message)

    def lost(self) -> None:
        """Keep how far we came."""
        self._seen.hurry()

    def message(self, client: discord.Client, message: discord.Message) -> None:
        """Queue a person's message."""
        if client.user is None:
            return
        if not inbound.by_a_person(message, client.user.id):
            self._seen.came(message.id, safe=True)
            return
        offer = partial(self._message, client, message, client.user.id)
        if self._intake.put(message.channel.id, offer, order=message.id):
            self._seen.came(message.id, safe=False)

    async def _message(self, client: discord.Client, message: discord.Message, me: int) -> None:
        await self._tell(client, message, me)
        self._seen.stored(message.id)

    async def _tell(self, client: discord.Client, message: discord.Message, me: int) -> None:
        us = inbound.ours(message, me)
        spot = await inbound.locate(client, message)
        how = inbound.addressed(message, spot, us)
        if how is None:
            return
        await inbound.complete(message)
        said = inbound.incoming(message, spot, us, how, threads=self._in_threads)
        self._threads.entitle(said.ref.id, title(said.text, said.author.name))
        await self._inbox.message(said)

    def interaction(self, data: Mapping[str, Any]) -> None:
        """Queue a press on a button of ours."""
        press, safe = presses.read(data), asyncio.Event()
        if press is None:
            return
        if self._intake.put(int(press.action.ref.channel), partial(self._press, press.action, safe)):
            self._presses.take(press, safe)

    async def _press(self, action: ButtonPressed, safe: asyncio.Event) -> None:
        await self._inbox.action(action)
        safe.set()

    def reaction(
        self, client: discord.Client, payload: discord.RawReactionActionEvent, *, added: bool
    ) -> None:
        """Queue a reaction of anybody but us."""
        if client.user and payload.user_id == client.user.id:
            return
        known = payload.member or client.get_user(payload.user_id)
        said = inbound.reaction(payload, added=added, bot=known.bot if known else False)
        if said is not None:
            self._intake.put(payload.channel_id, partial(self._reaction, said))

    async def _reaction(self, said: IncomingReaction) -> None:
        await self._inbox.reaction(said)

    def deleted(self, guild_id: int | None, channel_id: int, message_id: int) -> None:
        """Queue that a message is gone."""
        gone = MessageDeleted(inbound.ref(guild_id, channel_id, message_id))
        self._intake.put(channel_id, partial(self._inbox.action, gone))
