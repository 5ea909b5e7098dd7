"""The seam: what a platform adapter offers to the core, and what the core offers to an adapter."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.messages import (
    Action,
    Draft,
    IncomingFile,
    IncomingMessage,
    IncomingReaction,
    MessageRef,
    Names,
    OutgoingFile,
    Person,
    Place,
    Response,
    Standing,
    Target,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message can hold at a place. Data: the core never asks for a platform's name."""

    page_length: int  # in the units of ChatAdapter.measure(); longer answers go on in a next message
    page_seconds: float = float("inf")  # a message that has grown for so long is closed, the next one goes on
    question_length: int = 40_000  # characters of a question that are passed on; longer ones are refused
    form_fields: int = 20  # that one form can hold; longer ones are asked page by page
    upload_bytes: int = 10_000_000  # of one file that we post
    own_hosts: tuple[str, ...] = ()  # the platform's: who is not signed in can't open what lies under them


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket of the platform's rate limit that one call is taken from."""

    key: str  # equal keys share a bucket, e.g. "PLATFORM:WORKSPACE:METHOD"
    calls: int  # so many calls …
    seconds: float  # … in so many seconds
    fixed: bool = (
        False  # True: a window that empties all at once; False: each call comes back after `seconds`
    )
    whole: bool = True  # the call carries the full text, so that a later one makes an earlier one needless
    within: "Budget | None" = None  # a bucket of many more calls, in which these count as well


@dataclass(frozen=True, slots=True)
class Way:
    """One way to write a message: what each step of its growing is taken from, and its last call."""

    grow: Budget
    close: Budget


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the platform itself said about a budget in its reply."""

    remaining: int
    reset_after: float  # seconds


@dataclass(frozen=True, slots=True)
class Receipt:
    """A call was done: the message now looks as the draft asked."""

    ref: MessageRef
    allowance: Allowance | None = None


class RateLimited(Exception):  # noqa: N818 (the platform's word, not a fault of ours)
    """The platform asks to wait; nothing was done."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"rate limited for {retry_after:g} s")
        self.retry_after = retry_after


class Gone(Exception):  # noqa: N818
    """The message, its channel or our permission is gone: writing on is pointless. The text says which."""


class Uncertain(Exception):  # noqa: N818
    """The call may have been done, its reply was lost (connection, 5xx): show the same draft again."""


class Refused(Exception):  # noqa: N818
    """The platform refuses our token. The text tells the operator what to do about it."""


class FileTooLarge(Exception):  # noqa: N818
    """A file has more bytes than were asked for, or than the platform takes."""


class FileRefused(Exception):  # noqa: N818
    """A file can't be had: deleted, foreign address, a web page instead. The text is for the log."""


Guard = Callable[[], Awaitable[None]]  # returns when we may write; raises where we may not any more


async def unguarded() -> None:
    """Nobody else could be writing."""


class LiveMessage(Protocol):
    """One platform message being written. Not shared between tasks: one call at a time.

    But the end may be shown beside an edit in flight, where its budget is `whole` and the message stands:
    both carry the full text, they may land in either order, and it is shown once more when both are back.

    Must not wait for a budget, retry a 429, split the text, or drop any of it.
    """

    @property
    def ref(self) -> MessageRef | None:
        """The message, once posted."""
        ...

    def budget(self, draft: Draft) -> Budget:
        """The budget that `show(draft)` would spend now. Must not do any I/O."""
        ...

    def ways(self) -> Sequence[Way]:
        """How this message, which does not stand yet, could grow; best first, at least one. No I/O."""
        ...

    def go(self, way: Way) -> None:
        """Let it grow this way, one of `ways`. Called before the first `show`, if at all. No I/O."""
        ...

    async def show(self, draft: Draft) -> Receipt:
        """Make the message look like the draft; the first call posts it. A final draft closes it.

        Showing the same draft again, also after Uncertain, never posts a second message.
        Raises RateLimited, Gone, Uncertain.
        """
        ...

    async def remove(self) -> None:
        """Delete the message (a redraw made it surplus). A message already gone is fine."""
        ...


