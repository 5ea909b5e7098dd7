"""Gateway events as the core's facts: what is worth telling it, and in which conversation it stands."""

import mimetypes
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from adapters.discord.library import discord
from adapters.discord.wording import Directory, readable, turns_to_another
from core.messages import (
    Addressed,
    IncomingFile,
    IncomingMessage,
    IncomingReaction,
    MessageRef,
    Person,
    Place,
)

PLATFORM = "discord"
_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)
_OPENS_THREADS = (discord.ChannelType.text, discord.ChannelType.news)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message stands. The guild is empty in direct messages, the thread outside of threads."""

    guild: str
    channel: str  # the parent where it stands in a thread
    thread: str = ""
    category: str = ""
    threads: bool = False  # whether a thread can be opened on it, permissions aside

    @property
    def direct(self) -> bool:
        return not self.guild


def by_a_person(message: discord.Message, me: int) -> bool:
    """Whether a person wrote it: not us, no bot, no webhook, none of Discord's own announcements."""
    author = message.author
    by_machine = author.bot or author.id == me or message.webhook_id is not None
    return message.type in _WRITTEN and not by_machine


async def locate(client: discord.Client, message: discord.Message) -> Spot:
    """Where a message stands; asks Discord where the channel is not known (an archived thread).

    Raises discord.HTTPException, or an error of the connection.
    """
    channel = message.channel
    if isinstance(channel, discord.PartialMessageable) and channel.type is not discord.ChannelType.private:
        try:
            return _spot(await client.fetch_channel(channel.id), channel.id)
        except (discord.Forbidden, discord.NotFound):
            return Spot(str(channel.guild_id or ""), str(channel.id))
    return _spot(channel, channel.id)


def _spot(channel: object, channel_id: int) -> Spot:
    if isinstance(channel, discord.Thread):
        category = getattr(channel.parent, "category_id", None)
        guild, parent = str(channel.guild.id), str(channel.parent_id)
        return Spot(guild, parent, thread=str(channel.id), category=str(category or ""))
    if isinstance(channel, discord.abc.GuildChannel):
        category, threads = str(channel.category_id or ""), channel.type in _OPENS_THREADS
        return Spot(str(channel.guild.id), str(channel.id), category=category, threads=threads)
    return Spot("", str(channel_id))


async def complete(client: discord.Client, message: discord.Message) -> None:
    """Ask for the author's roles, which routes may name: a message of the history comes without them.

    Raises discord.HTTPException, discord.RateLimited, or an error of the connection.
    """
    if message.guild and not isinstance(message.author, discord.Member):
        with suppress(discord.Forbidden, discord.NotFound):  # who has left has none
            guild = client.get_guild(message.guild.id) or message.guild  # the message's own may be closed
            message.author = await guild.fetch_member(message.author.id)


def ours(message: discord.Message, me: int) -> frozenset[str]:
    """Our user id, and the id of the role that Discord made for us: people pick it by mistake."""
    role = message.guild.self_role if message.guild else None
    return frozenset({str(me)} | ({str(role.id)} if role else set()))


def addressed(message: discord.Message, spot: Spot, us: frozenset[str]) -> Addressed | None:
    """How it turns to us; None where it does not, whatever conversation it stands in."""
    if spot.direct:
        return Addressed.DIRECT
    named = {str(user.id) for user in message.mentions} | {str(role.id) for role in message.role_mentions}
    if named & us:
        return Addressed.MENTION
    reply = message.type is discord.MessageType.reply
    if message.mention_everyone or (reply and named) or turns_to_another(message.content, us):
        return None
    if not (spot.thread or reply):
        return None
    # without the message content intent there is nothing to read, and nothing to answer
    empty = not (message.content or message.attachments or message.message_snapshots)
    return None if empty else Addressed.FOLLOW


