"""The simulated Slack as the page shows it: a flat dict of JSON values by key."""

import html
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from simulators.page.emoji import character
from simulators.page.files import is_image
from simulators.page.ledger import Ledger
from simulators.page.pulse import Pulse
from simulators.slack import Channel, Message, SlackSimulator
from simulators.slack import blocks as block_kit
from simulators.stage_places import SlackPlaces

LATEST = 200  # messages shown of each place
TEXTS = {"markdown": "markdown", "section": "mrkdwn", "context": "notice", "header": "plain"}
_USER = re.compile(r"<@([UW][A-Z0-9]+)>")

Part = dict[str, str]


def places(where: SlackPlaces) -> dict[str, Channel]:
    """The places that the page shows, by the names that it uses."""
    dms = {f"slack/dm/{name}": channel for name, channel in where.dms.items()}
    return {"slack/channel": where.channel, "slack/requests": where.requests, **dms}


def view(slack: SlackSimulator, where: SlackPlaces, ledger: Ledger, pulse: Pulse) -> dict[str, Any]:
    """Messages, status lines, and the questions that are proposed to begin with."""
    names = {user.id: name for name, user in where.people.items()}
    shown: dict[str, Any] = {}
    for place, channel in places(where).items():
        everything = slack.world.messages(channel)
        messages = [m for m in everything if m.ephemeral_to is None]
        last = {message.thread_ts or message.ts: message for message in messages if message.bot_id}
        for message in everything[-LATEST:]:
            newest = last.get(message.thread_ts or message.ts) is message
            told = _message(slack, message, ledger) | {"place": place}
            told["whisper"] = names.get(message.ephemeral_to or "", "")
            told["writing"] = newest and (
                message.streaming or pulse.writes(_question(messages, message), message.history[-1].at)
            )
            shown[f"message/slack/{channel.id}/{message.ts}"] = told
        shown |= {f"status/{place}/{thread}": status for thread, status in _statuses(slack, channel)}
        if prompts := slack.world.prompts.get((channel.id, None)):
            shown[f"prompts/{place}"] = [each["message"] for each in prompts]
    return shown


def _message(slack: SlackSimulator, message: Message, ledger: Ledger) -> dict[str, Any]:
    author = slack.world.users.get(message.user)
    in_thread = message.thread_ts not in (None, message.ts)
    public = message.bot_id is not None and message.ephemeral_to is None
    return {
        "platform": "slack",
        "id": message.ts,
        "thread": message.thread_ts if in_thread else "",
        "author": author.real_name if author else message.username or "?",
        "bot": message.bot_id is not None,
        "at": float(message.ts),
        "parts": [part | {"text": _named(slack, part["text"])} for part in parts(message)],
        "buttons": list(_buttons(message)),
        "files": [
            {"id": each.id, "name": each.name, "size": each.size, "image": is_image(each.data)}
            for each in message.files
        ],
        "edited": message.edited is not None and message.stream is None,
        "replies": len([ts for ts in message.replies if _is_reply(slack, message, ts)]),
        "reactions": _reactions(slack, message),
        "cost": asdict(ledger.cost(f"{message.channel}/{message.ts}")) if public else None,
    }


def _is_reply(slack: SlackSimulator, root: Message, ts: str) -> bool:
    reply = slack.world.log[root.channel, ts]
    return not reply.deleted and reply.ephemeral_to is None


def _buttons(message: Message) -> Iterator[dict[str, Any]]:
    for element in message.buttons:
        if element["type"] == "button":
            label, style = element["text"]["text"], element.get("style") or ""
            yield {"id": element["action_id"], "label": label, "style": style, "disabled": False}


def _question(messages: list[Message], answer: Message) -> str:
    """The last that a person said in the answer's thread before it."""
    thread = answer.thread_ts or answer.ts
    asked = (m for m in reversed(messages) if m.ts < answer.ts and thread in (m.ts, m.thread_ts))
    return next((message.text for message in asked if message.bot_id is None), "")


def parts(message: Message) -> list[Part]:
    """What a reader sees, piece by piece, each with the dialect that it is written in."""
    if message.bot_id is None:
        return [{"kind": "plain", "text": html.unescape(message.text)}] if message.text else []
    if message.stream is None and not message.blocks:
        return [{"kind": "mrkdwn", "text": message.text}] if message.text else []
    streamed = [{"kind": "markdown", "text": message.text}] if message.stream and message.text else []
    tasks = [
        {"kind": f"task {task.get('status', '')}", "text": str(task.get("title") or "")}
        for task in message.tasks
    ]
    found = ((block, block_kit.shown([block])) for block in message.blocks)
    blocks = [{"kind": TEXTS.get(block["type"], "plain"), "text": text} for block, text in found if text]
    return [*tasks, *streamed, *blocks]


def _named(slack: SlackSimulator, text: str) -> str:
    def name(found: re.Match[str]) -> str:
        user = slack.world.users.get(found[1])
        return f"@{user.real_name if user else found[1]}"

    return _USER.sub(name, text)


def _reactions(slack: SlackSimulator, message: Message) -> list[dict[str, Any]]:
    return [
        {"emoji": character(name), "by": [slack.world.users[who].name for who in people]}
        for name, people in message.reactions.items()
        if people
    ]


def _statuses(slack: SlackSimulator, channel: Channel) -> Iterator[tuple[str, dict[str, Any]]]:
    """By thread: the line above the input box, and whether Slack shows its Stop button."""
    world = slack.world
    threads = {key[1] for key in (*world.statuses, *world.sessions) if key[0] == channel.id}
    for thread in sorted(threads):
        text = world.statuses.get((channel.id, thread), "")
        session = world.sessions.get((channel.id, thread))
        live = any(message.streaming for message in world.thread(channel, thread))
        stop = live or (session is not None and session.status == "processing")
        if text or stop:
            yield (
                thread,
                {"text": f"{world.users[world.bot_user].real_name} {text}" if text else "", "stop": stop},
            )
