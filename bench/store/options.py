"""How large the store's benchmark is, and which of its parts run."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass

PARTS = ("price", "acks", "burst", "large")
SERVER = "postgresql://root@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Options:
    """One run. Times in seconds."""

    parts: tuple[str, ...] = PARTS
    stores: tuple[str, ...] = ("sqlite", "postgres")
    postgres: str = SERVER  # a database of this server from which others can be made
    rounds: int = 6  # of each thing that is compared, in turns with its reference
    turns: int = 100  # per round, one after the other
    together: int = 40  # answers at once
    answer: float = 5.0  # how long each of those takes
    rate: float = 200.0  # messages per second
    load: float = 15.0  # for so long
    burst: int = 200
    conversations: int = 1_000_000  # of the large store
    per_conversation: int = 5


SMALL = {"rounds": 4, "load": 8.0, "conversations": 100_000}
_POSTGRES_MOST = 100_000  # conversations of PostgreSQL's large store: it is there to compare, not to fill


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line."""
    given = vars(_parser().parse_args(arguments))
    chosen = {name: value for name, value in given.items() if value is not None and name != "small"}
    chosen |= {name: tuple(chosen[name]) for name in ("parts", "stores") if name in chosen}
    server = os.environ.get("PARLEY_TEST_POSTGRES", SERVER)
    return Options(**{"postgres": server, **(SMALL if given["small"] else {}), **chosen})


def large(options: Options, kind: str) -> int:
    """How many conversations the large store of this kind has."""
    return options.conversations if kind == "sqlite" else min(options.conversations, _POSTGRES_MOST)


def _parser() -> argparse.ArgumentParser:
    plain = Options()
    parser = argparse.ArgumentParser(prog="parley bench store", description="What keeping everything costs.")
    parser.add_argument("--part", action="append", dest="parts", choices=PARTS, help="default: all")
    parser.add_argument("--store", action="append", dest="stores", choices=plain.stores, help="default: both")
    parser.add_argument("--small", action="store_true", help="shorter, and a large store of a tenth")
    parser.add_argument("--postgres", metavar="URL", help="a server where databases can be made")
    for name, unit in (
        ("rounds", "N"),
        ("turns", "N"),
        ("together", "N"),
        ("burst", "N"),
        ("conversations", "N"),
    ):
        parser.add_argument(f"--{name}", type=int, metavar=unit, help=f"default: {getattr(plain, name):,}")
    for name in ("answer", "rate", "load"):
        parser.add_argument(f"--{name}", type=float, metavar="N", help=f"default: {getattr(plain, name):g}")
    return parser
