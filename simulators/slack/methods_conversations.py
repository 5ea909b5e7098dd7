"""Web API methods that read conversations and reactions. Slack: conversations.*, reactions.*."""

from typing import Any

from simulators.slack import events
from simulators.slack.method import Args, Method, Reply
from simulators.slack.refusal import Refusal, need
from simulators.slack.state import Channel, Message
from simulators.slack.workspace import Workspace, existing, reachable

READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
TYPE_OF_KIND = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}


def described(ws: Workspace, channel: Channel) -> Reply:
    """The channel object."""
    kind = channel.kind
    flags = {"is_channel": kind == "channel", "is_group": kind == "group", "is_im": kind == "im"}
    flags |= {"is_mpim": kind == "mpim", "is_private": kind != "channel", "is_archived": channel.is_archived}
    common = {"id": channel.id, "created": channel.created, **flags, "context_team_id": ws.world.team_id}
    if kind == "im":
        other = next(member for member in channel.members if member != ws.world.bot_user)
        return {**common, "user": other, "is_user_deleted": False}
    member = ws.world.bot_user in channel.members
    texts = {"topic": {"value": channel.topic}, "purpose": {"value": ""}, "num_members": len(channel.members)}
    return {**common, "name": channel.name, "name_normalized": channel.name, "is_member": member, **texts}


def _visible(ws: Workspace, ref: Any) -> Channel:
    """A channel the bot may know of: its own ones and all public ones."""
    channel = ws.world.channels.get(str(ref))
    if channel is None or (channel.kind != "channel" and ws.world.bot_user not in channel.members):
        raise Refusal("channel_not_found")
    return channel


