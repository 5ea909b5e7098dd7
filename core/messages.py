"""The nouns that cross the seam between a platform adapter and the core: frozen facts, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation takes place. The core compares the parts but never parses them."""

    platform: str
    workspace: str  # "" where the platform has none there
    channel: str
    thread: str = ""  # "" where the channel itself is the conversation
    direct: bool = False  # one person and we, nobody else reads


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message on a platform: the key under which reactions and edits find it again."""

    platform: str
    workspace: str
    channel: str
    id: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or reacted."""

    id: str
    name: str = ""
    bot: bool = False


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that came with a message: what is known of it before anything is downloaded."""

    id: str
    name: str
    mime_type: str
    size: int  # bytes; -1 where the platform does not say
    url: str


class Addressed(StrEnum):
    """How a message turns to us."""

    DIRECT = "direct"  # written in a direct message
    MENTION = "mention"  # names us
    FOLLOW = (
        "follow"  # names nobody; ours only where the place, or what it replies to, is a conversation of ours
    )


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A person's message, as plain facts. Own messages and those of bots never become one."""

    ref: MessageRef
    place: Place  # of the conversation that the message belongs to or would open
    author: Person
    text: str  # our mention taken out, the platform's escapes decoded, other people's mentions readable
    addressed: Addressed
    identity: str  # the `user` that Dify is told: one person in a direct message, else the shared place
    files: tuple[IncomingFile, ...] = ()
    reply_to: str = ""  # id of the message in the same channel that this one answers
    locale: str = ""  # BCP 47, where the platform knows it
    facts: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # what routes may restrict: {"channels": {…}}


@dataclass(frozen=True, slots=True)
class IncomingReaction:
    """A person put an emoji on a message, or took it away."""

    ref: MessageRef  # the message reacted to
    author: Person
    emoji: str  # the platform's name ("+1") or the character itself ("👍"), as it came
    added: bool


@dataclass(frozen=True, slots=True)
class StopPressed:
    """A person pressed the platform's own stop control for what is being answered at a place."""

    place: Place
    author: Person


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone: a question of somebody's, or one of ours."""

    ref: MessageRef


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A person pressed a button under a message of ours."""

    ref: MessageRef  # the message that carries the button
    author: Person
    button: str  # its Button.key
    locale: str = ""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of the person: {"roles": {…}}
    place: Place | None = None  # where the press was made; None: it can't be told
    identity: str = ""  # as CommandGiven has it, of a command given there


FieldValue = str | bool | tuple[str, ...] | tuple[IncomingFile, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks."""

    key: str  # what FormSubmitted.values says; at most 64 ASCII letters, digits, `:`, `-`, `_`
    label: str
    kind: Literal["text", "paragraph", "number", "select", "checkbox", "file", "files"] = "text"
    required: bool = False
    options: tuple[str, ...] = ()  # of a select
    value: str | bool = ""  # what stands in it at first; of files, nothing
    max_length: int | None = None  # characters; of `files`, how many
    extensions: tuple[str, ...] = ()  # of files, without the dot; none means any


@dataclass(frozen=True, slots=True)
class Form:
    """What a person is asked in a dialogue of the platform; at most Limits.form_fields fields."""

    key: str  # what FormSubmitted says; at most 64 ASCII letters, digits, `:`, `-`, `_`
    title: str
    submit: str  # the label of the button that sends it
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FormSubmitted:
    """A person sent a form."""

    form: str  # its Form.key
    author: Person
    place: Place  # where it was opened
    values: Mapping[str, FieldValue]  # by Field.key; text fields left empty are ""
    ref: MessageRef | None = None  # the message whose button opened it; None: a command did
    locale: str = ""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # as ButtonPressed has them


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """A person used a command of the platform (`/name words`); what it asks is shown to nobody else."""

    id: str  # of the event: the same where it is told twice
    name: str  # of core.commands.COMMANDS; another word is answered with what there is
    text: str  # what stands behind it
    place: Place  # where it was given
    author: Person
    identity: str  # as IncomingMessage has it
    locale: str = ""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A person opened a place where they could talk to us, and nothing was said there yet."""

    place: Place
    author: Person
    identity: str
    locale: str = ""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)


Action = StopPressed | MessageDeleted | ButtonPressed | FormSubmitted | CommandGiven | Opened


@dataclass(frozen=True, slots=True)
class Whisper:
    """A few words for the one person who did something, seen by nobody else where the platform can."""

    markdown: str
    buttons: tuple["Button", ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form can't be taken like this: what is wrong, by Field.key."""

    problems: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is said where somebody opened a place: a first word, and questions to begin with."""

    markdown: str
    questions: tuple[str, ...] = ()


Response = Form | Whisper | Refusal | Greeting


@dataclass(frozen=True, slots=True)
class Target:
    """What one live message answers, and where."""

    place: Place
    question: MessageRef
    asker: Person
    key: str  # unique per message that we write; deterministic, so that a repeated post can be recognised


@dataclass(frozen=True, slots=True)
class Button:
    """Something that a person may press under a message."""

    key: str  # what ButtonPressed says; at most 64 ASCII letters, digits, `:`, `-`, `_`
    label: str  # in the asker's language; at most 70 characters


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of ours that was found at a platform."""

    ref: MessageRef
    page: int | None  # which page of the answer, where the platform kept our key; None: it can't be told


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the app does on its way to the answer: a tool, a node, a round."""

    key: str  # the same step keeps its key
    title: str  # plain text, at most 100 characters
    state: Literal["running", "done", "failed"] = "running"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file of an answer."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """How one message ought to look now: the whole text, never a delta.

    While `final` is false a next draft of the same message only grows `markdown` at its end, unless `redraw`
    is set (moderation replaced the text). A code fence that is open at the end is left open on purpose.
    Notices come with the final draft only. Buttons of a draft that is not final (to stop it) are shown where
    the platform can have some under a message that grows; a later draft without buttons takes them away.
    Steps are what is done so far, oldest first: progress while it grows, a short trace in the final draft.
    """

    markdown: str
    final: bool = False
    redraw: bool = False
    steps: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()  # sentences of ours, shown apart from the answer's own text
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """Names for people to read, of whom and where a message came from."""

    user: str
    channel: str
