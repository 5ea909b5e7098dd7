"""From the gateway to the inbox: filters, places and keeps each event until it is safe."""

from functools import partial

from adapters.discord import inbound
from adapters.discord.intake import Intake
from adapters.discord.library import discord
from adapters.discord.threads import Threads
from adapters.discord.wording import title
from core.contract import Inbox
from core.messages import IncomingReaction, MessageDeleted


class Events:
    """Fulfils adapters.discord.client.Listener."""

    def __init__(self, inbox: Inbox, intake: Intake, threads: Threads, *, in_threads: bool) -> None:
        self._inbox = inbox
        self._intake = intake
        self._threads = threads
        self._in_threads = in_threads  # the setting `reply_in: thread`

    def message(self, client: discord.Client, message: discord.Message) -> None:
        """Queue a person's message."""
        if client.user and inbound.by_a_person(message, client.user.id):
            self._intake.put(message.channel.id, partial(self._message, client, message, client.user.id))

    async def _message(self, client: discord.Client, message: discord.Message, me: int) -> None:
        us = inbound.ours(message, me)
        spot = await inbound.locate(client, message)
        how = inbound.addressed(message, spot, us)
        if how is None:
            return
        said = inbound.incoming(message, spot, us, how, threads=self._in_threads)
        self._threads.entitle(said.ref.id, title(said.text, said.author.name))
        await self._inbox.message(said)

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
