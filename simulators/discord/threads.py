"""What happens in the world when a thread is made or changed, and when somebody reacts."""

from typing import Any

from simulators.discord import message_payloads, payloads
from simulators.discord.errors import Refusal, invalid, too_long
from simulators.discord.messages import THREAD_STARTER, Draft, announce_update, reference_to, write
from simulators.discord.state import Channel, ChannelType, Event, Message, User, World

HAS_THREAD = 1 << 5
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
NAME_LIMIT = 100


def check_name(name: Any) -> str:
    """Raises Refusal 50035 unless the name has 1 to 100 characters."""
    if not isinstance(name, str) or not name.strip():
        raise invalid("name", "BASE_TYPE_REQUIRED", "This field is required")
    if len(name) > NAME_LIMIT:
        raise too_long("name", NAME_LIMIT)
    return name.strip()


def check_archive(minutes: Any) -> int:
    """Raises Refusal 50035 unless it is one of the four durations; None means a day."""
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        choices = f"Value must be one of {set(ARCHIVE_MINUTES)}."
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", choices)
    return int(minutes or 1440)


def make(world: World, parent: Channel, owner: User, name: str, **fields: Any) -> Channel:
    """A new thread below the channel; the owner is its first member."""
    kind = fields.pop("kind", None) or _kind_below(parent)
    thread = world.add_channel(
        kind, guild=parent.guild, parent=parent, name=name, owner_id=owner.id, member_ids=[owner.id], **fields
    )
    data = payloads.thread(thread, newly_created=True)
    if world.bot.id in thread.member_ids:
        data["member"] = payloads.thread_member(thread, world.bot.id)
    world.emit(Event("THREAD_CREATE", data, thread))
    return thread


def _kind_below(parent: Channel) -> ChannelType:
    if parent.type == ChannelType.ANNOUNCEMENT:
        return ChannelType.ANNOUNCEMENT_THREAD
    return ChannelType.PUBLIC_THREAD


def make_from(world: World, message: Message, owner: User, name: str, **fields: Any) -> Channel:
    """A thread on a message: it has the message's id. Raises Refusal 160004 for the second one."""
    if message.channel.type not in (ChannelType.TEXT, ChannelType.ANNOUNCEMENT):
        raise Refusal(50024)
    if message.thread_id or message.id in world.channels:
        raise Refusal(160004)
    thread = make(world, message.channel, owner, name, id=message.id, **fields)
    if message.author.id not in thread.member_ids:
        thread.member_ids.append(message.author.id)
    message.thread_id = thread.id
    message.flags |= HAS_THREAD
    announce_update(world, message)
    starter = {"type": THREAD_STARTER, "reference": reference_to(message)}
    write(world, thread, owner, Draft(extra=starter))
    return thread


def change(world: World, channel: Channel) -> None:
    """Tell the gateway that a channel or thread looks different now."""
    name = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    world.emit(Event(name, payloads.channel(channel), channel))


def remove(world: World, channel: Channel) -> None:
    """Delete a channel with its threads, or a thread."""
    for child in [each for each in world.channels.values() if each.parent is channel]:
        remove(world, child)
    world.channels.pop(channel.id, None)
    if channel.is_thread and channel.parent:
        keys = ("id", "guild_id", "parent_id", "type")
        data = {key: payloads.thread(channel)[key] for key in keys}
        world.emit(Event("THREAD_DELETE", data, channel))
    else:
        world.emit(Event("CHANNEL_DELETE", payloads.channel(channel), channel))


def react(world: World, message: Message, who: User, emoji: str) -> None:
    """Add the user's reaction; a second identical one changes nothing."""
    people = message.reactions.setdefault(emoji, [])
    if who.id in people:
        return
    people.append(who.id)
    data = message_payloads.reaction_event(message, who, emoji, added=True)
    world.emit(Event("MESSAGE_REACTION_ADD", data, message.channel))


def unreact(world: World, message: Message, who: User, emoji: str) -> None:
    """Take the user's reaction away, if there is one."""
    people = message.reactions.get(emoji, [])
    if who.id not in people:
        return
    people.remove(who.id)
    if not people:
        del message.reactions[emoji]
    data = message_payloads.reaction_event(message, who, emoji, added=False)
    world.emit(Event("MESSAGE_REACTION_REMOVE", data, message.channel))
