"""Logs go to stderr; at the default level they hold no text, key or token of anybody."""

import logging
import sys
import threading
from types import TracebackType

_CHATTY = (
    "httpx",
    "httpcore",
    "aiohttp",
    "slack_bolt",
    "slack_sdk",
    "discord",
    "alembic",
    "asyncio",
    "procrastinate",
    "psycopg",
)
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up(*, verbose: bool, quiet: bool = False, level: str = "info", structured: bool = False) -> None:
    """Log to stderr, in place of what was set up before.

    `verbose` (as level "debug") adds details that may hold what people wrote, `quiet` leaves only trouble;
    else `level` ("info", "warning", "error") counts. `structured`: JSON, one object per line.
    """
    least = logging.getLevelNamesMapping()[("debug" if verbose else "warning" if quiet else level).upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(least)  # also for loggers that have set a level of their own
    handler.setFormatter(_json_lines() if structured else logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=least, force=True)
    for name in _CHATTY:  # libraries log bodies and URLs at levels of their own
        logging.getLogger(name).setLevel(logging.INFO if least == logging.DEBUG else logging.ERROR)
    logging.captureWarnings(structured)  # who reads JSON reads nothing else
    sys.excepthook = _crashed if structured else sys.__excepthook__
    threading.excepthook = _thread_crashed if structured else threading.__excepthook__
    sys.unraisablehook = _unraised if structured else sys.__unraisablehook__


def _json_lines() -> logging.Formatter:
    from bots.json_lines import JsonLines  # noqa: PLC0415 (loads a library that nobody else needs)

    return JsonLines()


def _thread_crashed(what: threading.ExceptHookArgs) -> None:
    logging.getLogger("bots").critical("a mistake ended a thread", exc_info=what.exc_value)


def _unraised(what: "sys.UnraisableHookArgs") -> None:
    logging.getLogger("bots").error("a mistake that nobody could be told of", exc_info=what.exc_value)


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bots").critical("a mistake of ours ended the command", exc_info=(kind, error, trace))
