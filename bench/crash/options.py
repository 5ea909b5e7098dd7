"""What a crash test is told: how many turns, kills, conversations, and where the store is."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SETUPS = {"sqlite": 1, "postgres-2": 2, "postgres-3": 3}  # name → processes
GRACE_SECONDS = 5.0  # the setting `server.grace`: longer than an answer takes, not than a recovery
SERVER = "postgresql://root@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Options:
    """One run. Times in seconds."""

    setups: tuple[str, ...] = tuple(SETUPS)
    turns: int = 110
    kills: int = 30
    conversations: int = 12  # at once
    redelivered: float = 0.35  # share of the questions whose event is delivered again
    seed: int = 1
    postgres: str = SERVER  # a database of this server from which others can be made
    logs: Path | None = None  # where the bots' logs go; None: a new temporary folder
    settle: float = 120.0  # at most, after the last kill
    forgetful: bool = False  # a negative control: every process begins with an empty store (SQLite only)


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line."""
    given = _parser().parse_args(arguments)
    return Options(
        setups=tuple(given.setup or SETUPS),
        turns=given.turns,
        kills=given.kills,
        conversations=given.conversations,
        redelivered=given.redelivered,
        seed=given.seed,
        postgres=given.postgres,
        logs=given.logs,
        settle=given.settle,
        forgetful=given.forgetful,
    )


def _parser() -> argparse.ArgumentParser:
    plain = Options()
    parser = argparse.ArgumentParser(
        prog="crash", description="Kill the bot again and again, and see whether anything is lost."
    )
    parser.add_argument("--setup", action="append", choices=SETUPS, help="may be repeated; default: all")
    parser.add_argument("--turns", type=int, default=plain.turns, help="questions per set-up, at least")
    parser.add_argument("--kills", type=int, default=plain.kills, help="kills per set-up")
    parser.add_argument("--conversations", type=int, default=plain.conversations, help="at the same time")
    parser.add_argument("--redelivered", type=float, default=plain.redelivered, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=plain.seed)
    server = os.environ.get("PARLEY_TEST_POSTGRES", plain.postgres)
    parser.add_argument(
        "--postgres", default=server, metavar="URL", help="a server where databases can be made"
    )
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the bots' logs here")
    parser.add_argument("--settle", type=float, default=plain.settle, metavar="SECONDS")
    parser.add_argument(
        "--forgetful", action="store_true", help="empty the store at every start: has to fail"
    )
    return parser
