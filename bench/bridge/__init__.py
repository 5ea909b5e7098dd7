"""The whole bot over real sockets: 1, 20 and 200 conversations, half at Slack, half at Discord.

The bot is a process as anybody starts it, with a file for its store; Dify is a second process, both platforms
and the people there a third, and the bench gives orders. The platforms keep their limits as strict as they
are published. Answers grow for 10 to 20 s with 20 to 50 pieces per second, and fall silent now and then for
some seconds, as while a tool works. Everybody goes on asking. A single conversation is tried once as
a direct message and once as a channel at Slack, and once at Discord.

What is measured, all from the outside:

Lag: from the moment before Dify writes a piece into its socket to the moment when a platform has taken the
first call that shows it. It counts at the moments at which nothing but the bot is in the way of a piece:
the first piece of an answer, and a piece before which all had been shown for 2 s, longer than any sensible
pace waits while there is budget; and of every bucket that the call counts in at most half was used. (A first
message at Slack will need a last call: no more answers may be in progress than could be ended soon.)
The latter moments only where the bucket is the answer's alone: else the others' plans are part of the wait.
All else waits on purpose at least in part, and is counted as staleness. The lag is of the oldest piece that
the call brings, not of the newest: news that waits inside the bot is not made younger by what comes after.

The reference is a bare reader in the same run: a process that reads the same answers from Dify and posts
them to the same platforms at an even pace, at once at those same moments. It has neither store nor queue nor
platform library, and nobody limits it. It opens no threads at Discord, so the first answers of conversations
there, where the bot makes two calls one after the other, are counted apart.

Staleness: for each piece the time until a call shows it, in the mean, beside the offline optimum, see
bench.bridge.optimum; waiting for budgets is in it. And how long the whole text takes after the last piece.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from bench.report import Report


async def run(arguments: Sequence[str] = ()) -> Report:
    """Measure as a command line asks for it. Raises SystemExit for wrong options, and BotFailed."""
    rounds: Any = import_module("bench.bridge.rounds")  # not for the processes beside, which need none of it
    report: Report = await rounds.run(arguments, __doc__)
    return report
