"""The `slack:` section of the configuration; imports no Slack library."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

ROUTE_KEYS = frozenset({"channels", "users", "teams"})  # what a route may restrict: IncomingMessage.facts

_BOT_HINT = (
    "put the Bot User OAuth Token here: it starts with xoxb- and is shown at api.slack.com/apps → "
    "your app → OAuth & Permissions, once the app is installed"
)
_APP_HINT = (
    "put an App-Level Token with the scope connections:write here: it starts with xapp- and is made at "
    "api.slack.com/apps → your app → Basic Information → App-Level Tokens"
)


class SlackSettings(BaseModel):
    """One Slack app, connected by Socket Mode."""

    # Errors must not repeat what was typed: it may be a secret in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_token: SecretStr = Field(description="Bot User OAuth Token (xoxb-…), from OAuth & Permissions.")
    app_token: SecretStr = Field(
        description="App-Level Token (xapp-…) with the scope connections:write, for Socket Mode."
    )
    api_url: str = Field(
        default="https://slack.com/api/",
        description="Where the Web API is; another server that speaks Slack's API can stand here.",
    )
    dm_scope: Literal["thread", "channel"] = Field(
        default="thread",
        description="thread: each top-level direct message opens a thread and a conversation; "
        "channel: the direct messages with a person are one conversation, answered at top level.",
    )
    channel_stream: Literal["edit", "native"] = Field(
        default="edit",
        description="How an answer grows in channels. edit: everybody sees it grow; "
        "native: smoother, but only for who asked.",
    )
    follow_threads: Literal["auto", "mention", "off"] = Field(
        default="auto",
        description="Messages inside channel threads. auto: a thread we are in needs no mention; "
        "mention: each needs one; off: none is taken up.",
    )

    command: str = Field(
        default="parley",
        description="The slash command without its slash, as it is named at api.slack.com/apps → your app → "
        "Slash Commands: lower case letters, digits, - and _.",
    )

    @field_validator("bot_token")
    @classmethod
    def _is_bot_token(cls, token: SecretStr) -> SecretStr:
        return _checked(token, "xoxb-", _BOT_HINT)

    @field_validator("app_token")
    @classmethod
    def _is_app_token(cls, token: SecretStr) -> SecretStr:
        return _checked(token, "xapp-", _APP_HINT)

    @field_validator("command")
    @classmethod
    def _is_command(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9_-]{1,31}", name):
            raise ValueError(
                "put the slash command here, without the slash: lower case letters, digits, - and _"
            )
        return name

    @field_validator("api_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("put a URL like https://slack.com/api/ here")
        return url if url.endswith("/") else url + "/"


def _checked(token: SecretStr, prefix: str, hint: str) -> SecretStr:
    value = token.get_secret_value().strip()
    if not value:
        raise ValueError(f"is empty; {hint}")
    if not value.startswith(prefix):
        raise ValueError(f"does not start with {prefix}; {hint}")
    return SecretStr(value)