def incoming(
    message: discord.Message, spot: Spot, us: frozenset[str], how: Addressed, *, threads: bool
) -> IncomingMessage:
    """The message as plain facts; `threads`: a mention opens a thread where it can."""
    author = Person(str(message.author.id), message.author.display_name)
    return IncomingMessage(
        ref=ref(spot.guild, message.channel.id, message.id),
        place=place(spot, str(message.id)),
        author=author,
        text=_text(message, us),
        addressed=how,
        identity=identity(spot, author, str(message.id) if threads else ""),
        files=tuple(_file(each) for each in _attachments(message)),
        reply_to=_replied_to(message),
        locale=_locale(message),
        facts=facts(spot, author, _roles(message)),
    )


def ref(guild: object, channel: object, message: object) -> MessageRef:
    """The key of a message; `channel` is the channel or thread where it stands."""
    return MessageRef(PLATFORM, str(guild or ""), str(channel), str(message))


def reaction(payload: discord.RawReactionActionEvent, *, added: bool, bot: bool) -> IncomingReaction | None:
    """A reaction as plain facts; None for a custom emoji that was deleted and has no name any more."""
    if not payload.emoji.name:
        return None
    name = payload.member.display_name if payload.member else ""
    author = Person(str(payload.user_id), name, bot=bot)
    where = ref(payload.guild_id, payload.channel_id, payload.message_id)
    return IncomingReaction(where, author, payload.emoji.name, added)


def place(spot: Spot, message: str = "") -> Place:
    """Where a conversation takes place that a message belongs to or opens; without one, the channel's own."""
    if spot.direct:
        return Place(PLATFORM, "", spot.channel, direct=True)
    # a thread that opens on a message gets the message's id (measured)
    return Place(PLATFORM, spot.guild, spot.channel, spot.thread or message)


def identity(spot: Spot, author: Person, message: str = "") -> str:
    """The `user` that Dify is told; `message`: one on which a thread is opened where it can."""
    if spot.direct:
        return f"{PLATFORM}:{author.id}"
    opened = message if spot.threads else ""
    return f"{PLATFORM}:{spot.thread or opened or spot.channel}"


def _text(message: discord.Message, us: frozenset[str]) -> str:
    names = Directory(
        us,
        users={str(user.id): user.display_name for user in message.mentions},
        roles={str(role.id): role.name for role in message.role_mentions},
        channel={str(channel.id): channel.name for channel in message.channel_mentions}.get,
    )
    parts = (message.content, *(snapshot.content for snapshot in message.message_snapshots))
    return "\n\n".join(text for part in parts if (text := readable(part, names)))


def _attachments(message: discord.Message) -> list[discord.Attachment]:
    forwarded = [each for snapshot in message.message_snapshots for each in snapshot.attachments]
    return [*message.attachments, *forwarded]


def _file(attachment: discord.Attachment) -> IncomingFile:
    name, kind = attachment.filename, attachment.content_type
    return file(str(attachment.id), name, kind, attachment.size, attachment.url)


def file(file_id: str, name: str, kind: str | None, size: int, url: str) -> IncomingFile:
    """A file as plain facts. Discord may leave the type out; then the name tells it."""
    told = (kind or "").partition(";")[0].strip()
    guessed = told or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return IncomingFile(file_id, name, guessed, size, url)


def _replied_to(message: discord.Message) -> str:
    if message.type is not discord.MessageType.reply or message.reference is None:
        return ""  # a forward has a reference too
    return str(message.reference.message_id or "")


def _locale(message: discord.Message) -> str:
    """What the guild's people chose; the default says nothing, for nobody has to choose."""
    locale = message.guild.preferred_locale if message.guild else discord.Locale.american_english
    return "" if locale is discord.Locale.american_english else str(locale)


def _roles(message: discord.Message) -> list[str]:
    roles = message.author.roles if isinstance(message.author, discord.Member) else []
    return [str(role.id) for role in roles if not role.is_default()]


def facts(spot: Spot, author: Person, roles: Iterable[str]) -> dict[str, frozenset[str]]:
    """What routes may restrict, by the names of adapters.discord.settings.ROUTE_KEYS."""
    return {
        "channels": frozenset({spot.thread, spot.channel, spot.category} - {""}),
        "users": frozenset({author.id}),
        "guilds": frozenset({spot.guild} - {""}),
        "roles": frozenset(roles),
    }
