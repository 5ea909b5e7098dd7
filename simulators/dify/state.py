"""What a simulated Dify server remembers: apps, conversations, messages, runs and files."""

import asyncio
import secrets
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.dify.script import Fail, Pause, Script, Writer

CHAT_MODES = frozenset({"chat", "agent-chat", "agent", "advanced-chat"})
FLOW_MODES = frozenset({"advanced-chat", "workflow"})
MODES = CHAT_MODES | {"completion", "workflow"}
NO_PARENT = "00000000-0000-0000-0000-000000000000"


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> int:
    """Dify's timestamps are whole seconds."""
    return int(time.time())


@dataclass
class Upload:
    """A file: uploaded by a user, or made by an app (`tool`)."""

    name: str
    mime: str
    data: bytes
    app: str
    user: str
    type: str = "custom"
    tool: bool = False
    belongs_to: str = "user"
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    attached: bool = False

    @property
    def extension(self) -> str:
        """As the recorded servers report it: a name without a dot is its own extension."""
        return self.name.rsplit(".", 1)[-1].lower()


@dataclass
class Message:
    """One turn: a question and its answer."""

    conversation_id: str
    user: str
    query: str
    inputs: dict[str, Any]
    run_id: str
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    answer: str = ""
    status: str = "normal"
    error: str | None = None
    feedback: dict[str, Any] | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    files: list[Upload] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Conversation:
    """A conversation belongs to one app and one user."""

    user: str
    name: str
    inputs: dict[str, Any]
    introduction: str
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)
    touched: float = field(default_factory=time.monotonic)  # orders what happens within one second
    made: float = field(default_factory=time.monotonic)
    messages: list[Message] = field(default_factory=list)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def touch(self) -> None:
        """Count as just updated."""
        self.updated_at, self.touched = now(), time.monotonic()


@dataclass(frozen=True)
class Frame:
    """What listeners of a run get: an event's bytes, or `drop`, `eof`, `end`, `upset` without bytes."""

    event: str
    data: bytes = b""
    pieces: int = 0  # of the answer, up to and with this event


class Channel:
    """Hands every frame of a run to whoever listens at that moment; nothing is kept for later.

    1.13+ notices only as it writes that a client is gone: the first write still goes well, the second fails.
    Closing that stream puts an empty message on this channel, at which the readers of the run's other streams
    fail: an `upset` (measured on 1.16.1, where one waited 1.5 s before listening again to be safe from it).
    """

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Frame]] = set()
        self._writes_left: list[int] = []  # per client that is gone, until that is noticed

    @property
    def unnoticed(self) -> int:
        """Clients that are gone without the server having noticed."""
        return len(self._writes_left)

    def abandon(self) -> None:
        """A client is gone."""
        self._writes_left.append(2)

    def write_to_the_gone(self) -> None:
        """One write more; where it fails, those that listen now are upset."""
        left = [writes - 1 for writes in self._writes_left]
        self._writes_left = [writes for writes in left if writes]
        if 0 in left:
            self.publish(Frame("upset"))

    def listen(self) -> asyncio.Queue[Frame]:
        """A queue of everything published from now on."""
        queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Frame]) -> None:
        self._listeners.discard(queue)

    def publish(self, frame: Frame) -> None:
        for queue in self._listeners:
            queue.put_nowait(frame)
        if frame.data:
            self.write_to_the_gone()


@dataclass
class NodeRun:
    """One executed node of a chatflow or workflow."""

    node_id: str
    type: str
    title: str
    index: int
    predecessor: str | None
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    status: str = "running"
    error: str | None = None
    text: str = ""


@dataclass
class Form:
    """A human input form of a paused run."""

    pause: Pause
    node_id: str = "ask"
    id: str = field(default_factory=new_id)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    expires_at: int = 0
    submitted: asyncio.Event = field(default_factory=asyncio.Event)
    inputs: dict[str, Any] = field(default_factory=dict)
    action: str | None = None
    by: str | None = None


