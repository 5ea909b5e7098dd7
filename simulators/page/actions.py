"""What the person at the page can do, as JSON messages: checked, then done to the simulators."""

import html
from collections.abc import Callable
from typing import Any

from simulators.discord import Channel as DiscordChannel
from simulators.discord import Message as DiscordMessage
from simulators.page import discord_view, slack_view
from simulators.page.emoji import OFFERED
from simulators.slack import Message as SlackMessage
from simulators.stage import Stage
from simulators.stage_places import PEOPLE

LONGEST = {"slack": 12_000, "discord": 2_000}  # characters that the clients let a person type
PACES = (1.0, 500.0)  # words per second

Action = dict[str, Any]
Done = dict[str, Any]


class Malformed(Exception):  # noqa: N818  (it is the page's mistake, not ours)
    """An action that cannot be done; its text says why."""


def perform(stage: Stage, action: Any) -> Done:
    """Do it. Returns what the page wants to know about it; raises Malformed."""
    if not isinstance(action, dict):
        raise Malformed("an action is a JSON object")
    do = ACTIONS.get(_text(action, "do"))
    if do is None:
        raise Malformed(f"there is no action {action['do']!r}")
    return do(stage, action)


def _text(action: Action, key: str, *, longest: int = 200) -> str:
    value = action.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{key} must be a text")
    if len(value) > longest:
        raise Malformed(f"{key} is longer than {longest} characters")
    return value


def _person(action: Action) -> str:
    name = _text(action, "as")
    if name not in PEOPLE:
        raise Malformed(f"nobody here is called {name!r}")
    return name


def _flag(action: Action, key: str) -> bool:
    value = action.get(key, False)
    if not isinstance(value, bool):
        raise Malformed(f"{key} must be true or false")
    return value


def post(stage: Stage, action: Action) -> Done:
    """{"do": "post", "as", "place", "text", "mention"?, "thread"?}: write a message."""
    place, who = _text(action, "place"), _person(action)
    text = _text(action, "text", longest=LONGEST.get(place.split("/")[0], 0)).strip()
    thread = _text(action, "thread") if action.get("thread") else None
    write = _post_slack if place.startswith("slack/") else _post_discord
    return {"key": write(stage, who, place, text, thread, _flag(action, "mention"))}


def _post_slack(stage: Stage, who: str, place: str, text: str, thread: str | None, mention: bool) -> str:  # noqa: FBT001
    slack, channel = stage.slack, slack_view.places(stage.slack_places).get(place)
    if channel is None:
        raise Malformed(f"there is no place {place!r}")
    if thread is not None and slack.world.message(channel, thread) is None:
        raise Malformed("this thread is gone")
    wire = html.escape(text, quote=False)
    person = stage.slack_places.people[who]
    said = slack.post(channel, person, f"{slack.mention} {wire}" if mention else wire, thread_ts=thread)
    return f"message/slack/{channel.id}/{said.ts}"


def _post_discord(stage: Stage, who: str, place: str, text: str, thread: str | None, mention: bool) -> str:  # noqa: FBT001
    discord, channel = stage.discord, discord_view.places(stage.discord_places).get(place)
    if thread is not None:
        channel = _thread(stage, thread)
    if channel is None:
        raise Malformed(f"there is no place {place!r}")
    content = f"{discord.bot.mention} {text}" if mention else text
    said = discord.post(channel, stage.discord_places.people[who], content)
    return f"message/discord/{channel.id}/{said.id}"


def _thread(stage: Stage, thread: str) -> DiscordChannel:
    for each in discord_view.threads(stage.discord, stage.discord_places):
        if str(each.id) == thread:
            return each
    raise Malformed("this thread is gone")


def react(stage: Stage, action: Action) -> Done:
    """{"do": "react", "as", "message", "emoji", "on"}: put a reaction on a message, or take it away."""
    who, emoji, on = _person(action), _text(action, "emoji"), _flag(action, "on")
    if emoji not in OFFERED:
        raise Malformed(f"the page offers no reaction {emoji!r}")
    message = _message(stage, _text(action, "message"))
    if isinstance(message, DiscordMessage):
        do = stage.discord.react if on else stage.discord.unreact
        do(message, stage.discord_places.people[who], emoji)
    else:
        _react_slack(stage, message, who, OFFERED[emoji], on=on)
    return {}


def _react_slack(stage: Stage, message: SlackMessage, who: str, name: str, *, on: bool) -> None:
    person = stage.slack_places.people[who]
    if on == (person.id in message.reactions.get(name, [])):
        return
    do = stage.slack.react if on else stage.slack.unreact
    do(message.channel, message.ts, person, name)


def _message(stage: Stage, key: str) -> SlackMessage | DiscordMessage:
    kind, _, rest = key.partition("/")
    platform, _, rest = rest.partition("/")
    channel, _, number = rest.partition("/")
    slack, discord = stage.slack.world, stage.discord.world
    found: SlackMessage | DiscordMessage | None = None
    if (kind, platform) == ("message", "slack") and channel in slack.channels:
        found = slack.message(channel, number)
    elif (kind, platform) == ("message", "discord") and channel.isdecimal() and number.isdecimal():
        home = discord.channels.get(int(channel))
        found = home.messages.get(int(number)) if home else None
    if found is None:
        raise Malformed("this message is gone")
    return found


def stop(stage: Stage, action: Action) -> Done:
    """{"do": "stop", "as", "place", "thread"}: press Slack's own Stop button."""
    channel = slack_view.places(stage.slack_places).get(_text(action, "place"))
    if channel is None:
        raise Malformed("Slack has no such place")
    stage.slack.press_stop(channel, _text(action, "thread"), stage.slack_places.people[_person(action)])
    return {}


def switch(stage: Stage, action: Action) -> Done:
    """{"do": "switch", "name": "pace" | "fail" | "lose" | "limit" | "normal", "value"?}."""
    name = _text(action, "name")
    if name == "pace":
        stage.pace = _pace(action.get("value"))
        return {}
    switches = {
        "fail": stage.fail_next,
        "lose": stage.lose_connection,
        "limit": stage.limit_edits,
        "normal": stage.normal,
    }
    if name not in switches:
        raise Malformed(f"there is no switch {name!r}")
    switches[name]()
    return {}


def _pace(value: Any) -> float:
    slowest, fastest = PACES
    if isinstance(value, bool) or not isinstance(value, int | float) or not slowest <= value <= fastest:
        raise Malformed(f"pace is a number from {slowest:g} to {fastest:g}")
    return float(value)


ACTIONS: dict[str, Callable[[Stage, Action], Done]] = {
    "post": post,
    "react": react,
    "stop": stop,
    "switch": switch,
}
