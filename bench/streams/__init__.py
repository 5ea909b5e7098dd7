"""A thousand answers at once: whether each event is read in time, and what that takes of the process.

Read by the product's client of Dify, folded, and written by the core's replies into Discord messages, each at
the pace that Discord allows. Beside it the same without edits, and a bare protocol with orjson.
"""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from bench.report import Figure, Goal, Measured, Report
from bench.streams.clients import TRANSPORTS
from bench.streams.processes import reading, servers

REFUSED = "streams refused"
BROKEN = "streams with another text"
WRONG = "messages without the whole text"
LIMITED = "edits refused (429)"
LAG = "lag of parsed events, p99"
CPU = "CPU of a core, all streams open"
RSS = "RSS per stream"
GOALS = [
    Goal(REFUSED, 0),
    Goal(BROKEN, 0),
    Goal(WRONG, 0),
    Goal(LIMITED, 0),
    Goal(LAG, 100),
    Goal(CPU, 60),
    Goal(RSS, 40),
]
_COMPARED = (
    ("lag of parsed events, p50", "lag_p50", "ms"),
    (LAG, "lag_p99", "ms"),
    ("lag of parsed events, longest", "lag_most", "ms"),
    (CPU, "cpu", "%"),
    ("CPU per event, with asking and closing", "event_us", "us"),
    (RSS, "kib", "KiB"),
    ("time spent waiting for the core", "waited", "%"),
)
WAYS = ("yardstick", "read", "edit")
MISSING = "orjson, the yardstick's parser, is not installed: requirements/dev.txt has it"
LATE = "{}: never all open at once, we were too late: its CPU is reckoned from that of an event"
_REST = 60.0  # seconds that a run may take beside the streams

Numbers = dict[str, Any]


async def run(arguments: Sequence[str] = ()) -> Report:
    """Each way in a process of its own, with a server of its own."""
    options = vars(_parser().parse_args(arguments))
    if find_spec("orjson") is None:
        return Measured([], GOALS, [MISSING])
    seen = {way: await _read(way, options) for way in WAYS}
    skipped = [] if seen["edit"]["kib"] is not None else ["memory: there is no /proc here"]
    skipped += [LATE.format(way) for way in WAYS if not seen[way]["all_open"]]
    return Measured(_figures(seen), GOALS, skipped)


async def _read(way: str, options: dict[str, Any]) -> Numbers:
    from bench.store.remote import parted  # noqa: PLC0415 - loads what our own processes need not start with

    with parted() as cpu:
        async with servers(cpu) as addresses:
            return await reading({"way": way, **addresses, **options}, 2 * options["seconds"] + _REST)


def _figures(seen: dict[str, Numbers]) -> list[Figure]:
    edit, read, bare = (seen[way] for way in ("edit", "read", "yardstick"))
    told = edit["told"]
    compared = [
        figure
        for name, key, unit in _COMPARED
        if edit[key] is not None
        for figure in (
            Figure(name, edit[key], unit, bare[key], edit.get(f"{key}_spread")),
            Figure(f"{name}, without edits", read[key], unit, bare[key], read.get(f"{key}_spread")),
        )
    ]
    return [
        Figure(REFUSED, edit["refused"] + read["refused"]),
        Figure(BROKEN, edit["broken"] + read["broken"]),
        Figure(WRONG, told["wrong"]),
        Figure(LIMITED, told["refused"]),
        *compared,
        Figure("edits per answer", told["edits"] / max(1, told["posts"])),
        Figure("last event to last whole text", edit["last"], "s"),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley bench streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=1000, help="at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each (default: %(default)g)")
    parser.add_argument("--rate", type=float, default=10.0, help="events per second (default: %(default)g)")
    parser.add_argument("--transport", choices=TRANSPORTS, default="ours", help="under httpx, to compare")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio", help="to compare")
    return parser
