"""What happens in the world when a message is written, edited or deleted, whoever does it."""

from dataclasses import dataclass, field
from typing import Any

from simulators.discord import content as rules
from simulators.discord import message_payloads, payloads
from simulators.discord.errors import Refusal
from simulators.discord.permissions import Permission, may, require
from simulators.discord.state import POSTS_ONLY, Attachment, Channel, Event, Message, User, World

REPLY = 19
THREAD_STARTER = 21
HOUR = 3600.0


@dataclass
class Draft:
    """A message that is about to be written."""

    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | None = None
    tts: bool = False
    reply_to: Message | None = None
    allowed_mentions: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # other fields of Message: type, id, webhook_id, …

    @property
    def shows(self) -> bool:
        return bool(self.content or self.embeds or self.components or self.attachments)


def write(world: World, channel: Channel, author: User, draft: Draft) -> Message:
    """Put the message into the channel and tell the gateway."""
    extra = dict(draft.extra)
    message = Message(
        extra.pop("id", None) or world.new_id(), channel, author, draft.content.strip(), world.now(), **extra
    )
    _fill(world, message, draft)
    _address(world, message, draft.reply_to, draft.allowed_mentions)
    message.remember()
    if message.flags & rules.EPHEMERAL:  # shown to one person only: not in the channel, not on the gateway
        world.journal.changed("ephemeral", {"id": str(message.id)})
        return message
    channel.messages[message.id] = message
    channel.last_message_id = message.id
    _count(channel, message)
    _wake(world, channel, author)
    world.emit(Event("MESSAGE_CREATE", message_payloads.message_event(world, message), channel))
    return message


def _fill(world: World, message: Message, draft: Draft) -> None:
    message.embeds = rules.rich(world, draft.embeds)
    message.components = rules.numbered(draft.components)
    message.attachments = draft.attachments
    message.flags |= draft.flags & rules.ON_CREATE
    message.nonce, message.tts = draft.nonce, draft.tts
    for file in draft.attachments:
        world.attachments[file.id] = file


def _address(
    world: World, message: Message, reply_to: Message | None, allowed: dict[str, Any] | None
) -> None:
    replied = reply_to.author if reply_to else None
    message.allowed_mentions = allowed
    message.mentions = rules.mentioned_users(world, message.content, allowed, replied)
    message.mention_roles = rules.mentioned_roles(message.channel, message.content, allowed)
    message.mention_everyone = rules.mentions_everyone(message.content, allowed)
    if reply_to:
        message.type = REPLY
        message.reference = reference_to(reply_to)


def reference_to(message: Message) -> dict[str, Any]:
    """A message_reference of the default type."""
    guild = message.channel.guild
    place = {"channel_id": str(message.channel.id), "message_id": str(message.id)}
    return {"type": 0} | place | ({"guild_id": str(guild.id)} if guild else {})


def _count(channel: Channel, message: Message) -> None:
    if not channel.is_thread or message.type == THREAD_STARTER:
        return
    message.position = channel.total_message_sent
    channel.message_count += 1
    channel.total_message_sent += 1


def _wake(world: World, channel: Channel, author: User) -> None:
    """Who writes in a thread is in it; an archived one opens again."""
    if channel.is_thread and author.id not in channel.member_ids:
        channel.member_ids.append(author.id)
    if channel.archived:
        channel.archived = False
        world.emit(Event("THREAD_UPDATE", payloads.thread(channel), channel))


def edit(world: World, message: Message, changes: dict[str, Any]) -> None:
    """Apply changed fields of the message and tell the gateway; flags alone do not count as an edit."""
    for name, value in changes.items():
        setattr(message, name, value)
    for file in message.attachments:
        world.attachments[file.id] = file
    if set(changes) - {"flags", "allowed_mentions"}:
        message.edited_timestamp = world.now()
    if "content" in changes:
        allowed = message.allowed_mentions
        message.mentions = rules.mentioned_users(world, message.content, allowed, None)
        message.mention_roles = rules.mentioned_roles(message.channel, message.content, allowed)
    message.remember()
    announce_update(world, message)


def announce_update(world: World, message: Message) -> None:
    """Tell the gateway how the message looks now; ephemeral ones are not told of."""
    if message.flags & rules.EPHEMERAL:
        return world.journal.changed("ephemeral", {"id": str(message.id)})
    payload = message_payloads.message_event(world, message)
    return world.emit(Event("MESSAGE_UPDATE", payload, message.channel))


def delete(world: World, message: Message) -> None:
    """Remove the message and tell the gateway."""
    message.deleted = True
    message.channel.messages.pop(message.id, None)
    if message.channel.is_thread:
        message.channel.message_count -= 1
    data = {"id": str(message.id), "channel_id": str(message.channel.id)}
    if guild := message.channel.guild:
        data["guild_id"] = str(guild.id)
    world.emit(Event("MESSAGE_DELETE", data, message.channel))


def may_write(channel: Channel, author: User, draft: Draft) -> None:
    """Raises the refusal that Discord answers when the author may not write this message here."""
    if channel.type in POSTS_ONLY:
        raise Refusal(50008)
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    require(channel, author, needed)
    if draft.attachments:
        require(channel, author, Permission.ATTACH_FILES)
    if draft.embeds:
        require(channel, author, Permission.EMBED_LINKS)
    if draft.reply_to and not may(channel, author, Permission.READ_MESSAGE_HISTORY):
        raise Refusal(160002)
    if channel.locked and not may(channel, author, Permission.MANAGE_THREADS):
        raise Refusal(160005)
    if any(not who.accepts_dms for who in channel.recipients):
        raise Refusal(50007)


def use_old_edit(world: World, message: Message) -> None:
    """Discord allows few edits of messages older than an hour: raises Refusal 30046 when they are used up."""
    if world.old_edits is None or (world.now() - message.timestamp).total_seconds() < HOUR:
        return
    if world.old_edits == 0:
        raise Refusal(30046)
    world.old_edits -= 1
