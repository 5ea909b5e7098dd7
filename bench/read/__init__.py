"""What one event of Dify's stream costs us: long answers, one after the other, as fast as they come.

Ours is the product's way from the socket to the folded answer. The yardstick is a bare protocol with orjson.
"""

import argparse
import gc
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from statistics import median

from bench.report import Figure, Goal, Measured, Report
from bench.store.remote import parted
from bench.streams import raw, script
from bench.streams.clients import TRANSPORTS, client_of
from bench.streams.processes import servers
from core.answer import Answer, Outcome
from core.dify.client import DifyClient, Question

CPU = "CPU per event"
GOALS = [Goal(CPU, 3.5, of="ratio")]
MISSING = "orjson, the yardstick's parser, is not installed: requirements/dev.txt has it"

_AS_LONG = 3  # times as many answers, so that a round of it is not over in a moment

Read = Callable[[], Awaitable[tuple[int, str]]]


async def run(arguments: Sequence[str] = ()) -> Report:
    """Read by turns, ours and the yardstick's."""
    options = _parser().parse_args(arguments)
    if find_spec("orjson") is None:
        return Measured([], GOALS, [MISSING])
    with parted() as cpu:
        async with servers(cpu) as addresses:
            return await _measure(addresses["dify"], options)


async def _measure(url: str, options: argparse.Namespace) -> Measured:
    query = {"events": options.events, "rate": 0}
    loads = import_module("orjson").loads
    async with client_of(url, options.transport) as client:
        ways: dict[str, Read] = {
            "ours": lambda: _ours(client, query),
            "yardstick": lambda: raw.read(url, query, loads),
        }
        spent = await _by_turns(ways, options)
    mine = spent["ours"]
    figure = Figure(CPU, median(mine), "us", median(spent["yardstick"]), (min(mine), max(mine)))
    return Measured([figure], GOALS)


async def _by_turns(ways: dict[str, Read], options: argparse.Namespace) -> dict[str, list[float]]:
    """Microseconds of CPU per event, of each round; a first one only warms up."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(1 + options.rounds):
        for name, read in ways.items():
            spent[name].append(await _round(name, read, options))
    return {name: values[1:] for name, values in spent.items()}


async def _round(name: str, read: Read, options: argparse.Namespace) -> float:
    expected = (options.events + 1, script.text(options.events))
    gc.collect()
    began = time.process_time()
    answers = options.answers * (_AS_LONG if name == "yardstick" else 1)
    for _ in range(answers):
        read_so = await read()
        assert read_so == expected, f"{name}: {read_so[0]} events, or their text, are not what was sent"
    events: int = answers * expected[0]
    return 1e6 * (time.process_time() - began) / events


async def _ours(client: DifyClient, query: dict[str, float]) -> tuple[int, str]:
    """As core.asking reads, without anybody to show it to."""
    answer, count = Answer(), 0
    async with client.ask(Question(json.dumps(query), "bench"), run=False) as events:
        async for event in events:
            answer.take(event)
            count += 1
    assert answer.outcome is Outcome.COMPLETE
    return count, answer.text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley bench read", description=__doc__)
    parser.add_argument("--events", type=int, default=3000, help="of an answer (default: %(default)s)")
    parser.add_argument("--answers", type=int, default=7, help="per round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=40, help="of each of the two (default: %(default)s)")
    parser.add_argument("--transport", choices=TRANSPORTS, default="ours", help="under httpx, to compare")
    return parser
