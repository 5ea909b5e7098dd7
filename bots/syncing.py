"""`parley discord-sync`: registers the commands at Discord."""

from typing import Any

from bots.platforms import adapter_type
from core.contract import Gone, RateLimited, Refused, Uncertain


class NotRegistered(Exception):  # noqa: N818
    """Discord did not take the commands; the text says why, and what to do."""


async def sync_discord(settings: Any) -> list[str]:
    """Register the commands with these settings (the `discord:` section). Raises NotRegistered."""
    try:
        names: list[str] = await adapter_type("discord").register(settings)
    except (Refused, Gone) as problem:
        raise NotRegistered(str(problem)) from problem
    except RateLimited as limited:
        raise NotRegistered(f"Discord asks to wait: try again in {limited.retry_after:.0f} s") from limited
    except Uncertain as error:
        raise NotRegistered(f"Discord can't be reached: try again later ({error})") from error
    return names
