"""REST: channels, threads and direct messages."""

from typing import Any

from simulators.discord import content as rules
from simulators.discord import message_payloads, messages, payloads, threads
from simulators.discord.errors import Refusal
from simulators.discord.permissions import Permission, may, require
from simulators.discord.rest import Answer, Endpoint, RestCall
from simulators.discord.rest_messages import draft_of
from simulators.discord.state import POSTS_ONLY, Channel, ChannelType, World

CHANNEL = "/channels/{channel_id}"
THREAD_FIELDS = ("archived", "locked", "rate_limit_per_user")
OTHER_FIELDS = ("nsfw", "position", "flags", "available_tags", "default_auto_archive_duration")


def get_channel(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    require(channel, world.bot)
    return payloads.channel(channel)


def edit_channel(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    fields = call.fields
    _require_management(world, channel, fields)
    if "name" in fields:
        channel.name = threads.check_name(fields["name"])
    if "topic" in fields:
        channel.topic = fields["topic"]
    if channel.is_thread:
        _edit_thread(channel, fields)
    channel.settings |= {name: fields[name] for name in OTHER_FIELDS if name in fields}
    threads.change(world, channel)
    return payloads.channel(channel)


def _edit_thread(thread: Channel, fields: dict[str, Any]) -> None:
    for name in THREAD_FIELDS:
        if fields.get(name) is not None:
            setattr(thread, name, fields[name])
    if "auto_archive_duration" in fields:
        thread.auto_archive_duration = threads.check_archive(fields["auto_archive_duration"])
    if "applied_tags" in fields:
        thread.applied_tags = [int(tag) for tag in fields["applied_tags"]]


def _require_management(world: World, channel: Channel, fields: dict[str, Any]) -> None:
    if channel.type == ChannelType.DM:
        raise Refusal(50003)
    if not channel.is_thread:
        require(channel, world.bot, Permission.MANAGE_CHANNELS)
    elif fields == {"archived": False} and not channel.locked:  # Discord: whoever may write may open it
        require(channel, world.bot, Permission.SEND_MESSAGES_IN_THREADS)
    elif channel.locked or channel.owner_id != world.bot.id:
        require(channel, world.bot, Permission.MANAGE_THREADS)


def delete_channel(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    if channel.type == ChannelType.DM:
        return payloads.channel(channel)  # closing a DM: it opens again with the next message
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    require(channel, world.bot, needed)
    threads.remove(world, channel)
    return payloads.channel(channel)


def thread_from_message(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    require(channel, world.bot)
    message = world.message(channel, call.id("message_id"))
    if message.thread_id:
        raise Refusal(160004)
    require(channel, world.bot, Permission.CREATE_PUBLIC_THREADS)
    name, archive = _naming(call)
    thread = threads.make_from(world, message, world.bot, name, auto_archive_duration=archive)
    return Answer(_with_membership(world, thread), 201)


def create_thread(world: World, call: RestCall) -> Any:
    """POST /channels/{channel_id}/threads: a thread without a message, or a post in a forum."""
    channel = world.channel(call.id("channel_id"))
    require(channel, world.bot)
    if channel.type in POSTS_ONLY:
        return Answer(_forum_post(world, channel, call), 201)
    kind = ChannelType(call.fields.get("type", ChannelType.PRIVATE_THREAD))
    private = kind == ChannelType.PRIVATE_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    require(channel, world.bot, needed)
    name, archive = _naming(call)
    thread = threads.make(world, channel, world.bot, name, kind=kind, auto_archive_duration=archive)
    return Answer(_with_membership(world, thread), 201)


def _forum_post(world: World, channel: Channel, call: RestCall) -> dict[str, Any]:
    """The first message of a post has the thread's id."""
    require(channel, world.bot, Permission.SEND_MESSAGES)
    name, archive = _naming(call)
    draft = draft_of(world, channel, call, call.fields.get("message") or {})
    rules.require_something(draft.content, draft.embeds, draft.components, draft.attachments)
    tags = [int(tag) for tag in call.fields.get("applied_tags") or []]
    thread = threads.make(world, channel, world.bot, name, auto_archive_duration=archive, applied_tags=tags)
    draft.extra = {"id": thread.id}
    first = messages.write(world, thread, world.bot, draft)
    return _with_membership(world, thread) | {"message": message_payloads.message(world, first)}


def _naming(call: RestCall) -> tuple[str, int]:
    name = threads.check_name(call.fields.get("name"))
    return name, threads.check_archive(call.fields.get("auto_archive_duration"))


def _with_membership(world: World, thread: Channel) -> dict[str, Any]:
    return payloads.thread(thread) | {"member": payloads.thread_member(thread, world.bot.id)}


def join_thread(world: World, call: RestCall) -> Any:
    thread = _thread(world, call)
    if world.bot.id not in thread.member_ids:
        thread.member_ids.append(world.bot.id)


def leave_thread(world: World, call: RestCall) -> Any:
    thread = _thread(world, call)
    if world.bot.id in thread.member_ids:
        thread.member_ids.remove(world.bot.id)


def thread_members(world: World, call: RestCall) -> Any:
    thread = _thread(world, call)
    return [payloads.thread_member(thread, each) for each in thread.member_ids]


def active_threads(world: World, call: RestCall) -> Any:
    guild = world.guild(call.id("guild_id"))
    found = [t for t in world.threads_of(guild) if may(t, world.bot, Permission.VIEW_CHANNEL)]
    joined = [t for t in found if world.bot.id in t.member_ids]
    members = [payloads.thread_member(t, world.bot.id) for t in joined]
    return {"threads": [payloads.thread(t) for t in found], "members": members}


def _thread(world: World, call: RestCall) -> Channel:
    thread = world.channel(call.id("channel_id"))
    require(thread, world.bot)
    if not thread.is_thread:
        raise Refusal(50024)
    return thread


def open_dm(world: World, call: RestCall) -> Any:
    return payloads.channel(world.dm(world.user(int(call.fields["recipient_id"]))))


ROUTES: dict[str, Endpoint] = {
    f"GET {CHANNEL}": get_channel,
    f"PATCH {CHANNEL}": edit_channel,
    f"DELETE {CHANNEL}": delete_channel,
    f"POST {CHANNEL}/messages/{{message_id}}/threads": thread_from_message,
    f"POST {CHANNEL}/threads": create_thread,
    f"PUT {CHANNEL}/thread-members/@me": join_thread,
    f"DELETE {CHANNEL}/thread-members/@me": leave_thread,
    f"GET {CHANNEL}/thread-members": thread_members,
    "GET /guilds/{guild_id}/threads/active": active_threads,
    "POST /users/@me/channels": open_dm,
}
