"""The ways in which a growing text gets onto a platform: its pages' size, and what a draft becomes."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.discord import markdown as discord_markdown
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.settings import DiscordSettings
from adapters.slack import blocks
from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from core.contract import ChatAdapter
from core.messages import Draft, Place
from core.pages import Measure


@dataclass(frozen=True)
class Surface:
    """One of them, as the platform's adapter has it."""

    name: str
    page_length: int
    measure: Measure
    render: Callable[[Draft], object]


def all_surfaces() -> list[Surface]:
    """All that there are. The adapters are made, not run."""
    slack = SlackAdapter(SlackSettings.model_validate({"bot_token": "xoxb-bench", "app_token": "xapp-bench"}))
    discord = DiscordAdapter(DiscordSettings.model_validate({"token": "bench"}))
    return [
        _surface("Slack, edited", slack, Place("slack", "T1", "C1", "1.1"), blocks.content),
        _surface("Slack, streamed", slack, Place("slack", "T1", "D1", "1.1", direct=True), blocks.streamed),
        _surface("Discord", discord, Place("discord", "", "1"), discord_markdown.render),
    ]


def _surface(name: str, adapter: ChatAdapter, place: Place, render: Callable[[Draft], object]) -> Surface:
    return Surface(name, adapter.limits(place).page_length, adapter.measure, render)
