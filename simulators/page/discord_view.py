"""The simulated Discord as the page shows it: a flat dict of JSON values by key."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from simulators.discord import Channel, DiscordSimulator, Message, User
from simulators.discord import content as components
from simulators.discord.interactions import LOADING
from simulators.page.files import is_image
from simulators.page.ledger import Ledger
from simulators.page.pulse import Pulse
from simulators.stage_places import DiscordPlaces

LATEST = 200  # messages shown of each place
THREAD_STARTER = 21
BUTTON, STYLES = 2, {1: "primary", 3: "primary", 4: "danger"}
TYPING_SECONDS = 10.0  # Discord: Trigger Typing Indicator
_USER = re.compile(r"<@!?(\d+)>")


def places(where: DiscordPlaces) -> dict[str, Channel]:
    """The places that the page shows, by the names that it uses; threads are below the channel's."""
    dms = {f"discord/dm/{name}": channel for name, channel in where.dms.items()}
    return {"discord/channel": where.channel, "discord/requests": where.requests, **dms}


def threads(discord: DiscordSimulator, where: DiscordPlaces) -> list[Channel]:
    """The threads of the channels, oldest first."""
    homes = (where.channel, where.requests)
    return [each for each in discord.world.channels.values() if each.parent in homes]


def view(discord: DiscordSimulator, where: DiscordPlaces, ledger: Ledger, pulse: Pulse) -> dict[str, Any]:
    """Messages, threads, whispers and who types."""
    shown: dict[str, Any] = {"commands": _commands(discord)}
    homes = {channel.id: {"place": place, "thread": ""} for place, channel in places(where).items()}
    for place, channel in places(where).items():
        shown |= _channel(discord, channel, {"place": place, "thread": ""}, ledger, pulse)
    for thread in threads(discord, where):
        parent = homes[thread.parent.id]["place"] if thread.parent else ""
        home = homes[thread.id] = {"place": parent, "thread": str(thread.id)}
        shown |= _channel(discord, thread, home, ledger, pulse)
        count = sum(message.type != THREAD_STARTER for message in thread.messages.values())
        told = {"id": str(thread.id), "name": thread.name, "count": count, "place": parent}
        shown[f"thread/{thread.id}"] = told
    return shown | _whispers(discord, where, homes, ledger)


def _commands(discord: DiscordSimulator) -> list[dict[str, str]]:
    """What the bot registered, for the list that appears when a person types a slash."""
    return [
        {
            "name": each["name"],
            "described": each.get("description") or "",
            "argument": next((option["description"] for option in each.get("options") or []), ""),
        }
        for each in discord.world.commands.get(None, [])
        if each.get("type", 1) == 1
    ]


def _whispers(
    discord: DiscordSimulator, where: DiscordPlaces, homes: dict[int, dict[str, str]], ledger: Ledger
) -> dict[str, Any]:
    """What only one person sees."""
    shown: dict[str, Any] = {}
    for name, user in where.people.items():
        for message in discord.whispers(user):
            if home := homes.get(message.channel.id):
                told = _message(discord, message, ledger) | home | {"whisper": name, "cost": None}
                if message.flags & LOADING:
                    told["parts"] = [{"kind": "notice", "text": f"{name_of(discord.bot)} is thinking…"}]
                shown[f"message/discord/{message.channel.id}/{message.id}"] = told
    return shown


def _channel(
    discord: DiscordSimulator, channel: Channel, home: dict[str, str], ledger: Ledger, pulse: Pulse
) -> dict[str, Any]:
    messages = [message for message in channel.messages.values() if message.type != THREAD_STARTER]
    last = next((message for message in reversed(messages) if message.author is discord.bot), None)
    starter = channel.parent.messages.get(channel.id) if channel.parent else None
    shown: dict[str, Any] = {}
    for message in messages[-LATEST:]:
        told = _message(discord, message, ledger) | home
        told["writing"] = message is last and pulse.writes(
            _question(messages, message, starter), message.history[-1].at
        )
        shown[f"message/discord/{channel.id}/{message.id}"] = told
    if _types(channel, last, ledger, pulse):
        text = f"{name_of(discord.bot)} is typing…"
        shown[f"status/{home['place']}/{home['thread']}"] = {"text": text, "stop": False}
    return shown


def _question(messages: list[Message], answer: Message, starter: Message | None) -> str:
    """The last that a person said before the answer; the first one in a thread stands outside of it."""
    before = [starter] if starter else []
    before += [message for message in messages if message.id < answer.id]
    return next((message.content for message in reversed(before) if message.author is not answer.author), "")


def _types(channel: Channel, last: Message | None, ledger: Ledger, pulse: Pulse) -> bool:
    """A typing bot has ten seconds, and a message of its own ends them."""
    since = ledger.typing.get(str(channel.id))
    if since is None or pulse.now - since > TYPING_SECONDS:
        return False
    return last is None or last.history[0].at < since


def _message(discord: DiscordSimulator, message: Message, ledger: Ledger) -> dict[str, Any]:
    bot = message.author is discord.bot
    return {
        "platform": "discord",
        "id": str(message.id),
        "author": name_of(message.author),
        "bot": bot,
        "at": message.timestamp.timestamp(),
        "parts": [{"kind": "discord", "text": _named(discord, message.content)}] if message.content else [],
        "buttons": list(_buttons(message)),
        "files": [
            {
                "id": str(each.id),
                "name": each.filename,
                "size": len(each.data),
                "image": is_image(each.data),
            }
            for each in message.attachments
        ],
        "whisper": "",
        "writing": False,
        "edited": message.edited_timestamp is not None,
        "replies": 0,
        "reactions": list(_reactions(discord, message)),
        "cost": asdict(ledger.cost(f"{message.channel.id}/{message.id}")) if bot else None,
    }


def _buttons(message: Message) -> Iterator[dict[str, Any]]:
    for each in components.flat(message.components):
        if each["type"] == BUTTON and "custom_id" in each:
            disabled = bool(each.get("disabled"))
            style = STYLES.get(each.get("style", 2), "")
            yield {
                "id": each["custom_id"],
                "label": each.get("label") or "",
                "style": style,
                "disabled": disabled,
            }


def name_of(user: User) -> str:
    """The name that others see."""
    return user.global_name or user.name


def _named(discord: DiscordSimulator, text: str) -> str:
    def name(found: re.Match[str]) -> str:
        user = discord.world.users.get(int(found[1]))
        return f"@{name_of(user) if user else found[1]}"

    return _USER.sub(name, text)


def _reactions(discord: DiscordSimulator, message: Message) -> Iterator[dict[str, Any]]:
    for emoji, people in message.reactions.items():
        yield {"emoji": emoji, "by": [discord.world.users[who].name for who in people]}
