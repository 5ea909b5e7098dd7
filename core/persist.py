"""Making a platform call until it is done: wait as told, repeat what is uncertain, give up after long."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.contract import Gone, RateLimited, Uncertain
from core.errors import Superseded

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 30.0
PUT_OFF_SECONDS = 600.0  # a platform that says "later" for so long will not take the call
ATTEMPTS = 20  # of one and the same call, about eight minutes: then the platform is down for good


async def persist(call: Callable[[], Awaitable[T]], clock: Callable[[], float], what: str) -> T:
    """The call's result. A rate limit must have been waited for inside the call. Raises Gone, Superseded."""
    pause = FIRST_RETRY_SECONDS
    failures = 0
    until = clock() + PUT_OFF_SECONDS
    while failures < ATTEMPTS:
        try:
            return await call()
        except RateLimited:
            if clock() > until:
                break
            continue  # nothing was done, and the lane waits as told
        except Uncertain:
            log.warning("a platform call has no certain outcome; repeating it (%s)", what)
        except (Gone, Superseded):
            raise
        except Exception as error:
            log.error("a platform call failed: %s (%s)", type(error).__name__, what)  # noqa: TRY400
            log.debug("details", exc_info=True)
        failures += 1
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_RETRY_SECONDS)
    raise Gone("the platform did not take our message for minutes")
