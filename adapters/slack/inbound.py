"""Slack's events as plain facts: which of them count, and what they say; pure."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.slack.blocks import button_key
from adapters.slack.settings import SlackSettings
from adapters.slack.text import mentions, readable, starts_with_other
from core.messages import (
    Action,
    Addressed,
    ButtonPressed,
    IncomingFile,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    MessageRef,
    Opened,
    Person,
    Place,
    StopPressed,
)

PLATFORM = "slack"
SLACKBOT = "USLACKBOT"
_WRITTEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
_NO_FILE = frozenset({"tombstone", "hidden_by_limit"})

Body = Mapping[str, Any]
Incoming = IncomingMessage | IncomingReaction | Action


class Malformed(Exception):  # noqa: N818
    """An event lacks what every event of its type has. The text names the field, never its content."""


@dataclass(frozen=True, slots=True)
class Self:
    """Who we are in a workspace, from auth.test."""

    workspace: str  # the team, or the enterprise of an organisation-wide install
    team: str
    user: str
    bot: str
    name: str = ""


def normalised(body: Body, me: Self, settings: SlackSettings) -> Incoming | None:
    """What an event or a press of a button says to us, or None where it is nothing for us.

    Raises Malformed.
    """
    with reading():
        match body.get("type"):
            case "event_callback":
                return _event(body, me, settings)
            case "block_actions":
                return _press(body, me)
            case _:
                return None


@contextmanager
def reading() -> Iterator[None]:
    """Whatever is missing or of another kind in there is Malformed."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(type(error).__name__) from None  # its text could hold what was written


def _event(body: Body, me: Self, settings: SlackSettings) -> Incoming | None:
    event = body.get("event")
    if not isinstance(event, Mapping):
        raise Malformed("event")
    match event.get("type"):
        case "message" | "app_mention":
            return _message_event(body, event, me, settings)
        case "reaction_added" | "reaction_removed" as kind:
            return _reaction(event, me, added=kind == "reaction_added")
        case "agent_session_stopped":
            return _stop(event, me, settings)
        case "app_home_opened" | "assistant_thread_started":
            return _opened(body, event, me, settings)
        case _:
            return None


def sender_team(body: Body, me: Self) -> str:
    """The home team of who caused the event; over Slack Connect it is not ours."""
    event = body.get("event") or {}
    return str(event.get("user_team") or event.get("team") or me.team)


def _message_event(body: Body, event: Body, me: Self, settings: SlackSettings) -> Incoming | None:
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return _deleted(event, field(event, "deleted_ts"), me)
    if subtype == "message_changed":
        # A deleted message that has replies stays as a tombstone; other changes are edits, not questions.
        inner = event["message"]
        return _deleted(event, field(inner, "ts"), me) if inner.get("subtype") == "tombstone" else None
    if subtype not in _WRITTEN or _by_bot(event, me):
        return None
    return _message(body, event, me, settings)


def _by_bot(event: Body, me: Self) -> bool:
    return bool(event.get("bot_id")) or event.get("user") in {None, SLACKBOT, me.user}


def _message(body: Body, event: Body, me: Self, settings: SlackSettings) -> IncomingMessage | None:
    channel, ts, user = field(event, "channel"), field(event, "ts"), field(event, "user")
    text = event.get("text") or ""
    direct = _is_direct(event, channel)
    addressed = _addressed(event, text, me, settings, direct=direct)
    if addressed is None:
        return None
    place = _place(channel, event.get("thread_ts") or ts, me, settings, direct=direct)
    return IncomingMessage(
        ref=MessageRef(PLATFORM, me.workspace, channel, ts),
        place=place,
        author=Person(user),
        text=readable(text, me.user),
        addressed=addressed,
        identity=identity(place, user),
        files=_files(event),
        facts=_facts(body, channel, user, me),
    )


def _addressed(
    event: Body, text: str, me: Self, settings: SlackSettings, *, direct: bool
) -> Addressed | None:
    """How a message turns to us; None: not at all."""
    if direct:
        return Addressed.DIRECT
    in_thread = bool(event.get("thread_ts"))
    if in_thread and settings.follow_threads == "off":
        return None
    if event.get("type") == "app_mention" or mentions(text, me.user):
        return Addressed.MENTION
    followed = in_thread and settings.follow_threads == "auto" and not starts_with_other(text, me.user)
    return Addressed.FOLLOW if followed else None


