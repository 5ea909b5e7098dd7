"""REST: messages of a channel, typing, reactions."""

import mimetypes
import re
from pathlib import PurePosixPath
from typing import Any

from simulators.discord import content as rules
from simulators.discord import message_payloads, messages, payloads, threads
from simulators.discord.errors import Refusal, invalid
from simulators.discord.permissions import Permission, may, require
from simulators.discord.rest import Endpoint, RestCall
from simulators.discord.state import Attachment, Channel, Message, User, World

MIB = 1024 * 1024
FILE_LIMITS = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}  # per file, by a guild's boosts
FILES_LIMIT = 10
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
REACTION = f"{MESSAGE}/reactions/{{emoji}}"


def draft_of(world: World, channel: Channel, call: RestCall, body: dict[str, Any]) -> messages.Draft:
    """The message that a request body describes. Raises Refusal 50035, 40005 or 10008."""
    flags = int(body.get("flags") or 0)
    rules.check(body, flags)
    return messages.Draft(
        content=(body.get("content") or "").strip(),
        embeds=body.get("embeds") or [],
        components=body.get("components") or [],
        attachments=uploaded(world, channel, call, body),
        flags=flags,
        nonce=None if body.get("nonce") is None else str(body["nonce"]),
        tts=bool(body.get("tts")),
        reply_to=_replied(channel, body.get("message_reference")),
        allowed_mentions=body.get("allowed_mentions"),
    )


def _replied(channel: Channel, reference: dict[str, Any] | None) -> Message | None:
    if reference is None:
        return None
    found = channel.messages.get(int(reference["message_id"]))
    if found is None and reference.get("fail_if_not_exists", True):
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return found


def uploaded(world: World, channel: Channel, call: RestCall, body: dict[str, Any]) -> list[Attachment]:
    """The files that came with the request, described by the body's `attachments`."""
    if len(call.uploads) > FILES_LIMIT:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    limit = FILE_LIMITS[channel.guild.premium_tier if channel.guild else 0]
    if any(len(each.data) > limit for each in call.uploads):
        raise Refusal(40005)
    about = {str(each["id"]): each for each in body.get("attachments") or []}
    found = []
    for upload in call.uploads:
        described = about.get(str(upload.index), {})
        name = described.get("filename") or upload.filename
        file = Attachment(world.new_id(), kept_name(name), upload.data, mimetypes.guess_type(name)[0])
        file.title = None if file.filename == name else PurePosixPath(name).stem
        file.description = described.get("description")
        file.duration_secs, file.waveform = described.get("duration_secs"), described.get("waveform")
        found.append(file)
    return found


def kept_name(name: str) -> str:
    """The file name as Discord keeps it: plain characters only; what it was is told by the title."""
    stem, dot, suffix = name.replace(" ", "_").rpartition(".")
    plain = re.sub(r"[^\w.()-]", "", stem if dot else suffix, flags=re.ASCII) or "unknown"
    return f"{plain}.{suffix}" if dot else plain


