"""The `discord:` section of the configuration, and what routes can be restricted by."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ROUTE_KEYS = frozenset({"channels", "users", "guilds", "roles"})


class DiscordSettings(BaseModel):
    """How to reach Discord, and how to behave there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(
        min_length=1,
        description="the bot's token: discord.com/developers/applications, your application, Bot",
    )
    api_url: str = Field(
        default="https://discord.com/api/v10",
        pattern=r"^https?://",
        description="another server that speaks Discord's REST API, version 10",
    )
    gateway_url: str | None = Field(
        default=None,
        pattern=r"^wss?://",
        description="the gateway's address; without it, it is asked at {api_url}/gateway/bot",
    )
    reply_in: Literal["thread", "reply"] = Field(
        default="thread",
        description="thread: a mention in a channel opens a thread on that message | "
        "reply: the answer is a reply in the channel, and replies to it go on",
    )
    calls_per_second: int = Field(
        default=50,
        ge=5,
        description="of all kinds together; Discord allows a large bot more than 50 where its owner asks",
    )
    catch_up_minutes: int = Field(
        default=10,
        ge=0,
        le=1440,
        description="after an absence, messages that were sent meanwhile are answered unless they are older; "
        "0: they are not",
    )
