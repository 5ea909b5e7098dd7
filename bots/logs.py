"""Logs go to stderr; at the default level they hold no text, key or token of anybody."""

import logging
import sys

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


def set_up(*, verbose: bool, quiet: bool = False) -> None:
    """Log to stderr; `verbose` adds details that may hold what people wrote, `quiet` leaves only trouble."""
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)  # also for loggers that have set a level of their own
    layout = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(handlers=[handler], level=level, format=layout, force=True)
    for name in _CHATTY:  # libraries log bodies and URLs at levels of their own
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.ERROR)
