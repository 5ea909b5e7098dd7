"""The configuration's sections that belong to the core; each platform brings its own."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from core.dify.apps import Mode


def _sendable(key: SecretStr) -> SecretStr:
    value = key.get_secret_value().strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be a key such as app-…, as Dify shows it under API Access")
    return SecretStr(value)


def _address(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
    return listen


def _store_url(url: str) -> str:
    if re.match(r"sqlite:///.+", url) or re.match(r"postgres(ql)?://.", url):
        return url
    raise ValueError(
        "must be sqlite:///FILE (one process) or postgresql://USER:PASSWORD@HOST/DATABASE (several)"
    )


MAX_PORT = 65535
ApiKey = Annotated[SecretStr, AfterValidator(_sendable)]
Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Section(BaseModel):
    """A section refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DifySettings(Section):
    """Where Dify is, and how much of it may be used at once."""

    base_url: str = Field("https://api.dify.ai/v1", pattern=r"^https?://")
    max_streams: int = Field(8, ge=0)
    max_runs: int = Field(4, ge=0)


class Show(Section):
    """What is seen under an app's answers."""

    citations: bool = True
    usage: bool = False


class AppSettings(Section):
    """One Dify app."""

    api_key: ApiKey
    base_url: str | None = Field(None, pattern=r"^https?://")
    mode: Mode | None = None
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    prefix_speaker: Literal["never", "shared"] = "never"
    show: Show = Show()


class StoreSettings(Section):
    """Where the state is kept."""

    url: Annotated[str, AfterValidator(_store_url)] = "sqlite:///parley.db"
    keep_days: int = Field(90, ge=1)


class ConversationSettings(Section):
    """How long a conversation remembers."""

    idle_days: int | None = Field(None, ge=1)


class ServerSettings(Section):
    """Our own endpoints, and how long a shutdown may take."""

    listen: Address = "127.0.0.1:8080"
    metrics_listen: Address | None = None
    grace: float = Field(25, ge=0)


class FeedbackSettings(Section):
    """What reactions mean; emoji by name or as the character itself."""

    like: list[Name] = ["+1", "heart", "tada", "white_check_mark"]
    dislike: list[Name] = ["-1", "x", "confused"]
    stop: list[Name] = ["octagonal_sign"]