def create_message(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    require(channel, world.bot)
    draft = draft_of(world, channel, call, call.fields)
    draft.flags &= ~rules.EPHEMERAL  # only for answers to interactions
    messages.may_write(channel, world.bot, draft)
    rules.require_something(draft.content, draft.embeds, draft.components, draft.attachments)
    message = _same_nonce(world, call) or messages.write(world, channel, world.bot, draft)
    if message.nonce:
        world.nonces[world.bot.id, message.nonce] = (world.clock(), message)
    return message_payloads.message(world, message)


def _same_nonce(world: World, call: RestCall) -> Message | None:
    """Discord: enforce_nonce returns the message that the same author posted with this nonce before."""
    nonce = call.fields.get("nonce")
    if nonce is None or not call.fields.get("enforce_nonce"):
        return None
    posted_at, message = world.nonces.get((world.bot.id, str(nonce)), (0.0, None))
    return message if message and world.clock() - posted_at <= world.nonce_seconds else None


def list_messages(world: World, call: RestCall) -> Any:
    channel = _readable(world, call)
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if not may(channel, world.bot, Permission.READ_MESSAGE_HISTORY):
        return []
    newest_first = sorted(channel.messages.values(), key=lambda each: -each.id)
    chosen = page(newest_first, call.query, limit)
    return [message_payloads.seen_by_app(world, each) for each in chosen]


def page(newest_first: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    """Discord: before, after and around exclude each other; the answer is newest first in each case."""
    if "after" in query:
        return [each for each in newest_first if each.id > int(query["after"])][-limit:]
    if "before" in query:
        return [each for each in newest_first if each.id < int(query["before"])][:limit]
    if "around" in query:
        middle = int(query["around"])
        newer = [each for each in newest_first if each.id > middle]
        newer = newer[max(0, len(newer) - limit // 2) :]
        rest = [each for each in newest_first if each.id <= middle]
        return newer + rest[: limit - len(newer)]
    return newest_first[:limit]


def get_message(world: World, call: RestCall) -> Any:
    channel = _readable(world, call)
    require(channel, world.bot, Permission.READ_MESSAGE_HISTORY)
    return message_payloads.seen_by_app(world, world.message(channel, call.id("message_id")))


def edit_message(world: World, call: RestCall) -> Any:
    channel, message = _changeable(world, call)
    if message.author is not world.bot and set(call.fields) != {"flags"}:
        raise Refusal(50005)
    if message.author is not world.bot:
        require(channel, world.bot, Permission.MANAGE_MESSAGES)
    messages.use_old_edit(world, message)
    messages.edit(world, message, changes_of(world, message, call, call.fields))
    return message_payloads.message(world, message)


def changes_of(world: World, message: Message, call: RestCall, body: dict[str, Any]) -> dict[str, Any]:
    """What an edit changes: absent fields stay, null empties. Raises Refusal 50035 or 50006."""
    flags = edited_flags(message.flags, body)
    rules.check(body, flags)
    changes: dict[str, Any] = {}
    if "content" in body:
        changes["content"] = (body["content"] or "").strip()
        changes["allowed_mentions"] = body.get("allowed_mentions")
    if "embeds" in body:
        changes["embeds"] = rules.rich(world, body["embeds"] or [])
    if "components" in body:
        changes["components"] = rules.numbered(body["components"] or [])
    if "attachments" in body or call.uploads:
        kept = {str(each["id"]) for each in body.get("attachments", []) or []}
        old = [file for file in message.attachments if str(file.id) in kept or "attachments" not in body]
        changes["attachments"] = old + uploaded(world, message.channel, call, body)
    if flags != message.flags:
        changes["flags"] = flags
    others = ("embeds", "components", "attachments")
    shown = [changes.get(name, getattr(message, name)) for name in others]
    rules.require_something(changes.get("content", message.content), *shown)
    return changes


def edited_flags(old: int, body: dict[str, Any]) -> int:
    """Only SUPPRESS_EMBEDS can be set and cleared, components v2 only set (Discord: Edit Message)."""
    if body.get("flags") is None:
        return old
    wanted = int(body["flags"])
    return (old & ~rules.SUPPRESS_EMBEDS) | (wanted & (rules.SUPPRESS_EMBEDS | rules.COMPONENTS_V2))


def delete_message(world: World, call: RestCall) -> Any:
    channel, message = _changeable(world, call)
    if message.author is not world.bot:
        if channel.guild is None:
            raise Refusal(50003)
        require(channel, world.bot, Permission.MANAGE_MESSAGES)
    messages.delete(world, message)


def trigger_typing(world: World, call: RestCall) -> Any:
    channel = world.channel(call.id("channel_id"))
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    require(channel, world.bot, needed)
    world.journal.changed("typing", {"channel_id": str(channel.id)})


def add_reaction(world: World, call: RestCall) -> Any:
    channel, message = _changeable(world, call)
    require(channel, world.bot, Permission.READ_MESSAGE_HISTORY)
    emoji = _emoji(call)
    if emoji not in message.reactions:
        require(channel, world.bot, Permission.ADD_REACTIONS)
    threads.react(world, message, world.bot, emoji)


def remove_own_reaction(world: World, call: RestCall) -> Any:
    _channel, message = _changeable(world, call)
    threads.unreact(world, message, world.bot, _emoji(call))


def remove_reaction(world: World, call: RestCall) -> Any:
    channel, message = _changeable(world, call)
    require(channel, world.bot, Permission.MANAGE_MESSAGES)
    threads.unreact(world, message, world.user(call.id("user_id")), _emoji(call))


def list_reactions(world: World, call: RestCall) -> Any:
    _channel, message = _both(world, call)
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 25))
    people = sorted(each for each in message.reactions.get(_emoji(call), []) if each > after)
    found: list[User] = [world.users[each] for each in people[:limit]]
    return [payloads.user(each) for each in found]


def _emoji(call: RestCall) -> str:
    """Raises Refusal 10014 for what cannot be an emoji: plain words, or a custom one without its id."""
    emoji = call.params["emoji"]
    if emoji.isascii() and not emoji.rpartition(":")[2].isdecimal():
        raise Refusal(10014)
    return emoji


def _readable(world: World, call: RestCall) -> Channel:
    channel = world.channel(call.id("channel_id"))
    require(channel, world.bot)
    return channel


def _both(world: World, call: RestCall) -> tuple[Channel, Message]:
    channel = _readable(world, call)
    return channel, world.message(channel, call.id("message_id"))


def _changeable(world: World, call: RestCall) -> tuple[Channel, Message]:
    """Raises Refusal 50083 in an archived thread, which only a new message opens again by itself."""
    channel, message = _both(world, call)
    if channel.archived:
        raise Refusal(50083)
    return channel, message


ROUTES: dict[str, Endpoint] = {
    f"POST {MESSAGES}": create_message,
    f"GET {MESSAGES}": list_messages,
    f"GET {MESSAGE}": get_message,
    f"PATCH {MESSAGE}": edit_message,
    f"DELETE {MESSAGE}": delete_message,
    "POST /channels/{channel_id}/typing": trigger_typing,
    f"PUT {REACTION}/@me": add_reaction,
    f"DELETE {REACTION}/@me": remove_own_reaction,
    f"DELETE {REACTION}/{{user_id}}": remove_reaction,
    f"GET {REACTION}": list_reactions,
}
