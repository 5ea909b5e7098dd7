"""The furniture of the demo's small world: people, two channels and direct messages on each platform."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulators.discord import Channel as DiscordChannel
from simulators.discord import DiscordSimulator
from simulators.discord import User as DiscordUser
from simulators.slack import Channel as SlackChannel
from simulators.slack import SlackSimulator
from simulators.slack import User as SlackUser

PEOPLE = ("alice", "bob")


@dataclass(frozen=True)
class SlackPlaces:
    """The furniture of the simulated Slack; people and direct messages by name."""

    channel: SlackChannel
    requests: SlackChannel  # where the second app answers
    people: Mapping[str, SlackUser]
    dms: Mapping[str, SlackChannel]


@dataclass(frozen=True)
class DiscordPlaces:
    """The furniture of the simulated Discord; people and direct messages by name."""

    channel: DiscordChannel
    requests: DiscordChannel  # where the second app answers
    people: Mapping[str, DiscordUser]
    dms: Mapping[str, DiscordChannel]


def furnish_slack(slack: SlackSimulator) -> SlackPlaces:
    """Put it into a Slack."""
    slack.world.team_name, slack.world.team_domain = "Acme", "acme"
    people = {name: slack.add_user(name) for name in PEOPLE}
    channel = slack.add_channel("support", *people.values())
    requests = slack.add_channel("requests", *people.values())
    return SlackPlaces(channel, requests, people, {name: slack.dm(user) for name, user in people.items()})


def furnish_discord(discord: DiscordSimulator) -> DiscordPlaces:
    """Put it into a Discord."""
    people = {name: discord.add_user(name) for name in PEOPLE}
    guild = discord.add_guild("Acme community", *people.values())
    channel, requests = discord.add_channel(guild, "general"), discord.add_channel(guild, "requests")
    return DiscordPlaces(channel, requests, people, {name: discord.dm(user) for name, user in people.items()})