def _is_direct(event: Body, channel: str) -> bool:
    kind = event.get("channel_type")
    return kind == "im" if kind else channel.startswith("D")


def _place(channel: str, root: str, me: Self, settings: SlackSettings, *, direct: bool) -> Place:
    thread = "" if direct and settings.dm_scope == "channel" else root
    return Place(PLATFORM, me.workspace, channel, thread, direct=direct)


def identity(place: Place, user: str) -> str:
    """IncomingMessage.identity."""
    if place.direct:
        return f"{PLATFORM}:{place.workspace}:{user}"
    return f"{PLATFORM}:{place.workspace}:{place.channel}:{place.thread}"


def _facts(body: Body, channel: str, user: str, me: Self) -> dict[str, frozenset[str]]:
    """What routes may restrict. `body.team_id` can be another organisation's, authorizations[0] is ours."""
    granted = body.get("authorizations") or [{}]
    team = granted[0].get("team_id") or body.get("context_team_id") or body.get("team_id") or me.team
    return facts(channel, user, str(team))


def facts(channel: str, user: str, team: str) -> dict[str, frozenset[str]]:
    """IncomingMessage.facts, by the names that routes use (settings.ROUTE_KEYS)."""
    return {"channels": frozenset({channel}), "users": frozenset({user}), "teams": frozenset({team})}


def team_of(body: Body, me: Self) -> str:
    """The workspace that an interaction took place in."""
    return str((body.get("team") or {}).get("id") or body.get("team_id") or me.team)


def _files(event: Body) -> tuple[IncomingFile, ...]:
    files = event.get("files") or ()
    return tuple(incoming_file(file) for file in files if file.get("mode") not in _NO_FILE)


def incoming_file(file: Body) -> IncomingFile:
    """Slack: docs.slack.dev/reference/objects/file-object. Without a url: files.info knows."""
    size = file.get("size")
    return IncomingFile(
        id=field(file, "id"),
        name=str(file.get("name") or file.get("title") or file["id"]),
        mime_type=str(file.get("mimetype") or "application/octet-stream"),
        size=-1 if size is None else int(size),
        url=str(file.get("url_private_download") or file.get("url_private") or ""),
    )


def _deleted(event: Body, ts: str, me: Self) -> MessageDeleted:
    return MessageDeleted(MessageRef(PLATFORM, me.workspace, field(event, "channel"), ts))


def _reaction(event: Body, me: Self, *, added: bool) -> IncomingReaction | None:
    item = event.get("item") or {}
    user = field(event, "user")
    if item.get("type") != "message" or user == me.user:
        return None
    ref = MessageRef(PLATFORM, me.workspace, field(item, "channel"), field(item, "ts"))
    return IncomingReaction(ref, Person(user, bot=user == SLACKBOT), field(event, "reaction"), added)


def _stop(event: Body, me: Self, settings: SlackSettings) -> StopPressed:
    channel = field(event, "channel")
    direct = channel.startswith("D")
    place = _place(channel, field(event, "thread_ts"), me, settings, direct=direct)
    return StopPressed(place, Person(field(event, "user")))


def _opened(body: Body, event: Body, me: Self, settings: SlackSettings) -> Opened | None:
    """The direct messages with us (agents), or a new thread in them (assistants, which new apps can't be)."""
    thread = event.get("assistant_thread") or {}
    if not thread and event.get("tab") != "messages":
        return None
    channel = field(thread, "channel_id") if thread else field(event, "channel")
    user = field(thread, "user_id") if thread else field(event, "user")
    root = field(thread, "thread_ts") if thread else ""
    place = _place(channel, root, me, settings, direct=True)
    return Opened(place, Person(user), identity(place, user), facts=_facts(body, channel, user, me))


def _press(body: Body, me: Self) -> ButtonPressed | None:
    """Slack: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
    keys = [key for action in body["actions"] if (key := button_key(action))]
    if not keys:
        return None
    where = body["container"]
    channel, user = field(where, "channel_id"), field(body["user"], "id")
    ref = MessageRef(PLATFORM, me.workspace, channel, field(where, "message_ts"))
    return ButtonPressed(ref, Person(user), keys[0], facts=facts(channel, user, team_of(body, me)))


def field(event: Body, name: str) -> str:
    """A text that must be there, and not be empty. Raises Malformed."""
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(name)
    return value
