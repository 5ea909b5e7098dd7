"""The configuration's sections that belong to the core; each platform brings its own."""

import re
import uuid
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    StringConstraints,
)

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


def _version_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError(
            "must be the id of a published version, such as 7c9e6679-7425-40de-944b-e07fc1f90ae7: "
            "in Dify, Version History of the workflow, Copy ID"
        ) from None


def _files_base(url: str) -> str:
    url = url.rstrip("/")
    if not re.match(r"https?://[^/?#\s]+[^?#\s]*$", url):
        raise ValueError("must be a URL such as https://files.example.com")
    if url.endswith(("/files", "/v1")):
        raise ValueError(f"must end before /{url.rpartition('/')[2]}: write {url.rpartition('/')[0]}")
    return url


def _deciders(rule: object) -> object:
    if isinstance(rule, dict) or rule in ("asker", "channel", "admins"):
        return rule
    raise ValueError("must be asker, channel or admins, or say who, such as {PLATFORM: {users: [ID]}}")


MAX_PORT = 65535
ApiKey = Annotated[SecretStr, AfterValidator(_sendable)]
Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
VersionId = Annotated[str, AfterValidator(_version_id)]
Deciders = Annotated[str | dict[str, Any], BeforeValidator(_deciders)]  # by platform, as a route has it
FilesBase = Annotated[str, AfterValidator(_files_base)]


class Section(BaseModel):
    """A section refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DifySettings(Section):
    """Where Dify is, and how much of it may be used at once."""

    base_url: str = Field("https://api.dify.ai/v1", pattern=r"^https?://")
    max_streams: int = Field(8, ge=0)
    max_runs: int = Field(4, ge=0)


class Show(Section):
    """What is seen of an app's answers beside their text."""

    steps: bool = True  # the tools and nodes at work
    citations: bool = True
    suggestions: bool = True  # next questions, as buttons
    usage: bool = False
    stop: bool = True  # a button that stops the answer, while it grows
    speech: bool = False  # what the app speaks by itself, as a file


class AppSettings(Section):
    """One Dify app."""

    api_key: ApiKey
    base_url: str | None = Field(None, pattern=r"^https?://")
    mode: Mode | None = None
    response: Literal["streaming", "blocking"] = "streaming"
    workflow_id: VersionId | None = None  # a published version of a workflow or chatflow; None: the latest
    files_base_url: FilesBase | None = None  # where the app's files are, if not where the API is
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    query_input: Name | None = None  # completion and workflow: the variable that a question goes into
    default_query: str = ""  # what is asked with a message of files only; "": a sentence of ours
    file_links: bool = False  # links in a question are passed on as files, for Dify to fetch them
    prefix_speaker: Literal["never", "shared"] = "never"
    auto_name: bool = False  # Dify names new conversations: one more model call each
    read_aloud: bool = False  # a button under answers that has them spoken
    human_input: Deciders = "asker"  # who may decide where a run asks a person
    quota_retries: int = Field(0, ge=0, le=5)  # of a question, while the model provider's quota is used up
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
    annotate: list[Name] = ["pushpin"]  # of admins: the answer becomes an annotation in Dify
    reasons: bool = False  # a button under answers to say what one thinks of them