@dataclass
class Run:
    """One run of an app: what was asked, what came out so far, and how it ended.

    `status` is "running", "paused", "succeeded", "partial-succeeded", "failed", "stopped", or "lost"
    (the client hung up on a kind of app that then forgets the answer).
    """

    app: "App"
    user: str
    query: str
    inputs: dict[str, Any]
    streaming: bool
    files: list[Upload] = field(default_factory=list)
    conversation: Conversation | None = None
    message: Message | None = None
    id: str = field(default_factory=new_id)
    task_id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)
    finished_at: int | None = None
    workflow_id: str = ""  # the version that runs
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    status: str = "running"
    answer: str = ""
    pieces: int = 0
    sent: list[float] = field(default_factory=list)  # when each went to whoever asked, time.monotonic
    error: str | None = None
    outputs: dict[str, Any] | None = None
    failure: Fail | None = None
    nodes: list[NodeRun] = field(default_factory=list)
    thoughts: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    form: Form | None = None
    turn: int = 1
    sequence: int = 1
    annotated: dict[str, Any] | None = None
    spoke: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    abort_asked: bool = False  # somebody else's stop: takes effect at the end of a chatflow (1.16)
    channel: Channel = field(default_factory=Channel)

    @property
    def mode(self) -> str:
        return self.app.mode

    def note_sent(self, frame: Frame) -> None:
        """A frame is about to be written to whoever asked."""
        self.sent += [time.monotonic()] * (frame.pieces - len(self.sent))


@dataclass
class App:
    """One app behind one API key, with the features that `/parameters` reports."""

    key: str
    mode: str
    name: str
    description: str = ""
    tags: Sequence[str] = ()
    opening_statement: str = ""
    suggested_questions: Sequence[str] = ()
    input_form: Sequence[Mapping[str, Mapping[str, Any]]] = ()
    suggestions: Sequence[str] | None = None  # after an answer; None = switched off
    file_upload: bool = True
    file_types: Sequence[str] = ("image", "document")
    file_extensions: Sequence[str] = ()  # of "custom", with the dot
    file_methods: Sequence[str] = ("local_file", "remote_url")
    file_limit: int = 3
    upload_megabytes: Mapping[str, int] = field(
        default_factory=lambda: {"image": 10, "audio": 50, "video": 100, "document": 15}
    )
    citations: bool = True
    transcript: str | None = None  # what speech-to-text hears; None = switched off
    speech: bytes | None = None  # what text-to-speech says; None = switched off
    tool_icons: Mapping[str, Any] = field(default_factory=dict)
    site: Mapping[str, Any] | None = field(default_factory=dict)  # what its web page has set; None = no page
    max_active_requests: int = 0  # 0 = no limit
    auto_name: str = "Auto named chat"
    published: bool = True
    api_enabled: bool = True
    deleted: bool = False
    script: Script | Writer | None = None  # None = the simulator's
    id: str = field(default_factory=new_id)
    workflow_id: str = field(default_factory=new_id)  # of the version that was published last
    versions: Sequence[str] = ()  # published before, which can still be asked for (1.7.2)
    draft_id: str = field(default_factory=new_id)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    feedbacks: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict)
    annotation_reply: bool = False  # whether a question that is annotated word for word gets that answer
    annotation_jobs: list[str] = field(default_factory=list)
    end_users: dict[str, str] = field(default_factory=dict)  # our `user` -> Dify's id
    queued: deque[Script | Writer] = field(default_factory=deque)

    def reply(self, *scripts: Script | Writer) -> None:
        """Script the next runs, one each, in this order; afterwards `script` answers again."""
        self.queued.extend(scripts)

    def end_user(self, user: str) -> str:
        """Dify's id of this user; the first mention creates it."""
        return self.end_users.setdefault(user, new_id())

    def conversation(self, conversation_id: str, user: str) -> Conversation | None:
        """The conversation, if it is this user's."""
        found = self.conversations.get(conversation_id)
        return found if found and found.user == user else None

    def message(self, message_id: str, user: str) -> Message | None:
        """The message, if it is this user's."""
        found = self.messages.get(message_id)
        return found if found and found.user == user else None

    def run(self, run_id: str) -> Run | None:
        """The run by its workflow_run_id."""
        return next((run for run in self.runs if run.id == run_id), None)

    @property
    def active(self) -> list[Run]:
        """Runs that have not ended."""
        return [run for run in self.runs if not run.ended.is_set()]
