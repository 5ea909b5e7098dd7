"""One number of conversations after the other, with the bare reader and with the bot."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.bridge.figures import figures, goals
from bench.bridge.options import Options, parse
from bench.bridge.sides import side
from bench.bridge.trial import Trial
from bench.report import Figure, Goal, Measured
from bench.store.remote import parted


async def run(arguments: Sequence[str], description: str) -> Measured:
    """See the package."""
    options = parse(arguments, description)
    found: list[Figure] = []
    skipped: list[str] = []
    with tempfile.TemporaryDirectory(prefix="parley-bridge-") as folder, parted() as cpu:
        async with (
            side("bench.bridge.dify", cpu) as dify,
            side("bench.bridge.platforms", cpu) as platforms,
            side("bench.bridge.bare") as bare,
        ):
            trial = Trial(dify, platforms, bare, options)
            for conversations in options.conversations:
                measured, remarks = await _measure(trial, conversations, Path(folder), options)
                found += measured
                skipped += remarks
    return Measured(found, _goals(options), skipped)


async def _measure(
    trial: Trial, conversations: int, folder: Path, options: Options
) -> tuple[list[Figure], list[str]]:
    bare = await trial.bare(conversations)
    bot = await trial.bot(conversations, folder)
    unanswered = sum(leg.unanswered for leg in bot.legs)
    remarks = [f"no whole answer within minutes, {unanswered} times"] if unanswered else []
    return figures(conversations, bot, bare, options.answer), remarks + list(bot.faults)


def _goals(options: Options) -> list[Goal]:
    return [goal for conversations in options.conversations for goal in goals(conversations)]
