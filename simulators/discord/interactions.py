"""Interactions: what a person's command, click or form sends, and what became of it."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from simulators.discord import message_payloads, payloads
from simulators.discord.errors import Refusal
from simulators.discord.messages import Draft, write
from simulators.discord.permissions import permissions_in
from simulators.discord.state import Channel, Event, Message, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
LOADING = 1 << 7
EPHEMERAL = 1 << 6
ACK_SECONDS = 3.0  # until then the first response must be there
TOKEN_SECONDS = 900.0
SIZE_LIMIT = 10 * 1024 * 1024


@dataclass(eq=False)
class Interaction:
    """One interaction of a person with the bot."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: dict[str, Any]
    created_at: float
    source: Message | None = None  # the message whose component was used
    response_type: int | None = None  # of the first response
    message: Message | None = None  # what the response shows (@original)
    modal: dict[str, Any] | None = None  # the form that the response opened
    choices: list[dict[str, Any]] | None = None  # what autocomplete proposed
    followups: list[Message] = field(default_factory=list)

    @property
    def is_thinking(self) -> bool:
        """The response is deferred and nothing is shown yet."""
        return self.message is not None and bool(self.message.flags & LOADING)

    def metadata(self) -> dict[str, Any]:
        """The interaction_metadata of the messages that answer it."""
        owners = {"0": str(self.channel.guild.id)} if self.channel.guild else {"1": str(self.user.id)}
        shown = {"id": str(self.id), "type": self.type, "user": payloads.user(self.user)}
        name = {"name": self.data["name"]} if "name" in self.data else {}
        return shown | name | {"authorizing_integration_owners": owners}


def begin(
    world: World,
    kind: int,
    user: User,
    channel: Channel,
    data: dict[str, Any],
    *,
    source: Message | None = None,
) -> Interaction:
    """Send INTERACTION_CREATE and remember the interaction."""
    token = secrets.token_urlsafe(32)
    interaction = Interaction(world.new_id(), token, kind, user, channel, data, world.clock(), source)
    world.interactions[token] = interaction
    world.emit(Event("INTERACTION_CREATE", payload(world, interaction), guild=channel.guild))
    return interaction


def payload(world: World, what: Interaction) -> dict[str, Any]:
    """Discord: interactions/receiving-and-responding#interaction-object."""
    granted = str(permissions_in(what.channel, world.bot))
    found: dict[str, Any] = {
        "id": str(what.id),
        "application_id": str(world.bot.id),
        "type": what.type,
        "token": what.token,
        "version": 1,
        "data": what.data,
        "channel_id": str(what.channel.id),
        "channel": _place(what) | {"permissions": granted},
        "app_permissions": granted,
        "attachment_size_limit": SIZE_LIMIT,
        "authorizing_integration_owners": what.metadata()["authorizing_integration_owners"],
        "entitlements": [],
        "entitlement_sku_ids": [],
        "locale": what.user.locale,
        **_person(what),
    }
    if what.source:
        found["message"] = message_payloads.message(world, what.source)
    return found


def _place(what: Interaction) -> dict[str, Any]:
    """The channel; a thread says who is in it, and since when the person is."""
    channel, members = what.channel, what.channel.member_ids
    if not channel.is_thread:
        return payloads.channel(channel)
    shown = payloads.channel(channel) | {"member_ids_preview": [str(each) for each in members]}
    mine = {"member": payloads.thread_member(channel, what.user.id)} if what.user.id in members else {}
    return shown | mine


def _person(what: Interaction) -> dict[str, Any]:
    guild = what.channel.guild
    if guild is None:
        return {"context": 1, "user": payloads.user(what.user)}
    more = dict.fromkeys(("collectibles", "display_name_styles", "unusual_dm_activity_until"))
    rights = {"permissions": str(permissions_in(what.channel, what.user))}
    return {
        "context": 0,
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "features": [], "locale": "en-US"},
        "guild_locale": "en-US",
        "member": payloads.full_member(guild.members[what.user.id]) | more | rights,
    }


def command_data(world: World, channel: Channel, name: str, kind: int) -> dict[str, Any]:
    """The registered command as interactions name it. Raises LookupError where nobody registered it."""
    guild_id = channel.guild.id if channel.guild else None
    for scope in (guild_id, None):
        for command in world.commands.get(scope, []):
            if command["name"] == name and command.get("type", 1) == kind:
                return {"id": command["id"], "name": name, "type": kind, "_options": command.get("options")}
    raise LookupError(f"no command {name!r} of type {kind} is registered")


def answer(world: World, what: Interaction, draft: Draft) -> Message:
    """Write the message that answers the interaction."""
    extra = {"webhook_id": world.bot.id, "interaction": what.metadata(), "type": _message_type(what)}
    draft.extra |= extra
    return write(world, what.channel, world.bot, draft)


def thinking(world: World, what: Interaction, flags: int) -> Message:
    """The "… is thinking" of a deferred response."""
    return answer(world, what, Draft(flags=flags & EPHEMERAL, extra={"flags": LOADING}))


def _message_type(what: Interaction) -> int:
    """CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND, or a plain message (Discord: resources/message)."""
    if what.type != COMMAND or what.message:
        return 0
    return 23 if what.data["type"] == 3 else 20


def by_token(world: World, token: str) -> Interaction:
    """Raises Refusal 10015 for a token nobody has, 50027 when its 15 minutes are over."""
    found = world.interactions.get(token)
    if found is None:
        raise Refusal(10015)
    if world.clock() - found.created_at > TOKEN_SECONDS:
        raise Refusal(50027)
    return found


def to_answer(world: World, interaction_id: int, token: str) -> Interaction:
    """Raises Refusal 10062 when it is unknown or 3 seconds old, 40060 when it was answered."""
    found = world.interactions.get(token)
    if found is None or found.id != interaction_id:
        raise Refusal(10062)
    if found.response_type is not None:
        raise Refusal(40060)
    if world.clock() - found.created_at > ACK_SECONDS:
        raise Refusal(10062)
    return found
