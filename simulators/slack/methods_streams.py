"""Web API methods of streams and sessions. Slack: chat.*Stream, agents.sessions.*, assistant.threads.*."""

from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack.method import Args, Method, Reply
from simulators.slack.methods_chat import WRITE
from simulators.slack.refusal import Refusal, need
from simulators.slack.state import Channel, Message, Session
from simulators.slack.streams import Piece, Stream
from simulators.slack.workspace import Workspace, existing, reachable

STATUSES = ("active", "processing", "suspended", "closed")
MAX_TITLE = 200
MAX_LOADING = (10, 50)  # messages, characters each
MAX_PROMPTS = 4
NO_STOP_BUTTON = "missing_agent_session_stopped_event_subscription"


def start(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.startStream. Opens the thread's agent session in `processing`."""
    need(args, "channel", "thread_ts")
    channel = reachable(ws, args["channel"])
    if channel.kind != "im":
        _check_recipient(ws, channel, args)
    root = ws.world.message(channel, args["thread_ts"])
    if root is None:
        raise Refusal("thread_not_found")
    recipient = args.get("recipient_user_id") if channel.kind != "im" else None
    stream = Stream(ws.clock, ws.settings.stream_ttl, ws.settings.stream_cap, recipient)
    stream.add(Piece.read(args))
    message = ws.bot_message(channel, "", thread_ts=root.thread_ts or root.ts, stream=stream)
    _copy(stream, message)
    ws.world.add(message)
    _set_status(ws, channel, message.thread_ts or "", "processing")
    ws.announce(message)
    return {"channel": channel.id, "ts": message.ts}


def _check_recipient(ws: Workspace, channel: Channel, args: Args) -> None:
    for name in ("recipient_user_id", "recipient_team_id"):
        if not args.get(name):
            raise Refusal(f"missing_{name}")
    user = ws.world.users.get(args["recipient_user_id"])
    if user is None or user.id not in channel.members:
        raise Refusal("user_not_found")
    if user.team != args["recipient_team_id"]:
        raise Refusal("team_not_found")


def _streamed(ws: Workspace, args: Args) -> tuple[Channel, Message, Stream]:
    need(args, "channel", "ts")
    channel = reachable(ws, args["channel"])
    message = existing(ws, channel, args["ts"])
    if message.bot_id != ws.world.bot_id:
        raise Refusal("message_not_owned_by_app")
    if message.stream is None:
        raise Refusal("message_not_in_streaming_state")
    return channel, message, message.stream


def _copy(stream: Stream, message: Message) -> None:
    message.text, message.blocks = stream.text, list(stream.blocks)


def append(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.appendStream."""
    channel, message, stream = _streamed(ws, args)
    piece = Piece.read(args)
    if piece.empty:
        raise Refusal("no_text")
    stream.check_open()
    stream.add(piece)
    _copy(stream, message)
    ws.changed(message)
    return {"channel": channel.id, "ts": message.ts}


def stop(ws: Workspace, args: Args) -> Reply:
    """Slack: chat.stopStream. Its blocks stand below the text; the session becomes `session_status`."""
    channel, message, stream = _streamed(ws, args)
    status = args.get("session_status") or "active"
    if status not in STATUSES:
        raise Refusal("invalid_status")
    piece = Piece.read(args)
    final = block_kit.checked(args.get("blocks"))
    stream.check_open(stopping=True)
    previous = ws.wire(message)
    stream.add(piece)
    stream.blocks += final
    stream.ended_by = "app"
    _copy(stream, message)
    message.metadata = args.get("metadata") or message.metadata
    _set_status(ws, channel, message.thread_ts or "", status)
    ws.changed(message, previous)
    return {"channel": channel.id, "ts": message.ts, "message": ws.wire(message)}


def _set_status(ws: Workspace, channel: Channel, thread_ts: str, status: str, title: str = "") -> Session:
    key = (channel.id, thread_ts)
    session = ws.world.sessions.setdefault(key, Session(channel.id, thread_ts, title=title))
    session.status = status
    session.history.append(status)
    ws.journal.changed("session", {"channel": channel.id, "thread_ts": thread_ts, "status": status})
    return session


def set_session_status(ws: Workspace, args: Args) -> Reply:
    """Slack: agents.sessions.setStatus."""
    need(args, "channel_id", "status")
    channel = _agent_channel(ws, args)
    if args["status"] not in STATUSES:
        raise Refusal("invalid_status")
    if not args.get("thread_ts"):
        raise Refusal("thread_ts_required")
    title = str(args.get("title") or "")
    if len(title) > MAX_TITLE:
        raise Refusal("invalid_arguments")
    session = _set_status(ws, channel, args["thread_ts"], args["status"], title)
    warned = "agent_session_stopped" not in ws.settings.events
    warning = (
        {"warning": NO_STOP_BUTTON, "response_metadata": {"warnings": [NO_STOP_BUTTON]}} if warned else {}
    )
    return {"status": session.status, "agent_status": session.status, "title": session.title, **warning}


def rename_session(ws: Workspace, args: Args) -> Reply:
    """Slack: agents.sessions.rename."""
    need(args, "channel_id", "title")
    channel = _agent_channel(ws, args)
    if len(args["title"]) > MAX_TITLE:
        raise Refusal("invalid_arguments")
    session = ws.world.sessions.get((channel.id, str(args.get("thread_ts") or "")))
    if session is None:
        raise Refusal("session_not_found")
    session.title = args["title"]
    return {"title": session.title}


def _agent_channel(ws: Workspace, args: Args) -> Channel:
    """The session's channel; apps that are not declared as agents (no assistant:write) are not authorized."""
    if "assistant:write" not in ws.settings.scopes:
        raise Refusal("not_authorized")
    try:
        return reachable(ws, args["channel_id"])
    except Refusal as refusal:
        raise Refusal("not_authorized" if refusal.error == "not_in_channel" else refusal.error) from refusal


def set_thread_status(ws: Workspace, args: Args) -> Reply:
    """Slack: assistant.threads.setStatus. An empty status clears it; any message in the thread does too."""
    need(args, "channel_id", "thread_ts")
    channel = reachable(ws, args["channel_id"])
    if ws.world.message(channel, args["thread_ts"]) is None:
        raise Refusal("thread_not_found")
    loading = args.get("loading_messages") or []
    if len(loading) > MAX_LOADING[0] or any(len(text) > MAX_LOADING[1] for text in loading):
        raise Refusal("invalid_arguments")
    key = (channel.id, args["thread_ts"])
    ws.world.statuses[key] = str(args.get("status") or "")
    if not ws.world.statuses[key]:
        del ws.world.statuses[key]
    ws.journal.changed("status", {"channel": channel.id, "status": ws.world.statuses.get(key, "")})
    return {}


def set_title(ws: Workspace, args: Args) -> Reply:
    """Slack: assistant.threads.setTitle."""
    need(args, "channel_id", "thread_ts", "title")
    channel = reachable(ws, args["channel_id"])
    ws.world.titles[channel.id, args["thread_ts"]] = args["title"]
    return {}


def set_prompts(ws: Workspace, args: Args) -> Reply:
    """Slack: assistant.threads.setSuggestedPrompts; without thread_ts for the whole DM of an agent."""
    need(args, "channel_id", "prompts")
    channel = reachable(ws, args["channel_id"])
    prompts: Any = args["prompts"]
    whole = isinstance(prompts, list) and all(p.get("title") and p.get("message") for p in prompts)
    if not whole or len(prompts) > MAX_PROMPTS:
        raise Refusal("invalid_arguments")
    ws.world.prompts[channel.id, args.get("thread_ts")] = prompts
    return {}


ASSISTANT = ("assistant:write",)
METHODS = {
    "chat.startStream": Method(start, "t2", WRITE),
    "chat.appendStream": Method(append, "t4", WRITE),
    "chat.stopStream": Method(stop, "t2", WRITE),
    "agents.sessions.setStatus": Method(set_session_status, "t3", WRITE),
    "agents.sessions.rename": Method(rename_session, "t3", WRITE),
    "assistant.threads.setStatus": Method(set_thread_status, "special", ("chat:write", "assistant:write")),
    "assistant.threads.setTitle": Method(set_title, "t4", ASSISTANT),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, "t4", ASSISTANT),
}
