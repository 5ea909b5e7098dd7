"""What can go wrong between a question and its answer, as values that carry what to say about it.

ParleyError
├── NoRoute              no app is routed to this place
├── QuestionTooLong      more text than is passed on
├── KindUnsupported      the app is of a kind that can't be asked in a chat yet
├── StoreUnavailable     the database is locked, full or gone
├── StoreLocked          another process holds the SQLite store
├── StoreTooNew          the schema is newer than this program
├── Superseded           another process has taken the turn over: this one must not touch it any more
└── DifyError
    ├── DifyUnreachable  no connection was made: nothing has begun, asking again is safe
    ├── DifyBusy         refused before it began ("Too many requests"): asking again is safe
    ├── DifyRefused      Dify said no (4xx, 5xx with a body)
    │   ├── ConversationGone   404 for a conversation id that we sent
    │   └── InputsRefused      what the app's form asks for is missing, or is not as it must be
    ├── DifyFailed       the run began and failed (an `error` event, a failed finish)
    └── DifyLost         the stream ended without a verdict, or fell silent
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """What to say about an error, and whether trying again can help."""

    sentence: str  # key of core.sentences, for the user
    hint: str  # for the operator's log; never the user's text, a key or a prompt
    retry: bool = False


class ParleyError(Exception):
    """Every expected failure. Carries the sentence for the user and the hint for the operator."""

    def __init__(self, advice: Advice) -> None:
        super().__init__(advice.hint)
        self.advice = advice


class NoRoute(ParleyError):  # noqa: N818
    """No route matches the place: the user is told so, nothing is guessed."""


class QuestionTooLong(ParleyError):  # noqa: N818
    """The question is longer than what is passed on whole."""


class KindUnsupported(ParleyError):  # noqa: N818
    """The app is of a kind that can't be asked in a chat."""


class StoreUnavailable(ParleyError):  # noqa: N818
    """The database can't be written now."""


class StoreLocked(ParleyError):  # noqa: N818
    """Another process runs on the same SQLite file."""


class StoreTooNew(ParleyError):  # noqa: N818
    """The schema was migrated by a newer program."""


class Superseded(ParleyError):  # noqa: N818
    """Another process has taken the turn over."""


class DifyError(ParleyError):
    """Anything between us and Dify."""


class DifyUnreachable(DifyError):  # noqa: N818
    """No connection was made; nothing has begun."""


class DifyBusy(DifyError):  # noqa: N818
    """Refused before it began, because of too many requests."""


class DifyRefused(DifyError):  # noqa: N818
    """Dify answered the request itself with an error."""

    def __init__(self, advice: Advice, *, status: int, code: str) -> None:
        super().__init__(advice)
        self.status = status
        self.code = code


class ConversationGone(DifyRefused):
    """The conversation was deleted at Dify, or belongs to another app or user."""


class InputsRefused(DifyRefused):
    """A value for the app's input form is missing, too long, or of another type."""


class DifyFailed(DifyError):  # noqa: N818
    """The run began and ended in an error."""

    def __init__(self, advice: Advice, *, code: str) -> None:
        super().__init__(advice)
        self.code = code


class DifyLost(DifyError):  # noqa: N818
    """The stream ended without saying how, or fell silent for too long."""
