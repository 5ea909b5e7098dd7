"""Web API methods that post, change and remove messages. Slack: chat.*."""

from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack.method import Args, Method, Reply
from simulators.slack.refusal import Refusal, need
from simulators.slack.state import Channel, Message
from simulators.slack.workspace import Workspace, existing, reachable

WRITE = ("chat:write",)


def _content(args: Args) -> dict[str, Any]:
    """The visible part of a message from `text`, `blocks`, `attachments` and `markdown_text`, checked."""
    markdown = args.get("markdown_text")
    if markdown and (args.get("text") or args.get("blocks")):
        raise Refusal("markdown_text_conflict")
    if markdown and len(markdown) > block_kit.MAX_MARKDOWN_TEXT:
        raise Refusal("msg_too_long")
    if not any(args.get(key) for key in ("markdown_text", "text", "blocks", "attachments")):
        raise Refusal("no_text")
    return {
        "text": str(markdown or args.get("text") or ""),
        "blocks": block_kit.checked(args.get("blocks")),
        "attachments": args.get("attachments") or [],
    }


def _metadata(args: Args) -> dict[str, Any] | None:
    metadata = args.get("metadata")
    if metadata in (None, "", {}):
        return None
    if not isinstance(metadata, dict) or "event_type" not in metadata or "event_payload" not in metadata:
        raise Refusal("invalid_metadata_format")
    return metadata


def _target(ws: Workspace, ref: Any) -> Channel:
    """The channel to post to: an id, #name, or a person's id for their DM."""
    if str(ref) in ws.world.users:
        return ws.world.dm(str(ref))
    if str(ref).startswith("#"):
        named = [channel.id for channel in ws.world.channels.values() if channel.name == str(ref)[1:]]
        return reachable(ws, named[0] if named else ref)
    return reachable(ws, ref)


def _root(ws: Workspace, channel: Channel, args: Args) -> str | None:
    """The thread to post into; a thread whose root is gone makes Slack post into the channel itself."""
    root = ws.world.message(channel, str(args.get("thread_ts") or ""))
    return None if root is None else (root.thread_ts or root.ts)


def post_message(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.postMessage."""
    need(args, "channel")
    channel = _target(ws, args["channel"])
    content = _content(args)
    cut = len(content["text"]) > block_kit.MAX_POST_TEXT
    content["text"] = content["text"][: block_kit.MAX_POST_TEXT]
    message = ws.bot_message(
        channel,
        **content,
        thread_ts=_root(ws, channel, args),
        subtype="thread_broadcast" if args.get("reply_broadcast") and args.get("thread_ts") else None,
        metadata=_metadata(args),
        unfurl_links=args.get("unfurl_links"),
        unfurl_media=args.get("unfurl_media"),
        username=args.get("username"),
    )
    ws.world.add(message)
    ws.announce(message)
    warning = {"response_metadata": {"warnings": ["message_truncated"]}} if cut else {}
    return {"channel": channel.id, "ts": message.ts, "message": ws.wire(message), **warning}


def post_ephemeral(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.postEphemeral. The message can be pressed, not updated, and is in no history."""
    need(args, "channel", "user")
    channel = reachable(ws, args["channel"])
    if args["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    thread = _root(ws, channel, args)
    message = ws.bot_message(channel, **_content(args), thread_ts=thread, ephemeral_to=args["user"])
    ws.world.add(message)
    ws.announce(message)
    return {"message_ts": message.ts}


def _own(ws: Workspace, channel: Channel, ts: Any, refusal: str) -> Message:
    message = existing(ws, channel, ts)
    if message.ephemeral_to is not None:
        raise Refusal("message_not_found")
    if message.bot_id != ws.world.bot_id:
        raise Refusal(refusal)
    return message


def update(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.update. Metadata stays unless given anew; a live stream cannot be updated."""
    need(args, "channel", "ts")
    channel = reachable(ws, args["channel"])
    message = _own(ws, channel, args["ts"], "cant_update_message")
    content = _content(args)
    if not args.get("markdown_text") and len(content["text"]) > block_kit.MAX_UPDATE_TEXT:
        raise Refusal("msg_too_long")
    if message.streaming:
        raise Refusal("streaming_state_conflict")
    metadata = _metadata(args)
    previous = ws.wire(message)
    message.stream = None
    if not args.get("markdown_text") and "blocks" not in args:
        del content["blocks"]  # they stay, and a reader goes on to see them: python-slack-sdk #523
    if "attachments" not in args:
        del content["attachments"]
    for name, value in content.items():
        setattr(message, name, value)
    if "metadata" in args:
        message.metadata = metadata
    message.edited = {"user": message.user, "ts": ws.world.next_ts()}
    ws.changed(message, previous)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": ws.wire(message)}


def delete(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.delete. A live stream cannot be deleted either: measured by others in 2026."""
    need(args, "channel", "ts")
    channel = reachable(ws, args["channel"])
    message = _own(ws, channel, args["ts"], "cant_delete_message")
    if message.streaming:
        raise Refusal("cant_delete_message")
    ws.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def permalink(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.getPermalink."""
    need(args, "channel", "message_ts")
    channel = reachable(ws, args["channel"])
    message = existing(ws, channel, args["message_ts"])
    link = f"https://{ws.world.team_domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


METHODS = {
    "chat.postMessage": Method(post_message, "post", WRITE),
    "chat.postEphemeral": Method(post_ephemeral, "t4", WRITE),
    "chat.update": Method(update, "t3", WRITE),
    "chat.delete": Method(delete, "t3", WRITE),
    "chat.getPermalink": Method(permalink, "special"),
}
