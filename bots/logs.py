"""Logs go to stderr; at the default level they hold no text, key or token of anybody."""

import logging
import sys

_CHATTY = ("httpx", "httpcore", "aiohttp", "slack_bolt", "slack_sdk", "discord", "alembic", "asyncio")


def set_up(*, verbose: bool, quiet: bool = False) -> None:
    """Log to stderr; `verbose` adds details that may hold what people wrote, `quiet` leaves only trouble."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    for name in _CHATTY:  # libraries log bodies and URLs at levels of their own
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.ERROR)
