"""Where a person pressed, typed or sent something: what is needed to show something to them alone; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.inbound import PLATFORM, Malformed, Self, field
from adapters.slack.settings import SlackSettings
from core.messages import MessageRef, Person, Place

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """One interaction of a person."""

    place: Place
    author: Person
    trigger: str = ""  # opens one view within 3 s
    url: str = ""  # takes up to five answers within 30 minutes, also where we are no member
    ref: MessageRef | None = None  # the message whose button was pressed
    locale: str = ""

    def kept(self) -> list[Any]:
        """What a view carries from its opening to its submission (JSON)."""
        place = self.place
        return [place.channel, place.thread, place.direct, self.ref.id if self.ref else "", self.url]


def of_press(body: Body, me: Self, settings: SlackSettings) -> Origin:
    """Slack: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
    where = body["container"]
    channel = field(where, "channel_id")
    thread = str(where.get("thread_ts") or "")
    ref = MessageRef(PLATFORM, me.workspace, channel, field(where, "message_ts"))
    return Origin(place_at(channel, thread, me, settings), _author(body), *_answerable(body), ref=ref)


def of_command(body: Body, me: Self, settings: SlackSettings) -> Origin:
    """Slack: docs.slack.dev/interactivity/implementing-slash-commands; they are not given in threads."""
    place = place_at(field(body, "channel_id"), "", me, settings)
    return Origin(place, Person(field(body, "user_id")), *_answerable(body))


def of_view(body: Body, kept: Any, me: Self) -> Origin:
    """Of the view's opening; who sends it is told by the submission. Raises Malformed."""
    if not isinstance(kept, list) or len(kept) != 5:
        raise Malformed("private_metadata")
    channel, thread, direct, ts, url = kept
    place = Place(PLATFORM, me.workspace, str(channel), str(thread), direct=bool(direct))
    ref = MessageRef(PLATFORM, me.workspace, str(channel), str(ts)) if ts else None
    return Origin(place, _author(body), url=str(url), ref=ref)


def place_at(channel: str, thread: str, me: Self, settings: SlackSettings) -> Place:
    """The conversation there; direct messages at top level have no thread."""
    direct = channel.startswith("D")
    flat = direct and settings.dm_scope == "channel"
    return Place(PLATFORM, me.workspace, channel, "" if flat else thread, direct=direct)


def _author(body: Body) -> Person:
    return Person(field(body["user"], "id"))


def _answerable(body: Body) -> tuple[str, str]:
    return str(body.get("trigger_id") or ""), str(body.get("response_url") or "")
