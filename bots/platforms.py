"""The chat platforms that there are. A new one is a folder under adapters/ and a line here."""

from importlib import import_module
from typing import Any

PLATFORMS = {
    "slack": "Slack",
    "discord": "Discord",
}  # name of the folder and the config section → class prefix


def settings_type(platform: str) -> Any:
    """The model of the platform's config section; does not load the platform's library."""
    return getattr(import_module(f"adapters.{platform}.settings"), f"{PLATFORMS[platform]}Settings")


def route_keys(platform: str) -> frozenset[str]:
    """What a route may restrict on the platform."""
    keys: frozenset[str] = import_module(f"adapters.{platform}.settings").ROUTE_KEYS
    return keys


def adapter_type(platform: str) -> Any:
    """The platform's adapter; loads the platform's library."""
    return getattr(import_module(f"adapters.{platform}.adapter"), f"{PLATFORMS[platform]}Adapter")
