"""What the person at the page can do, as JSON messages: checked, then done to the simulators."""

import html
from collections.abc import Callable
from typing import Any

from simulators.discord import Message as DiscordMessage
from simulators.page import using
from simulators.page.checking import (
    Action,
    Done,
    Malformed,
    attachments,
    discord_place,
    flag_in,
    message_in,
    person_in,
    slack_place,
    text_in,
    uploads,
)
from simulators.page.emoji import OFFERED
from simulators.slack import Message as SlackMessage
from simulators.stage import Stage

__all__ = ["ACTIONS", "Malformed", "perform"]

LONGEST = {"slack": 12_000, "discord": 2_000}  # characters that the clients let a person type
PACES = (1.0, 500.0)  # words per second


def perform(stage: Stage, action: Any) -> Done:
    """Do it. Returns what the page wants to know about it; raises Malformed."""
    if not isinstance(action, dict):
        raise Malformed("an action is a JSON object")
    do = ACTIONS.get(text_in(action, "do"))
    if do is None:
        raise Malformed(f"there is no action {action['do']!r}")
    return do(stage, action)


def post(stage: Stage, action: Action) -> Done:
    """{"do": "post", "as", "place", "text", "mention"?, "thread"?, "files"?}: write a message.

    `files` are ids that an upload gave; with some, the text may be empty.
    """
    place, who, files = text_in(action, "place"), person_in(action), action.get("files", [])
    longest = LONGEST.get(place.split("/")[0], 0)
    bare = bool(files) and action.get("text") == ""
    text = "" if bare else text_in(action, "text", longest=longest).strip()
    thread = text_in(action, "thread") if action.get("thread") else None
    write = _post_slack if place.startswith("slack/") else _post_discord
    mention = flag_in(action, "mention")
    return {"key": write(stage, who, place, (text, thread), mention=mention, files=files)}


def _post_slack(
    stage: Stage, who: str, place: str, said: tuple[str, str | None], *, mention: bool, files: Any
) -> str:
    slack, channel, (text, thread) = stage.slack, slack_place(stage, place), said
    if thread is not None and slack.world.message(channel, thread) is None:
        raise Malformed("this thread is gone")
    wire = html.escape(text, quote=False)
    wire = f"{slack.mention} {wire}".rstrip() if mention else wire
    person = stage.slack_places.people[who]
    message = slack.post(channel, person, wire, thread_ts=thread, files=uploads(stage, files))
    return f"message/slack/{channel.id}/{message.ts}"


def _post_discord(
    stage: Stage, who: str, place: str, said: tuple[str, str | None], *, mention: bool, files: Any
) -> str:
    discord, (text, thread) = stage.discord, said
    channel = discord_place(stage, place, thread)
    content = f"{discord.bot.mention} {text}".rstrip() if mention else text
    kept = attachments(stage, files)
    message = discord.post(channel, stage.discord_places.people[who], content, attachments=kept)
    return f"message/discord/{channel.id}/{message.id}"


def react(stage: Stage, action: Action) -> Done:
    """{"do": "react", "as", "message", "emoji", "on"}: put a reaction on a message, or take it away."""
    who, emoji, on = person_in(action), text_in(action, "emoji"), flag_in(action, "on")
    if emoji not in OFFERED:
        raise Malformed(f"the page offers no reaction {emoji!r}")
    message = message_in(action, stage)
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


def stop(stage: Stage, action: Action) -> Done:
    """{"do": "stop", "as", "place", "thread"}: press Slack's own Stop button."""
    channel = slack_place(stage, text_in(action, "place"))
    stage.slack.press_stop(channel, text_in(action, "thread"), stage.slack_places.people[person_in(action)])
    return {}


def switch(stage: Stage, action: Action) -> Done:
    """{"do": "switch", "name": "pace" | "fail" | "lose" | "limit" | "normal", "value"?}."""
    name = text_in(action, "name")
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
    "close": using.close,
    "command": using.command,
    "open": using.look,
    "post": post,
    "press": using.press,
    "react": react,
    "stop": stop,
    "submit": using.submit,
    "switch": switch,
}
