"""What people do with Discord's own controls: buttons, forms and commands, from INTERACTION_CREATE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.discord import forms, inbound, labels
from adapters.discord.inbound import Spot
from core.commands import COMMANDS
from core.messages import ButtonPressed, CommandGiven, Form, FormSubmitted, MessageRef, Person

# Discord: interactions/receiving-and-responding#interaction-object
COMMAND, COMPONENT, MODAL_SUBMIT = 2, 3, 5
CHAT_INPUT = 1  # type of a command: others stand in the menus of messages and people
BUTTON = 2
THREADS = (10, 11, 12)
OPENS_THREADS = (0, 5)
EPHEMERAL = 1 << 6  # flag of a message
NAMES = frozenset(spec.name for spec in COMMANDS)

Known = Callable[[str, str], Form | None]  # by custom id and person
Category = Callable[[str], str]  # the category of a channel, as far as the gateway told

Used = ButtonPressed | FormSubmitted | CommandGiven


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something that a person used, and what is needed to answer it."""

    id: str
    token: str = field(repr=False)
    application: str
    channel: str
    spot: Spot
    on_message: bool  # used under a message, which an acknowledgement may leave as it is
    action: Used
    about: MessageRef | None = None  # the message that it is about
    form: Form | None = None  # the one that was sent, while it is known
    granted: int | None = None  # what we may do there, where Discord says it

    @property
    def is_form(self) -> bool:
        """Whether it sends a form: no other can be opened in answer to it."""
        return isinstance(self.action, FormSubmitted)


def read(data: Mapping[str, Any], known: Known, category: Category) -> Interaction | None:
    """What was used; None for what is none of ours. Raises KeyError where it is malformed."""
    given = data["data"]
    if data["type"] == COMMAND and given.get("type") == CHAT_INPUT and given["name"] in NAMES:
        return _make(data, category, _command(data, category))
    if data["type"] == COMPONENT and given.get("component_type") == BUTTON:
        return _press(data, category)
    if data["type"] == MODAL_SUBMIT:
        return _submission(data, known, category)
    return None


def _make(
    data: Mapping[str, Any],
    category: Category,
    action: Used,
    about: MessageRef | None = None,
    form: Form | None = None,
) -> Interaction:
    names = (data["id"], data["token"], data["application_id"], data["channel_id"])
    told = data.get("app_permissions")
    granted = None if told is None else int(told)
    return Interaction(*names, _spot(data, category), "message" in data, action, about, form, granted)


def _press(data: Mapping[str, Any], category: Category) -> Interaction | None:
    """A button of an ephemeral message says which message it is about, where there is one."""
    guild = data.get("guild_id") or ""
    told = labels.read(data["data"].get("custom_id", ""), guild)
    if told is None:
        return None
    key, about = told
    where = about or inbound.ref(guild, data["channel_id"], data["message"]["id"])
    spot, person = _spot(data, category), _person(data)
    action = ButtonPressed(
        where,
        person,
        key,
        _locale(data),
        _facts(data, category),
        inbound.place(spot),
        inbound.identity(spot, person),
    )
    seen = about or (None if data["message"].get("flags", 0) & EPHEMERAL else where)
    return _make(data, category, action, seen)


def _submission(data: Mapping[str, Any], known: Known, category: Category) -> Interaction | None:
    given, person = data["data"], _person(data)
    told = labels.read(given.get("custom_id", ""), data.get("guild_id") or "")
    if told is None:
        return None
    form = known(given["custom_id"], person.id)
    where = inbound.place(_spot(data, category))
    values = forms.values(given, form)
    facts = _facts(data, category)
    action = FormSubmitted(told[0], person, where, values, told[1], _locale(data), facts)
    return _make(data, category, action, told[1], form)


def _command(data: Mapping[str, Any], category: Category) -> CommandGiven:
    spot, person, given = _spot(data, category), _person(data), data["data"]
    text = next((str(each["value"]) for each in given.get("options") or [] if "value" in each), "")
    return CommandGiven(
        id=data["id"],
        name=given["name"],
        text=text,
        place=inbound.place(spot),
        author=person,
        identity=inbound.identity(spot, person),
        locale=_locale(data),
        facts=_facts(data, category),
    )


def _person(data: Mapping[str, Any]) -> Person:
    member = data.get("member") or {}
    user = member.get("user") or data["user"]
    name = member.get("nick") or user.get("global_name") or user["username"]
    return Person(user["id"], name, bot=bool(user.get("bot")))


def _locale(data: Mapping[str, Any]) -> str:
    """The language that the person reads Discord in."""
    return str(data.get("locale") or "")


def _facts(data: Mapping[str, Any], category: Category) -> dict[str, frozenset[str]]:
    roles = (data.get("member") or {}).get("roles") or []
    return inbound.facts(_spot(data, category), _person(data), map(str, roles))


def _spot(data: Mapping[str, Any], category: Category) -> Spot:
    """Where it was used: the event brings the channel with it, and of a thread its parent."""
    channel, here = data.get("channel") or {}, str(data["channel_id"])
    guild, kind, parent = data.get("guild_id"), channel.get("type"), str(channel.get("parent_id") or "")
    if not guild:
        return Spot("", here)
    if kind in THREADS and parent:
        return Spot(guild, parent, thread=here, category=category(parent))
    return Spot(guild, here, category=parent, threads=kind in OPENS_THREADS)