def info(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.info."""
    need(args, "channel")
    return {"channel": described(ws, _visible(ws, args["channel"]))}


def members(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.members."""
    need(args, "channel")
    page, cursor = paged(_visible(ws, args["channel"]).members, args)
    return {"members": page, **cursor}


def listing(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.list (all public and the bot's own conversations)."""
    channels = [channel for channel in ws.world.channels.values() if _listed(ws, channel, args)]
    page, cursor = paged([described(ws, channel) for channel in channels], args)
    return {"channels": page, **cursor}


def own(ws: Workspace, args: Args) -> Reply:
    """Slack: users.conversations (those with the bot, or with `user`, in them)."""
    user = args.get("user") or ws.world.bot_user
    channels = [c for c in ws.world.channels.values() if user in c.members and _listed(ws, c, args)]
    page, cursor = paged([described(ws, channel) for channel in channels], args)
    return {"channels": page, **cursor}


def _listed(ws: Workspace, channel: Channel, args: Args) -> bool:
    wanted = str(args.get("types") or "public_channel").split(",")
    if TYPE_OF_KIND[channel.kind] not in wanted or (_flag(args, "exclude_archived") and channel.is_archived):
        return False
    return channel.kind == "channel" or ws.world.bot_user in channel.members


def paged(items: list[Any], args: Args, default: int = 100) -> tuple[list[Any], Reply]:
    """One page of a list and the `response_metadata` with the cursor of the next one."""
    cursor = str(args.get("cursor") or "0")
    if not cursor.isdigit():
        raise Refusal("invalid_cursor")
    first, limit = int(cursor), int(args.get("limit") or default)
    after = first + limit
    return items[first:after], {
        "response_metadata": {"next_cursor": str(after) if after < len(items) else ""}
    }


def _flag(args: Args, name: str) -> bool:
    return str(args.get(name) or "").lower() in ("1", "true")


def history(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.history: newest first, without the replies in threads."""
    need(args, "channel")
    channel = reachable(ws, args["channel"])
    top = [
        m
        for m in _readable(ws, channel, args)
        if m.thread_ts in (None, m.ts) or m.subtype == "thread_broadcast"
    ]
    page, cursor = paged(top[::-1], args)
    more = bool(cursor["response_metadata"]["next_cursor"])
    return {"messages": [_read(ws, m, args) for m in page], "has_more": more, "pin_count": 0, **cursor}


def replies(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.replies: the root and its replies, oldest first."""
    need(args, "channel", "ts")
    channel = reachable(ws, args["channel"])
    found = ws.world.message(channel, args["ts"])
    if found is None:
        raise Refusal("thread_not_found")
    root = found.thread_ts or found.ts
    thread = [m for m in _readable(ws, channel, args, always=root) if root in (m.ts, m.thread_ts)]
    page, cursor = paged(thread, args, default=1000)
    more = bool(cursor["response_metadata"]["next_cursor"])
    return {"messages": [_read(ws, message, args) for message in page], "has_more": more, **cursor}


def _readable(ws: Workspace, channel: Channel, args: Args, always: str = "") -> list[Message]:
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    edge = _flag(args, "inclusive")

    def inside(ts: str) -> bool:
        at = float(ts)
        return oldest < at < latest or (edge and at in (oldest, latest)) or ts == always

    return [m for m in ws.world.messages(channel) if inside(m.ts) and m.ephemeral_to is None]


def _read(ws: Workspace, message: Message, args: Args) -> Reply:
    wire = ws.wire(message)
    if message.metadata and _flag(args, "include_all_metadata"):
        wire["metadata"] = message.metadata
    return wire


def open_conversation(ws: Workspace, args: Args) -> Reply:
    """Slack: conversations.open, for one person (a DM) or an existing conversation."""
    if args.get("channel"):
        channel = reachable(ws, args["channel"])
    else:
        need(args, "users")
        users = str(args["users"]).split(",")
        if any(user not in ws.world.users for user in users):
            raise Refusal("user_not_found")
        channel = ws.world.dm(users[0]) if len(users) == 1 else _group(ws, users)
    whole = _flag(args, "return_im")
    return {"channel": described(ws, channel) if whole else {"id": channel.id}}


def _group(ws: Workspace, users: list[str]) -> Channel:
    members = [*users, ws.world.bot_user]
    for channel in ws.world.channels.values():
        if channel.kind == "mpim" and set(channel.members) == set(members):
            return channel
    name = "mpdm-" + "--".join(ws.world.users[user].name for user in users) + "-1"
    return ws.world.add_channel(name, "mpim", members)


def _reaction(args: Args) -> str:
    need(args, "channel", "timestamp", "name")
    name = str(args["name"]).strip(":")
    if not name or " " in name:
        raise Refusal("invalid_name")
    return name


def add_reaction(ws: Workspace, args: Args) -> Reply:
    """Slack: reactions.add."""
    name = _reaction(args)
    message = existing(ws, reachable(ws, args["channel"]), args["timestamp"])
    users = message.reactions.setdefault(name, [])
    if ws.world.bot_user in users:
        raise Refusal("already_reacted")
    users.append(ws.world.bot_user)
    ws.journal.changed("reaction", {"channel": message.channel, "ts": message.ts})
    ws.publish(events.reaction_event(ws.world, "reaction_added", message, ws.world.bot_user, name))
    return {}


def remove_reaction(ws: Workspace, args: Args) -> Reply:
    """Slack: reactions.remove."""
    name = _reaction(args)
    message = existing(ws, reachable(ws, args["channel"]), args["timestamp"])
    if ws.world.bot_user not in message.reactions.get(name, []):
        raise Refusal("no_reaction")
    drop_reaction(message, ws.world.bot_user, name)
    ws.journal.changed("reaction", {"channel": message.channel, "ts": message.ts})
    ws.publish(events.reaction_event(ws.world, "reaction_removed", message, ws.world.bot_user, name))
    return {}


def drop_reaction(message: Message, user: str, name: str) -> None:
    """Take one person's reaction away."""
    message.reactions[name].remove(user)
    if not message.reactions[name]:
        del message.reactions[name]


def get_reactions(ws: Workspace, args: Args) -> Reply:
    """Slack: reactions.get, for messages."""
    need(args, "channel", "timestamp")
    message = existing(ws, reachable(ws, args["channel"]), args["timestamp"])
    return {"type": "message", "channel": message.channel, "message": ws.wire(message)}


METHODS = {
    "conversations.info": Method(info, "t3", READ),
    "conversations.members": Method(members, "t4", READ),
    "conversations.list": Method(listing, "t2", READ),
    "conversations.history": Method(history, "t3", HISTORY),
    "conversations.replies": Method(replies, "t3", HISTORY),
    "conversations.open": Method(open_conversation, "t3", ("im:write", "mpim:write")),
    "users.conversations": Method(own, "t3", READ),
    "reactions.add": Method(add_reaction, "t3", ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, "t2", ("reactions:write",)),
    "reactions.get": Method(get_reactions, "t3", ("reactions:read",)),
}
