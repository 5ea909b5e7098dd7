"""The conversation of `parley demo --script`: played on both platforms, told in the terminal, verified."""

import asyncio
import textwrap
from collections.abc import Callable
from typing import TextIO

from simulators.slack import Message as SlackMessage
from simulators.stage import Stage
from simulators.stage_ratings import Ratings

LONGEST = 60.0  # seconds that one answer may take
QUIET = 5.0  # seconds without a change after which a real Dify's answer counts as whole
STEP = 90  # characters between two printed states of a growing answer
TAIL = 56  # characters printed of such a state
QUESTION, FOLLOW_UP = "How do I reset my password?", "And what if no mail arrives?"
PRIVATE = "How does a refund work?"

Text = Callable[[], str]


async def play(stage: Stage, out: TextIO) -> None:
    """Play it against the bot that runs on this stage; returns once everything was seen.

    Raises TimeoutError, with a sentence, where something did not happen.
    """
    await stage.ready()
    asked = await _slack_mention(stage, out)
    await _slack_follow_up(stage, out, asked)
    await _discord_direct(stage, out)
    rated = await _rate(stage, out, asked)
    _print(out, f"Done: asked, remembered{' and rated' if rated else ''}, on Slack and Discord.")


async def _slack_mention(stage: Stage, out: TextIO) -> SlackMessage:
    slack, where = stage.slack, stage.slack_places
    asked = slack.post(where.channel, where.people["alice"], f"{slack.mention} {QUESTION}")
    _print(out, f"Slack, #{where.channel.name}", f"  Alice: @Parley {QUESTION}")
    await _answer(stage, out, _in_thread(stage, asked.ts, asked.ts), 1)
    return asked


async def _slack_follow_up(stage: Stage, out: TextIO, asked: SlackMessage) -> None:
    where = stage.slack_places
    said = stage.slack.post(where.channel, where.people["bob"], FOLLOW_UP, thread_ts=asked.ts)
    _print(out, "Slack, in the thread, without a mention", f"  Bob: {FOLLOW_UP}")
    await _answer(stage, out, _in_thread(stage, asked.ts, said.ts), 2)
    if stage.dify is not None and stage.dify.runs[1].turn != 2:
        raise TimeoutError("the follow-up did not reach the same conversation at Dify")


async def _discord_direct(stage: Stage, out: TextIO) -> None:
    where = stage.discord_places
    dm = where.dms["alice"]
    said = stage.discord.post(dm, where.people["alice"], PRIVATE)
    _print(out, "Discord, direct message", f"  Alice: {PRIVATE}")

    def text() -> str:
        mine = [m for m in dm.messages.values() if m.author is stage.discord.bot and m.id > said.id]
        return "\n".join(message.content for message in mine)

    await _answer(stage, out, text, 3)


async def _rate(stage: Stage, out: TextIO, asked: SlackMessage) -> bool:
    """React to the first answer; False where it can't be seen what became of it."""
    if stage.dify is None:
        return await _rate_at_real_dify(stage, out, asked)
    _react(stage, out, asked)
    rated = stage.dify.runs[0].message
    await _until(stage, lambda: rated and rated.feedback, "the rating did not arrive at Dify")
    if not rated or not rated.feedback or rated.feedback["rating"] != "like":
        raise TimeoutError("another rating than the one given arrived at Dify")
    _print(out, f"  Dify: the answer to “{rated.query}” has the rating “like”", "")
    return True


async def _rate_at_real_dify(stage: Stage, out: TextIO, asked: SlackMessage) -> bool:
    ratings = Ratings(stage.dify_url or "", stage.dify_key)
    before = await ratings.likes()
    if before is None:
        _print(out, "This Dify does not list its ratings (GET /app/feedbacks): no reaction was tried.", "")
        return False
    _react(stage, out, asked)
    try:
        await ratings.another_like(before)
    except TimeoutError:
        raise TimeoutError("the rating did not arrive at Dify") from None
    _print(out, "  Dify: there is a new rating “like”", "")
    return True


def _react(stage: Stage, out: TextIO, asked: SlackMessage) -> None:
    where = stage.slack_places
    thread = stage.slack.world.thread(where.channel, asked.ts)
    answer = next(message for message in thread if message.bot_id)
    stage.slack.react(where.channel, answer.ts, where.people["alice"], "+1")
    _print(out, "Slack, a reaction to the first answer", "  Alice: :+1:")


def _in_thread(stage: Stage, root: str, after: str) -> Text:
    """What the bot's messages in a thread show, those behind `after`."""

    def text() -> str:
        thread = stage.slack.world.thread(stage.slack_places.channel, root)
        return "\n".join(message.shown for message in thread if message.bot_id and message.ts > after)

    return text


async def _answer(stage: Stage, out: TextIO, text: Text, number: int) -> None:
    """Tell an answer as it grows, then all of it."""
    seen, told = "", 0
    async with asyncio.timeout(LONGEST):
        while not _whole(stage, number, seen) and await _goes_on(stage, text, number, seen):
            seen = text()
            if len(seen) >= told + STEP and not _whole(stage, number, seen):
                told = len(seen)
                _print(out, f"  Parley, {told:4} characters so far: …{' '.join(seen.split())[-TAIL:]}")
    if not seen:
        raise TimeoutError("there is no answer")
    _print(out, "  Parley:", textwrap.indent(seen, "    │ ", lambda _line: True), "")


async def _goes_on(stage: Stage, text: Text, number: int, seen: str) -> bool:
    """Wait until the text is another one, or known to be whole; False when nothing happens any more."""
    patience = QUIET if seen and stage.dify is None else LONGEST
    try:
        await stage.wait(lambda: text() != seen or _whole(stage, number, seen), within=patience)
    except TimeoutError:
        return False
    return True


def _whole(stage: Stage, number: int, seen: str) -> bool:
    """Whether all of Dify's answer with this number is shown: that it ends the same way."""
    if stage.dify is None or len(stage.dify.runs) < number or not seen:
        return False
    run = stage.dify.runs[number - 1]
    return (
        run.pieces > 0 and run.ended.is_set() and seen.rstrip().endswith(run.answer.split("\n")[-1].strip())
    )


async def _until(stage: Stage, condition: Callable[[], object], otherwise: str) -> None:
    try:
        await stage.wait(condition, within=LONGEST)
    except TimeoutError:
        raise TimeoutError(otherwise) from None


def _print(out: TextIO, *lines: str) -> None:
    for line in lines:
        print(line, file=out, flush=True)
