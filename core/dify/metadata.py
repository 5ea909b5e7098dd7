"""What an answer comes with beside its text: usage, sources, files, and the tools that were used. Pure.

Source: Dify Service API, `metadata` of message_end and of blocking replies, rows of GET /messages; 0.15-1.16.
"""

from typing import Annotated

from pydantic import Field

from core.dify.rows import OBJECTS, Object, Row, Seconds


class Usage(Row):
    """Tokens and prices of one answer. Prices are decimal strings; `latency` is in seconds."""

    prompt_tokens: int = 0
    prompt_price: str = ""
    completion_tokens: int = 0
    completion_price: str = ""
    total_tokens: int = 0
    total_price: str = ""
    currency: str = ""
    latency: float | None = None
    time_to_first_token: float | None = None  # seconds; 1.x
    time_to_generate: float | None = None


class Source(Row):
    """One piece of knowledge that the answer rests on (`retriever_resources`). Any field may be missing."""

    position: int | None = None
    dataset_id: str = ""
    dataset_name: str = ""
    document_id: str = ""
    document_name: str = ""
    data_source_type: str = ""
    segment_id: str = ""
    segment_position: int | None = None
    score: float | None = None
    hit_count: int | None = None
    word_count: int | None = None
    content: str = ""
    title: str = ""  # of results from the web
    page: int | None = None
    doc_metadata: Object = Field(default_factory=dict)


class Metadata(Row):
    """`metadata` of an answer."""

    usage: Usage = Field(default_factory=Usage)
    retriever_resources: Annotated[tuple[Source, ...], OBJECTS] = ()
    annotation_reply: Object = Field(
        default_factory=dict
    )  # {id, account} where an annotation was the answer; {} otherwise
    reasoning: Object = Field(
        default_factory=dict
    )  # node id -> text (1.15+); thinking is not shown by default


class AppFile(Row):
    """A file of a message or of a run's outputs. Its `url` is signed, may be relative, and lives minutes.

    `belongs_to`: "user" for what was sent in, "assistant" for what the app made, None where Dify is silent.
    """

    id: str = ""
    filename: str = ""
    name: str = ""
    type: str = ""  # image, document, audio, video, custom
    url: str = ""
    remote_url: str = ""
    mime_type: str = ""
    size: int | None = None  # bytes
    extension: str = ""
    transfer_method: str = ""
    belongs_to: str | None = None

    @property
    def is_made(self) -> bool:
        """Whether the app made it, rather than the asker; what was sent in is no `tool_file`."""
        if self.belongs_to is None:
            return self.transfer_method not in {"local_file", "remote_url"}
        return self.belongs_to != "user"


class Thought(Row):
    """A step of an agent as Dify kept it (`agent_thoughts`). For the chat are its tools and files only."""

    id: str = ""
    position: int | None = None
    thought: str = ""
    tool: str = ""  # names, parted by ";"
    tool_labels: Object = Field(default_factory=dict)
    tool_input: str = ""
    observation: str = ""
    files: Annotated[tuple[AppFile, ...], OBJECTS] = ()  # 1.x
    message_files: Annotated[tuple[AppFile, ...], OBJECTS] = ()  # 0.15
    created_at: Seconds = 0.0
