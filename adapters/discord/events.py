"""From the gateway to the inbox: filters, places and keeps each event until it is safe."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapters.discord import asks, inbound
from adapters.discord.callbacks import Callbacks
from adapters.discord.catchup import CatchUp
from adapters.discord.client import Client
from adapters.discord.intake import Intake
from adapters.discord.interactions import Interaction
from adapters.discord.library import discord
from adapters.discord.presses import Outcome, Presses
from adapters.discord.registering import Registration
from adapters.discord.seen import Seen
from adapters.discord.threads import Threads
from adapters.discord.wording import title
from core.contract import Inbox
from core.messages import (
    Addressed,
    CommandGiven,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    Response,
)


class Events:
    """Fulfils adapters.discord.client.Listener."""

    def __init__(
        self,
        inbox: Inbox,
        intake: Intake,
        threads: Threads,
        presses: Presses,
        calls: Callbacks,
        seen: Seen,
        catch_up: CatchUp,
        registration: Registration,
        newest: Callable[[], discord.Client],
        *,
        in_threads: bool,
    ) -> None:
        """`newest`: who may be asked. An event waits longer than the session that told it may last."""
        self._inbox = inbox
        self._newest = newest
        self._intake = intake
        self._threads = threads
        self._presses = presses
        self._calls = calls
        self._seen = seen
        self._catch_up = catch_up
        self._registration = registration
        self._in_threads = in_threads  # the setting `reply_in: thread`

    def began(self) -> None:
        """Hold the place where what we know ends."""
        self._catch_up.absent()

    def ready(self, client: Client) -> None:
        """Read what no session was told; see that the commands are those of this version."""
        self._catch_up.begin(client, self.missed)
        self._registration.begin(client)

    def lost(self) -> None:
        """Keep how far we came."""
        self._seen.hurry()

    def message(self, client: discord.Client, message: discord.Message) -> None:
        """Queue a person's message."""
        if client.user is None or asks.shows(message, client.user.id):
            return
        if not inbound.by_a_person(message, client.user.id):
            self._seen.came(message.id, safe=True)
            return
        offer = partial(self._message, message, client.user.id)
        if self._intake.put(message.channel.id, offer, order=message.id):
            self._seen.came(message.id, safe=False)

    def missed(self, client: discord.Client, message: discord.Message) -> None:
        """Queue what the history has: a person's message, or a question asked by command."""
        if client.user is None or not asks.shows(message, client.user.id):
            self.message(client, message)
            return
        offer = partial(self._restored, message, client.user.id)
        if self._intake.put(message.channel.id, offer, order=message.id):
            self._seen.came(message.id, safe=False)

    async def _restored(self, message: discord.Message, me: int) -> None:
        if not asks.shows(message, me) or asks.restore(message):  # not, where this is offered again
            spot = await inbound.locate(self._newest(), message)
            await inbound.complete(self._newest(), message)
            how = Addressed.DIRECT if spot.direct else Addressed.MENTION
            us = inbound.ours(message, me)
            await self._hand_over(inbound.incoming(message, spot, us, how, threads=self._in_threads))
        self._seen.stored(message.id)

    async def _message(self, message: discord.Message, me: int) -> None:
        await self._tell(message, me)
        self._seen.stored(message.id)

    async def _tell(self, message: discord.Message, me: int) -> None:
        us = inbound.ours(message, me)
        spot = await inbound.locate(self._newest(), message)
        how = inbound.addressed(message, spot, us)
        if how is None:
            return
        await inbound.complete(self._newest(), message)
        await self._hand_over(inbound.incoming(message, spot, us, how, threads=self._in_threads))

    async def _hand_over(self, said: IncomingMessage) -> None:
        self._threads.entitle(said.ref.id, title(said.text, said.author.name))
        await self._inbox.message(said)

    def interaction(self, data: Mapping[str, Any]) -> None:
        """Queue what a person used: a button, a form, a command."""
        used = self._presses.read(data)
        if used is None:
            return
        action = used.action
        if isinstance(action, CommandGiven) and action.name == asks.COMMAND:
            self._ask(used, action)
            return
        if form := self._presses.again(used):
            self._say(used, form)
            return
        outcome: Outcome = asyncio.get_running_loop().create_future()
        if self._intake.put(int(used.channel), partial(self._use, used, outcome)):
            self._presses.take(used, outcome)

    async def _use(self, used: Interaction, outcome: Outcome) -> None:
        response = await self._inbox.action(used.action)
        if not outcome.done():
            outcome.set_result(response)

    def _ask(self, used: Interaction, question: CommandGiven) -> None:
        """Show the question at once, for that can't wait; what it was shown as comes into the line."""
        if why := asks.refused(used):
            self._say(used, why)
            return
        showing = asyncio.create_task(asks.show(self._calls, used, question))
        if not self._intake.put(int(used.channel), partial(self._asked, used, question, showing)):
            showing.cancel()

    def _say(self, used: Interaction, what: Response) -> None:
        outcome: Outcome = asyncio.get_running_loop().create_future()
        outcome.set_result(what)
        self._presses.take(used, outcome)

    async def _asked(
        self, used: Interaction, question: CommandGiven, showing: asyncio.Task[str | None]
    ) -> None:
        message = await asyncio.shield(showing)
        if message is not None:
            self._seen.came(int(message), safe=False)
            await self._hand_over(asks.incoming(used, question, message, threads=self._in_threads))
            self._seen.stored(int(message))

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
        self._intake.put(channel_id, partial(self._gone, gone))

    async def _gone(self, gone: MessageDeleted) -> None:
        await self._inbox.action(gone)
