"""The payloads that Slack sends: messages on the wire, event wrappers, interactions; pure."""

import base64
import json
import time
import uuid
from typing import Any

from simulators.slack.blocks import rich_text
from simulators.slack.files import described
from simulators.slack.state import SLACKBOT, Channel, Message, User, View, World

Payload = dict[str, Any]
VERIFICATION_TOKEN = "simulated-verification-token"
CHANNEL_EVENT = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


def message_fields(world: World, message: Message, base: str) -> Payload:
    """A message as conversations.history, `message` in replies and events carry it."""
    wire: Payload = {"user": message.user, "type": "message", "ts": message.ts}
    optional = {
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "client_msg_id": message.client_msg_id,
        "text": message.text,
        "team": message.team,
        "thread_ts": message.thread_ts,
        "parent_user_id": message.parent_user_id,
        "subtype": message.subtype,
        "username": message.username,
        "blocks": wire_blocks(message),
        "attachments": message.attachments or None,
        "edited": message.edited,
        "files": [described(file, base, world.team_id, full=False) for file in message.files] or None,
        "reactions": reactions(message) or None,
        **_thread_fields(world, message),
    }
    wire |= {key: value for key, value in optional.items() if value is not None}
    if message.files:
        wire |= {"upload": False, "display_as_bot": False}
    if message.stream is not None:
        wire["streaming_state"] = "in_progress" if message.streaming else "completed"
    return wire


def wire_blocks(message: Message) -> list[Payload] | None:
    """The blocks on the wire; Slack writes the text of a stream as rich_text above the app's own blocks."""
    if message.stream is not None and message.text:
        return [*rich_text(message.text), *message.blocks]
    return message.blocks or None


def reactions(message: Message) -> list[Payload]:
    """The reactions of a message, one entry per name."""
    return [
        {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
    ]


def _thread_fields(world: World, message: Message) -> Payload:
    replies = [world.log[message.channel, ts] for ts in message.replies]
    replies = [reply for reply in replies if not reply.deleted and reply.ephemeral_to is None]
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def message_event(world: World, message: Message, base: str) -> Payload:
    """A `message` event about a new message."""
    fields = message_fields(world, message, base)
    for key in (
        "reactions",
        "reply_count",
        "reply_users_count",
        "latest_reply",
        "reply_users",
        "is_locked",
        "subscribed",
    ):
        fields.pop(key, None)
    channel = world.channels[message.channel]
    return {**fields, **_sender(world, message), **_place(channel, message.ts)}


def mention_event(world: World, message: Message, base: str) -> Payload:
    """The `app_mention` event about the same message: no channel_type, no subtype."""
    event = {**message_event(world, message, base), "type": "app_mention"}
    for key in ("channel_type", "subtype"):
        event.pop(key, None)
    return event


def _sender(world: World, message: Message) -> Payload:
    user = world.users.get(message.user)
    if user is None or user.team == world.team_id:
        return {}
    return {"user_team": user.team, "source_team": user.team}


def _place(channel: Channel, event_ts: str) -> Payload:
    return {"channel": channel.id, "event_ts": event_ts, "channel_type": channel.kind}


def changed_event(world: World, message: Message, previous: Payload, base: str) -> Payload:
    """A `message_changed` event; `previous` is the message's wire form before the change."""
    ts = world.next_ts()
    event: Payload = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": ts}
    event |= {"message": message_fields(world, message, base), "previous_message": previous}
    return {**event, **_place(world.channels[message.channel], ts)}


def deleted_event(world: World, message: Message, previous: Payload) -> Payload:
    """A `message_deleted` event."""
    ts = world.next_ts()
    event: Payload = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": ts}
    event |= {"deleted_ts": message.ts, "previous_message": previous}
    return {**event, **_place(world.channels[message.channel], ts)}


def make_tombstone(message: Message) -> None:
    """What stays of a deleted message that has replies."""
    message.user, message.text, message.subtype = SLACKBOT, "This message was deleted.", "tombstone"
    message.blocks, message.files, message.bot_id, message.edited = [], [], None, None


def reaction_event(world: World, kind: str, message: Message, user: str, name: str) -> Payload:
    """`reaction_added` or `reaction_removed`; it has no thread_ts, and the channel only inside `item`."""
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    event = {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user}
    return {**event, "event_ts": world.next_ts()}


def event_channel(event: Payload) -> str | None:
    """The channel that an event is about, if any."""
    channel = event.get("channel") or (event.get("item") or {}).get("channel")
    return channel if isinstance(channel, str) else None


def subscription(world: World, event: Payload) -> str:
    """The name under which an app subscribes to this event ("message.im", "reaction_added")."""
    if event["type"] != "message":
        return str(event["type"])
    return CHANNEL_EVENT[world.channels[event["channel"]].kind]


def event_callback(world: World, event: Payload) -> Payload:
    """The Events API wrapper around an event."""
    bot = {"user_id": world.bot_user, "is_bot": True, "is_enterprise_install": False}
    context = {"et": event["type"], "tid": world.team_id, "aid": world.app_id, "cid": event_channel(event)}
    encoded = (
        base64.urlsafe_b64encode(json.dumps(context, separators=(",", ":")).encode()).decode().rstrip("=")
    )
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": world.team_id,
        "context_team_id": world.team_id,
        "context_enterprise_id": None,
        "api_app_id": world.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": world.next_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [{"enterprise_id": None, "team_id": world.team_id, **bot}],
        "is_ext_shared_channel": "user_team" in event,
        "event_context": f"4-{encoded}",
    }


def interaction(world: World, kind: str, user: User, trigger_id: str) -> Payload:
    """The fields that every interactive payload has."""
    who = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team}
    return {
        "type": kind,
        "user": who,
        "api_app_id": world.app_id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": world.team_id, "domain": world.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def block_actions(world: World, message: Message, action: Payload, base: str) -> Payload:
    """What a `block_actions` payload adds for a press in a message (left out if it is ephemeral)."""
    channel = world.channels[message.channel]
    ephemeral = message.ephemeral_to is not None
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: Payload = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if not ephemeral:
        payload["message"] = message_fields(world, message, base)
    return {**payload, "state": {"values": {}}, "actions": [action]}


def channel_name(channel: Channel) -> str:
    """The name as payloads carry it: "directmessage" for DMs."""
    return "directmessage" if channel.kind == "im" else channel.name


def slash_command(world: World, channel: Channel, user: User, command: str, text: str) -> Payload:
    """The form fields of a slash command (all strings); trigger_id and response_url come on top."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": world.team_id,
        "team_domain": world.team_domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
    }


def view_fields(world: World, view: View) -> Payload:
    """A view as replies and view_submission payloads carry it."""
    return {
        "id": view.id,
        "team_id": world.team_id,
        "state": {"values": {}},
        "private_metadata": "",
        "callback_id": "",
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **view.body,
        "hash": view.hash,
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": world.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": world.team_id,
        "bot_id": world.bot_id,
    }


def new_trigger() -> str:
    """A trigger_id in Slack's look."""
    number = uuid.uuid4().int
    return f"{number % 10**14}.{number % 10**13}.{uuid.uuid4().hex}"
