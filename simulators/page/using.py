"""What a person at the page does beside writing: buttons, commands, forms, opening a conversation."""

from typing import Any

from simulators.discord import Message as DiscordMessage
from simulators.page import forms
from simulators.page.checking import (
    Action,
    Done,
    Malformed,
    attachments,
    discord_place,
    message_in,
    person_in,
    slack_place,
    text_in,
    uploads,
)
from simulators.stage import Stage

COMMAND = "/parley"  # Slack: one command, and a word behind it; Discord: a command for each
OPTION = "text"


def press(stage: Stage, action: Action) -> Done:
    """{"do": "press", "as", "message", "button"}: use a button of a message."""
    who, message, button = person_in(action), message_in(action, stage), text_in(action, "button")
    try:
        if isinstance(message, DiscordMessage):
            stage.discord.click(message, stage.discord_places.people[who], button)
        else:
            stage.slack.press(message, button, stage.slack_places.people[who])
    except LookupError:
        raise Malformed("this button is gone") from None
    return {}


def command(stage: Stage, action: Action) -> Done:
    """{"do": "command", "as", "place", "name", "text"?, "thread"?}: give a slash command."""
    who, place, name = person_in(action), text_in(action, "place"), text_in(action, "name")
    said = text_in(action, "text", longest=2_000).strip() if action.get("text") else ""
    thread = text_in(action, "thread") if action.get("thread") else None
    if place.startswith("slack/"):
        if thread is not None:
            raise Malformed("Slack takes no commands in threads: give it in the channel")
        if f"/{name}" != COMMAND:
            raise Malformed(f"Slack knows no /{name} here: try {COMMAND} help")
        channel = slack_place(stage, place)
        stage.slack.slash_command(channel, stage.slack_places.people[who], COMMAND, said)
    else:
        _discord_command(stage, who, name, said, place=place, thread=thread)
    return {}


def _discord_command(stage: Stage, who: str, name: str, said: str, *, place: str, thread: str | None) -> None:
    channel = discord_place(stage, place, thread)
    known = next((each for each in stage.discord.world.commands.get(None, []) if each["name"] == name), None)
    if known is None:
        raise Malformed(f"Discord knows no /{name} here: try /help")
    takes = next((each for each in known.get("options") or [] if each["name"] == OPTION), None)
    if said and takes is None:
        raise Malformed(f"/{name} takes nothing behind it")
    if not said and takes is not None and takes.get("required"):
        raise Malformed(f"/{name} wants something behind it: {takes['description']}")
    stage.discord.slash(channel, stage.discord_places.people[who], name, **({OPTION: said} if said else {}))


def submit(stage: Stage, action: Action) -> Done:
    """{"do": "submit", "as", "form", "values": {key: value}}: send a form; files are lists of their ids."""
    who, values = person_in(action), action.get("values")
    if not isinstance(values, dict):
        raise Malformed("values must be an object")
    platform, known = _named(action)
    try:
        if platform == "slack":
            _submit_slack(stage, who, known, values)
        else:
            _submit_discord(stage, who, known, values)
    except ValueError as error:
        raise Malformed(f"the form can't be sent: {error}") from None
    return {}


def _named(action: Action) -> tuple[str, str]:
    kind, platform, known = (*text_in(action, "form").split("/"), "", "")[:3]
    if kind != "form" or platform not in ("slack", "discord"):
        raise Malformed("this form is gone")
    return platform, known


def _submit_slack(stage: Stage, who: str, known: str, values: dict[str, Any]) -> None:
    opened = forms.slack_form(stage, known)
    if opened is None or opened.user != stage.slack_places.people[who].id:
        raise Malformed("this form is gone")
    fields = forms.slack_fields(opened.body)
    given = _given(list(fields), values, lambda ids: uploads(stage, ids))
    stage.slack.submit(opened, given)


def _submit_discord(stage: Stage, who: str, known: str, values: dict[str, Any]) -> None:
    opened = forms.discord_form(stage, known)
    if opened is None or opened.user is not stage.discord_places.people[who]:
        raise Malformed("this form is gone")
    fields = list(forms.discord_fields(opened.modal or {}))
    given = _given(fields, values, lambda ids: attachments(stage, ids))
    lists = {each["key"] for each in fields if each["kind"] == "select"} & _selects(opened.modal or {})
    given |= {key: [given[key]] if given[key] else [] for key in lists & given.keys()}
    stage.discord.submit(opened, given)
    stage.closed_forms.add(opened.id)


def _selects(modal: dict[str, Any]) -> set[str]:
    """The fields whose one choice is told as a list."""
    inner = [each.get("component") or {} for each in modal.get("components") or []]
    return {each["custom_id"] for each in inner if each.get("type") == forms.SELECT}


def _given(fields: list[forms.Field], values: dict[str, Any], files: Any) -> dict[str, Any]:
    known = {each["key"]: each for each in fields if each["kind"] != "note"}
    unknown = set(values) - set(known)
    if unknown:
        raise ValueError(f"there is no field {min(unknown)!r}")
    found = {}
    for key, value in values.items():
        try:
            found[key] = forms.entered(known[key], value, files)
        except ValueError as error:
            raise ValueError(f"“{known[key]['label']}” {error}") from None
    return found


def close(stage: Stage, action: Action) -> Done:
    """{"do": "close", "as", "form"}: close a form without sending it."""
    who = person_in(action)
    platform, known = _named(action)
    view = forms.slack_form(stage, known) if platform == "slack" else None
    opened = forms.discord_form(stage, known) if platform == "discord" else None
    if view is not None and view.user == stage.slack_places.people[who].id:
        stage.slack.close(view)
    elif opened is not None and opened.user is stage.discord_places.people[who]:
        stage.closed_forms.add(opened.id)
    else:
        raise Malformed("this form is gone")
    return {}


def look(stage: Stage, action: Action) -> Done:
    """{"do": "open", "as"}: open the direct messages in Slack, which the app is told."""
    stage.slack.open_home(stage.slack_places.people[person_in(action)], "messages")
    return {}
