"""What discord.py raises, in the words of the seam."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp

from adapters.discord.library import discord
from core.contract import Gone, RateLimited, Uncertain

log = logging.getLogger(__name__)

SECONDS = 30.0  # a call that takes longer is as good as lost
OLD_EDIT_PAUSE = 30.0  # edits of messages older than an hour have a small budget of their own

# Discord: topics/opcodes-and-status-codes#json-json-error-codes
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
CHANNEL_WRITE_LIMIT = 20028
SLOWMODE = 20016
OLD_EDIT_LIMIT = 30046
THREAD_ARCHIVED = 50083
NO_HISTORY = 160002
THREAD_EXISTS = 160004
_GONE = {
    UNKNOWN_CHANNEL: "the channel was deleted",
    10004: "the server was deleted or removed us",
    UNKNOWN_MESSAGE: "the message was deleted",
    50001: "no access to the channel",
    50007: "the person takes no direct messages",
    50013: "a permission is missing",
    THREAD_ARCHIVED: "the thread is archived",
    160005: "the thread is locked",
    200000: "blocked by automatic moderation",
    240000: "blocked as a harmful link",
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn everything that a REST call can end with into RateLimited, Gone or Uncertain."""
    try:
        yield
    except discord.RateLimited as error:
        raise RateLimited(error.retry_after) from error
    except discord.HTTPException as error:
        raise _answered(error) from error
    except (TimeoutError, aiohttp.ClientError, OSError, RuntimeError) as error:
        # RuntimeError: aiohttp's word for a session that was closed, when a new client took over
        raise Uncertain(type(error).__name__) from error


def _answered(error: discord.HTTPException) -> Exception:
    if error.code == OLD_EDIT_LIMIT:
        return RateLimited(OLD_EDIT_PAUSE)
    if error.status == 429 or error.code in (SLOWMODE, CHANNEL_WRITE_LIMIT):
        return RateLimited(retry_after(error.response.headers))
    if error.status >= 500:
        return Uncertain(f"status {error.status}")
    if error.code not in _GONE:
        log.error("discord: refused a call with status %d, code %d", error.status, error.code)
    return Gone(_GONE.get(error.code) or f"refused ({error.code or error.status})")


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that Discord wants to be left alone, as a 429 says."""
    told = headers.get("Retry-After", "")
    return float(told) if told.replace(".", "", 1).isdigit() else OLD_EDIT_PAUSE
