"""The JSON of messages and reactions, as REST answers it and as the gateway sends it."""

from typing import Any

from simulators.discord import payloads
from simulators.discord.payloads import Json
from simulators.discord.state import Attachment, Channel, Message, User, World

HIDDEN_WITHOUT_INTENT: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}


def attachment(world: World, where: Channel, file: Attachment) -> Json:
    """An attachment; its URL is signed anew each time (Discord: reference#signed-attachment-cdn-urls)."""
    url = world.cdn(where, file)
    payload: Json = {
        "id": str(file.id),
        "filename": file.filename,
        "size": len(file.data),
        "url": url,
        "proxy_url": url,
        "content_scan_version": 0,
    }
    optional = {
        "content_type": file.content_type,
        "description": file.description,
        "duration_secs": file.duration_secs,
        "waveform": file.waveform,
        "title": file.title,
        "ephemeral": file.ephemeral or None,
    }
    return payload | {key: value for key, value in optional.items() if value is not None}


def emoji(key: str) -> Json:
    """A reaction's emoji from its form in the URL: "👍" or "name:id"."""
    name, _, emoji_id = key.partition(":")
    return {"id": emoji_id or None, "name": name}


def message(world: World, what: Message, *, referenced: bool = True) -> Json:
    """The message object as REST answers it (no guild_id, no member)."""
    payload: Json = {
        "id": str(what.id),
        "channel_id": str(what.channel.id),
        "type": what.type,
        "author": payloads.user(what.author),
        "content": what.content,
        "timestamp": payloads.stamp(what.timestamp),
        "edited_timestamp": payloads.stamp(what.edited_timestamp),
        "tts": what.tts,
        "pinned": what.pinned,
        "mention_everyone": what.mention_everyone,
        "mention_roles": [str(each) for each in what.mention_roles],
        "mentions": [payloads.user(world.users[each]) for each in what.mentions],
        "attachments": [attachment(world, what.channel, file) for file in what.attachments],
        "embeds": what.embeds,
        "components": what.components,
        "flags": what.flags,
    }
    return payload | _optional(world, what) | (_reply(world, what) if referenced else {})


def _optional(world: World, what: Message) -> Json:
    found: Json = {
        "position": what.position,
        "nonce": what.nonce,
        "webhook_id": str(what.webhook_id) if what.webhook_id else None,
        "application_id": str(what.webhook_id) if what.webhook_id else None,
        "interaction_metadata": what.interaction,
        "message_snapshots": what.snapshots or None,
        "message_reference": what.reference,
        "reactions": _reactions(world, what) or None,
        "thread": payloads.thread(world.channels[what.thread_id]) if what.thread_id else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _reply(world: World, what: Message) -> Json:
    """What a reply or a thread starter shows of the other message; null when that one was deleted."""
    if what.reference is None or what.type not in (19, 21, 23):
        return {}
    channel = world.channels.get(int(what.reference["channel_id"]))
    other = channel.messages.get(int(what.reference["message_id"])) if channel else None
    return {"referenced_message": message(world, other, referenced=False) if other else None}


def _reactions(world: World, what: Message) -> list[Json]:
    return [
        {
            "emoji": emoji(key),
            "count": len(people),
            "count_details": {"burst": 0, "normal": len(people)},
            "burst_colors": [],
            "me": world.bot.id in people,
            "me_burst": False,
            "burst_me": False,
            "burst_count": 0,
        }
        for key, people in what.reactions.items()
    ]


def message_event(world: World, what: Message) -> Json:
    """MESSAGE_CREATE and MESSAGE_UPDATE: the message plus guild_id, member and channel_type."""
    payload = message(world, what) | {"channel_type": int(what.channel.type)}
    guild = what.channel.guild
    if guild is None:
        return payload
    payload["guild_id"] = str(guild.id)
    payload["mentions"] = [_mentioned(world, what, each) for each in what.mentions]
    if author := guild.members.get(what.author.id):
        payload["member"] = payloads.member(author)
    return payload


def _mentioned(world: World, what: Message, user_id: int) -> Json:
    guild = what.channel.guild
    found = guild.members.get(user_id) if guild else None
    shown = payloads.user(world.users[user_id])
    return shown | ({"member": payloads.member(found)} if found else {})


def without_content(payload: Json, bot: User) -> Json:
    """What an app without the message content intent sees (Discord: events/gateway#message-content-intent).

    Kept whole: DMs, the app's own messages, and messages that mention the app.
    """
    own = payload["author"]["id"] == str(bot.id)
    mentioned = any(each["id"] == str(bot.id) for each in payload["mentions"])
    hidden = payload if own or mentioned else payload | HIDDEN_WITHOUT_INTENT
    other = hidden.get("referenced_message")
    return hidden | ({"referenced_message": without_content(other, bot)} if other else {})


def reaction_event(what: Message, who: User, key: str, *, added: bool) -> Json:
    """MESSAGE_REACTION_ADD, which names the message's author, or MESSAGE_REACTION_REMOVE, which does not."""
    payload: Json = {
        "user_id": str(who.id),
        "type": 0,
        "message_id": str(what.id),
        "channel_id": str(what.channel.id),
        "emoji": emoji(key),
        "burst": False,
    }
    if guild := what.channel.guild:
        payload["guild_id"] = str(guild.id)
    if added:
        payload["message_author_id"] = str(what.author.id)
        if guild and (member := guild.members.get(who.id)):
            payload["member"] = payloads.member(member) | {"user": _reacting(who)}
    return payload


def _reacting(who: User) -> Json:
    """The user of a reaction event, which recordings show to differ from that of all other events."""
    shown = payloads.user(who) | {"display_name": who.global_name, "bot": who.bot}
    del shown["clan"]
    return shown


def seen_by_app(world: World, what: Message) -> Json:
    """A message that was read: without its content where the intent is not enabled.

    Its nonce is told to who posts it and on the gateway, and not kept (Rapptz/discord.py#2451).
    """
    payload = {key: value for key, value in message(world, what).items() if key != "nonce"}
    if world.message_content_enabled or what.channel.guild is None:
        return payload
    return without_content(payload, world.bot)
