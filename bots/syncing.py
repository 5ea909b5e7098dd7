"""`parley discord-sync`: registers the commands at Discord."""

from typing import Any

from bots.platforms import adapter_type


async def sync_discord(settings: Any) -> list[str]:
    """Register the commands with these settings (the `discord:` section); their names.

    Raises core.contract.Refused for a wrong token, RateLimited, Gone, Uncertain.
    """
    names: list[str] = await adapter_type("discord").register(settings)
    return names
