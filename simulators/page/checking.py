"""The checks of what the page sends."""

from typing import Any

from simulators.discord import Attachment
from simulators.discord import Channel as DiscordChannel
from simulators.discord import Message as DiscordMessage
from simulators.page import discord_view, slack_view
from simulators.slack import Channel as SlackChannel
from simulators.slack import Message as SlackMessage
from simulators.slack import Upload
from simulators.stage import Stage
from simulators.stage_files import Picked
from simulators.stage_places import PEOPLE

MOST_FILES = 10  # of one message

Action = dict[str, Any]
Done = dict[str, Any]


class Malformed(Exception):  # noqa: N818  (it is the page's mistake, not ours)
    """An action that cannot be done; its text says why."""


def text_in(action: Action, key: str, *, longest: int = 200) -> str:
    """A text that says something."""
    value = action.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{key} must be a text")
    if len(value) > longest:
        raise Malformed(f"{key} is longer than {longest} characters")
    return value


def person_in(action: Action) -> str:
    """The name of who acts."""
    name = text_in(action, "as")
    if name not in PEOPLE:
        raise Malformed(f"nobody here is called {name!r}")
    return name


def flag_in(action: Action, key: str) -> bool:
    """A switch; absent means off."""
    value = action.get(key, False)
    if not isinstance(value, bool):
        raise Malformed(f"{key} must be true or false")
    return value


def slack_place(stage: Stage, place: str) -> SlackChannel:
    """A conversation of Slack, by the page's name for it."""
    channel = slack_view.places(stage.slack_places).get(place)
    if channel is None:
        raise Malformed(f"there is no place {place!r}")
    return channel


def discord_place(stage: Stage, place: str, thread: str | None) -> DiscordChannel:
    """A channel of Discord, or a thread in one, by the page's names for them."""
    if thread is not None:
        return _thread(stage, thread)
    channel = discord_view.places(stage.discord_places).get(place)
    if channel is None:
        raise Malformed(f"there is no place {place!r}")
    return channel


def _thread(stage: Stage, thread: str) -> DiscordChannel:
    for each in discord_view.threads(stage.discord, stage.discord_places):
        if str(each.id) == thread:
            return each
    raise Malformed("this thread is gone")


def message_in(action: Action, stage: Stage) -> SlackMessage | DiscordMessage:
    """The message that the action names, whispers among them."""
    kind, platform, channel, number = (*text_in(action, "message").split("/"), "", "", "")[:4]
    slack = stage.slack.world
    found: SlackMessage | DiscordMessage | None = None
    if (kind, platform) == ("message", "slack") and channel in slack.channels:
        found = slack.message(channel, number)
    elif (kind, platform) == ("message", "discord") and channel.isdecimal() and number.isdecimal():
        found = _discord_message(stage, int(channel), int(number))
    if found is None:
        raise Malformed("this message is gone")
    return found


def _discord_message(stage: Stage, channel: int, number: int) -> DiscordMessage | None:
    home = stage.discord.world.channels.get(channel)
    people = stage.discord_places.people.values()
    whispers = [each for user in people for each in stage.discord.whispers(user) if each.channel is home]
    known = {**(home.messages if home else {}), **{each.id: each for each in whispers}}
    return known.get(number)


def picked(stage: Stage, known: Any) -> list[Picked]:
    """The files of these ids."""
    if (
        not isinstance(known, list)
        or len(known) > MOST_FILES
        or not all(isinstance(id_, str) for id_ in known)
    ):
        raise Malformed(f"files are a list of at most {MOST_FILES} ids")
    found = [stage.shelf.get(id_) for id_ in known]
    if None in found:
        raise Malformed("this file is not known any more: pick it again")
    return [file for file in found if file is not None]


def uploads(stage: Stage, known: Any) -> list[Upload]:
    """The files as a person of Slack attaches them."""
    return [Upload(file.name, file.data, file.mime) for file in picked(stage, known)]


def attachments(stage: Stage, known: Any) -> list[Attachment]:
    """The files as a person of Discord attaches them."""
    return [stage.discord.file(file.name, file.data, file.mime) for file in picked(stage, known)]