class Inbox(Protocol):
    """What an adapter calls. Each returns when what was said is durable, so that it can be acknowledged.

    Each may raise: then the event must NOT be acknowledged (or be kept and offered again).
    """

    async def message(self, message: IncomingMessage) -> None:
        """A person wrote. The same message offered twice is one message."""
        ...

    async def reaction(self, reaction: IncomingReaction) -> None:
        """A person reacted, or took a reaction away; to any message, ours or not."""
        ...

    async def action(self, action: Action) -> Response | None:
        """A person did something else: a button, a form, a command, a deletion.

        What is returned is to be shown to that person alone, and at once: it may be a form to be opened, or
        what is wrong with the one that was sent. Platforms wait 3 s; this returns within 2, or may be late.
        """
        ...


class Notes(Protocol):
    """Small facts that an adapter must keep over restarts (a command's hash, the last message seen)."""

    async def get(self, key: str) -> str | None:
        """The value last put under the key."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Keep a value under a key; durable on return."""
        ...

    async def active(self, platform: str, seconds: float) -> Sequence[Place]:
        """The places on a platform where somebody talked to us in the last `seconds`, latest first."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `parley check`: what was looked at, whether it will work, and the mend if not."""

    subject: str
    ok: bool
    text: str


Sign = Literal["working", "waiting"]


class ChatAdapter(Protocol):
    """One chat platform. Must not know the core's router, turns, store or Dify."""

    @property
    def name(self) -> str:
        """The platform's name, as used in the configuration and in keys."""
        ...

    @property
    def status(self) -> str:
        """The word `ok` while connected, else the reason in a few words for /readyz. Must not do any I/O."""
        ...

    async def run(self, inbox: Inbox, notes: Notes) -> None:
        """Connect, keep connected, hand events to the inbox, until cancelled.

        Lost connections are its own business (back-off, resume); it returns only by cancellation or by
        raising Refused. It must not swallow an inbox's exception as if the event were safe.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection. Called once, after `run` has ended; live messages are finished by then."""
        ...

    def share(self, among: int) -> None:
        """So many processes call in this name: what the adapter itself limits is to be divided."""
        ...

    def limits(self, place: Place) -> Limits:
        """What a message at this place can hold. Must not do any I/O."""
        ...

    def measure(self, markdown: str) -> int:
        """How long the text would be for the platform, in the units of Limits.page_length. Pure."""
        ...

    def live(self, target: Target, posted: MessageRef | None = None, guard: Guard = unguarded) -> LiveMessage:
        """A message to be written; with `posted`, one that stands already and is written on. No I/O.

        `guard` is to be awaited right before every single request that writes: between two of them the
        process may have been paused, and the message may be another's by now. What it raises goes through.
        """
        ...

    async def find(self, target: Target) -> Sequence[Standing]:
        """Our messages that answer this question, oldest first, as the platform has them now.

        For an answer that a process began which is no more: what it posted may not have been kept. The keys
        of its messages were `{target.key}:{page}`. Where the platform does not keep keys, every message of
        ours that could be one of them is given, those of other answers too: the core sorts those out.
        Raises RateLimited, Gone, Uncertain.
        """
        ...

    async def whisper(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """Tell one person something about a message that they pressed a button under.

        Seen by nobody else where the platform can do that. Best effort: never raises.
        """
        ...

    async def busy(self, target: Target, sign: Sign | None, sentence: str) -> None:
        """Show that we work on a question, or that it waits in a queue, where no text can show it yet.

        None takes the sign away. Called again every few seconds while it lasts. Best effort: never raises.
        """
        ...

    async def fetch(self, file: IncomingFile, most: int) -> bytes:
        """The bytes of a file that somebody sent. The token goes to the platform's own hosts only.

        Raises FileTooLarge (more than `most`), FileRefused, RateLimited, Uncertain.
        """
        ...

    async def upload(self, target: Target, file: OutgoingFile, guard: Guard = unguarded) -> MessageRef:
        """Post a file below the answer to a question. Repeated with the same target.key, it is posted once.

        Raises FileTooLarge, RateLimited, Gone, Uncertain.
        """
        ...

    async def quote(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """Post a person's words in their name, for who did not write them: it is the question to be answered.

        Repeated with the same key it is posted once. Raises RateLimited, Gone, Uncertain.
        """
        ...

    async def entitle(self, place: Place, title: str) -> None:
        """Give a thread of ours its title, where the platform has some. Best effort: never raises."""
        ...

    async def names(self, message: IncomingMessage) -> Names:
        """Readable names of author and channel; the ids where they can't be had. Never raises."""
        ...

    async def check(self) -> Sequence[Finding]:
        """The doctor: which scopes, intents or permissions are missing, each with its mend. Never raises."""
        ...
