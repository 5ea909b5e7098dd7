"""Asking Slack again and again while it can't be reached."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.slack.api import SlackError
from adapters.slack.doctor import TOKEN_REFUSALS
from core.contract import RateLimited, Refused, Uncertain

log = logging.getLogger(__name__)

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0

_T = TypeVar("_T")


async def until_answered(
    ask: Callable[[], Awaitable[_T]], hint: Callable[[str], str], failing: Callable[[str], None]
) -> _T:
    """Ask until there is an answer; `failing` is told each reason why there is none yet.

    Raises Refused with `hint(code)` where waiting can't help.
    """
    pause = _FIRST_SECONDS
    while True:
        try:
            return await ask()
        except RateLimited as limited:
            reason, wait = str(limited), limited.retry_after
        except Uncertain as error:
            reason, wait = f"can't reach Slack: {error}", pause
        except SlackError as error:
            if error.code in TOKEN_REFUSALS:
                failing(hint(error.code))
                raise Refused(hint(error.code)) from None
            reason, wait = f"Slack refuses {error}", pause
        failing(reason)
        log.warning("%s; trying again in %.1f s", reason, wait)
        await asyncio.sleep(wait + random.uniform(0, wait / 4))  # noqa: S311 (spreads replicas, no secret)
        pause = min(pause * 2, _LONGEST_SECONDS)
