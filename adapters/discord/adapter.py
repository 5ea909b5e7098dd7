"""Discord as a chat platform: connects, listens, writes (fulfils core.contract.ChatAdapter)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.discord.allowances import Allowances
from adapters.discord.call_limit import CallLimit
from adapters.discord.callbacks import Callbacks
from adapters.discord.catchup import CatchUp
from adapters.discord.client import Client
from adapters.discord.connection import Connection
from adapters.discord.doctor import examine
from adapters.discord.downloads import Downloads
from adapters.discord.events import Events
from adapters.discord.forms import FIELDS
from adapters.discord.inbound import PLATFORM
from adapters.discord.intake import Intake
from adapters.discord.library import discord
from adapters.discord.live import DiscordMessage, everything
from adapters.discord.markdown import measure
from adapters.discord.presses import Presses
from adapters.discord.quotes import quote
from adapters.discord.registering import Registration, register_now
from adapters.discord.seen import Seen
from adapters.discord.settings import DiscordSettings
from adapters.discord.signs import Signs
from adapters.discord.standing import find
from adapters.discord.threads import Threads
from adapters.discord.uploads import DEFAULT_BYTES, Uploads
from core.contract import (
    Finding,
    Guard,
    Inbox,
    Limits,
    LiveMessage,
    Notes,
    Sign,
    Uncertain,
    unguarded,
)
from core.messages import (
    IncomingFile,
    IncomingMessage,
    MessageRef,
    Names,
    OutgoingFile,
    Person,
    Place,
    Standing,
    Target,
)

# 2,000 characters, less what steps and up to three notices need. Messages older than an hour take few
# edits (30046).
LIMITS = Limits(
    page_length=1700,
    page_seconds=3300.0,
    form_fields=FIELDS,
    upload_bytes=DEFAULT_BYTES,
    own_hosts=("discord.com", "discordapp.com", "discordapp.net", "discord.gg"),
)


class DiscordAdapter:
    """One bot at Discord."""

    name = PLATFORM

    def __init__(self, settings: DiscordSettings, *, first_pause: float = 1.0) -> None:
        self._settings = settings
        self._allowances = Allowances()
        self._limit = CallLimit(settings.calls_per_second)
        self._everything = everything(settings.calls_per_second)
        in_threads = settings.reply_in == "thread"
        self._threads = Threads(self._client, wanted=in_threads)
        self._signs = Signs(self._client, self._threads, self._limit)
        self._presses = Presses(self._client)
        self._downloads = Downloads(self._client, settings.api_url)
        self._uploads = Uploads(self._client, self._threads)
        self._intake = Intake(first_pause=first_pause / 2)
        self._events: Events | None = None
        self._connection = Connection(settings, self._make, first_pause=first_pause)

    @property
    def status(self) -> str:
        """The word `ok` while events arrive, else why not."""
        return self._connection.status

    async def run(self, inbox: Inbox, notes: Notes) -> None:
        """Stay connected until cancelled; raises Refused for a wrong token."""
        self._point()
        seen = Seen(notes)
        await seen.load()
        catch_up = CatchUp(notes, seen, self._intake, minutes=self._settings.catch_up_minutes)
        registration = Registration(notes)
        self._events = Events(
            inbox,
            self._intake,
            self._threads,
            self._presses,
            Callbacks(self._client),
            seen,
            catch_up,
            registration,
            self._client,
            in_threads=self._settings.reply_in == "thread",
        )
        noting = asyncio.create_task(seen.watch())
        try:
            await self._connection.run()
        finally:
            noting.cancel()
            for part in (registration, catch_up, self._intake, self._presses, seen):
                await part.close()

    async def aclose(self) -> None:
        """Close the REST connections, which outlive `run` for answers that are being finished."""
        await self._downloads.close()
        if self._connection.client is not None:
            await self._connection.client.close()

    def limits(self, place: Place) -> Limits:
        """The same everywhere at Discord, but for the size of files."""
        most = self._uploads.most(place)
        return LIMITS if most == LIMITS.upload_bytes else replace(LIMITS, upload_bytes=most)

    def measure(self, markdown: str) -> int:
        """Characters of the text in Discord's dialect."""
        return measure(markdown)

    def live(self, target: Target, posted: MessageRef | None = None, guard: Guard = unguarded) -> LiveMessage:
        """A message to be written."""
        return DiscordMessage(
            self._client, self._threads, self._allowances, self._everything, target, posted, guard
        )

    async def find(self, target: Target) -> Sequence[Standing]:
        """What the channel's history has of ours; Discord keeps no key, so most pages are not told."""
        return await find(self._client(), self._threads, target)

    async def whisper(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """An ephemeral message to who pressed a button there in the last 15 minutes; else nothing."""
        await self._presses.whisper(ref, person, sentence)

    async def busy(self, target: Target, sign: Sign | None, sentence: str) -> None:  # noqa: ARG002
        """Typing while we work, an hourglass on the question while it waits; Discord shows no sentence."""
        await self._signs.show(target, sign)

    async def fetch(self, file: IncomingFile, most: int) -> bytes:
        """An attachment, or a file of a form."""
        return await self._downloads.fetch(file, most)

    async def upload(self, target: Target, file: OutgoingFile, guard: Guard = unguarded) -> MessageRef:
        """A message with the file, where the answer stands."""
        return await self._uploads.upload(target, file, guard)

    async def quote(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """The person's words with their name before them, in a message of ours."""
        return await quote(self._client(), place, person, text, key)

    async def entitle(self, place: Place, title: str) -> None:
        """The name of a thread that we opened."""
        await self._threads.rename(place, title)

    def share(self, among: int) -> None:
        """Discord counts the calls of a token, whoever makes them."""
        self._limit.share(among)

    async def names(self, message: IncomingMessage) -> Names:
        """Display name and channel name, as far as the gateway has told them."""
        channel = None
        if self._connection.client is not None:
            channel = self._connection.client.get_channel(int(message.place.channel))
        return Names(
            message.author.name or message.author.id, getattr(channel, "name", None) or message.place.channel
        )

    async def check(self) -> Sequence[Finding]:
        """Token, message content intent, permissions per server."""
        self._point()
        client = self._make(content=False)
        try:
            return await examine(client, self._settings.token.get_secret_value())
        finally:
            await client.close()

    @classmethod
    async def register(cls, settings: DiscordSettings) -> list[str]:
        """Register the commands; their names. Raises Refused, RateLimited, Gone, Uncertain."""
        adapter = cls(settings)
        adapter._point()
        client = adapter._make(content=False)
        try:
            return await register_now(client, settings.token.get_secret_value())
        finally:
            await client.close()

    def _point(self) -> None:
        """discord.py takes another server's address only as this class attribute."""
        discord.http.Route.BASE = self._settings.api_url.rstrip("/")

    def _make(self, content: bool) -> Client:  # noqa: FBT001 - a callback's only argument
        return Client(self._events or _Deaf(), self._allowances, self._limit, content=content)

    def _client(self) -> Client:
        """Raises Uncertain before the first login."""
        if self._connection.client is None:
            raise Uncertain("not connected to Discord yet")
        return self._connection.client


class _Deaf:
    """Listens to nothing: the doctor's client opens no gateway session."""

    def message(self, client: discord.Client, message: discord.Message) -> None:
        """Nothing is heard."""

    def reaction(
        self, client: discord.Client, payload: discord.RawReactionActionEvent, *, added: bool
    ) -> None:
        """Nothing is heard."""

    def deleted(self, guild_id: int | None, channel_id: int, message_id: int) -> None:
        """Nothing is heard."""

    def interaction(self, data: Mapping[str, Any]) -> None:
        """Nothing is heard."""

    def began(self) -> None:
        """Nothing is heard."""

    def ready(self, client: Client) -> None:
        """Nothing is heard."""

    def lost(self) -> None:
        """Nothing is heard."""
