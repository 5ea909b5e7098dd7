"""The configuration's sections that belong to the core; each platform brings its own."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from core.dify.apps import Mode

Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Section(BaseModel):
    """A section refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DifySettings(Section):
    """Where Dify is, and how much of it may be used at once."""

    base_url: str = Field("https://api.dify.ai/v1", pattern=r"^https?://")
    max_streams: int = Field(8, ge=0)
    max_runs: int = Field(4, ge=0)


class AppSettings(Section):
    """One Dify app."""

    api_key: SecretStr
    base_url: str | None = Field(None, pattern=r"^https?://")
    mode: Mode | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    prefix_speaker: Literal["never", "shared"] = "never"


class StoreSettings(Section):
    """Where the state is kept."""

    url: str = Field("sqlite:///parley.db", pattern=r"^sqlite:///.+")


class ServerSettings(Section):
    """Our own endpoints, and how long a shutdown may take."""

    listen: str = Field("127.0.0.1:8080", pattern=r"^.+:\d+$")
    metrics_listen: str | None = Field(None, pattern=r"^.+:\d+$")
    grace: float = Field(25, ge=0)


class FeedbackSettings(Section):
    """What reactions mean; emoji by name or as the character itself."""

    like: list[Name] = ["+1", "heart", "tada", "white_check_mark"]
    dislike: list[Name] = ["-1", "x", "confused"]
    stop: list[Name] = ["octagonal_sign"]
