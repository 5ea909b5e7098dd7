"""How much the bridge's benchmark asks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

NUMBERS = (1, 20, 200)


@dataclass(frozen=True)
class Options:
    """One run. Times in seconds."""

    conversations: tuple[int, ...] = NUMBERS  # at once, one number after the other
    seconds: float = 60.0  # for so long questions are asked, with each number
    answer: float = 15.0  # how long an answer grows in the mean, silences apart


def parse(arguments: Sequence[str], description: str) -> Options:
    """The options of a command line."""
    plain = Options()
    parser = argparse.ArgumentParser(
        prog="parley bench bridge",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--conversations",
        type=int,
        action="append",
        metavar="N",
        help="how many at once; again for more (default: 1, 20 and 200)",
    )
    parser.add_argument(
        "--seconds", type=float, default=plain.seconds, metavar="N", help="of asking (default: %(default)g)"
    )
    parser.add_argument(
        "--answer",
        type=float,
        default=plain.answer,
        metavar="N",
        help="seconds of an answer, in the mean (default: %(default)g)",
    )
    given = parser.parse_args(arguments)
    return Options(tuple(given.conversations or NUMBERS), given.seconds, given.answer)
