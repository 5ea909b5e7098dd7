"""How stale the text on a screen is while an answer grows: our scheduler beside others, in virtual time.

Every policy meets the same answers, the same round trips and limits as strict as they are published. The
yardstick is an offline optimum that knows how long the answer will be.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.pace import plot
from bench.pace.figures import GOALS, figures
from bench.pace.limits import alone, crowd, together
from bench.pace.rounds import play
from bench.report import Measured, Report

FIRST_SEED = 9001  # none of these was used when the law was tuned
NUMBERS = (2, 3, 4, 5, 6, 7, 8, 9, 10)


async def run(arguments: Sequence[str]) -> Report:
    """Play all cells. Figures are ratios; smaller is better."""
    parser = _parser()
    options = parser.parse_args(arguments)
    seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
    if options.plot:
        if why := plot.problem(options.plot):
            parser.error(why)
        plot.draw(options.plot, seeds)
    several = range(FIRST_SEED, FIRST_SEED + max(1, options.seeds // 4))
    one, more = play(alone(), seeds), play(together(options.answers or NUMBERS), several)
    return Measured(figures(one, more, play(crowd(), several, ("ours",))), GOALS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley bench pace", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="rounds per cell (default: %(default)s)")
    parser.add_argument(
        "--answers", type=int, action="append", help="how many at once; again for more (default: 2 to 10)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw staleness over time too, a PNG")
    return parser
