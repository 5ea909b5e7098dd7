"""A chat platform and a Dify without any network, so that what is left is the core and its store."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bench.store.questions import PLATFORM
from core.contract import (
    Budget,
    ChatAdapter,
    FileRefused,
    Finding,
    Gone,
    Guard,
    Inbox,
    Limits,
    LiveMessage,
    Notes,
    Receipt,
    Sign,
    Way,
    unguarded,
)
from core.dify.about import Parameters
from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.events import AnyEvent, Message, MessageEnd
from core.dify.questions import Mode
from core.dify.server import DifyServer, StreamLimits
from core.messages import (
    Draft,
    IncomingFile,
    IncomingMessage,
    MessageRef,
    Names,
    OutgoingFile,
    Person,
    Place,
    Standing,
    Target,
)

_FREE = Budget("bench:free", 1_000_000, 1.0)
_PIECES = tuple(f"word{number} " for number in range(10))


class QuietMessage:
    """A message that is written at once."""

    def __init__(self, target: Target, number: int, posted: MessageRef | None) -> None:
        place = target.place
        self._ref = posted or MessageRef(place.platform, place.workspace, place.channel, f"answer-{number}")
        self.ref: MessageRef | None = posted

    def budget(self, draft: Draft) -> Budget:
        """See core.contract."""
        del draft
        return _FREE

    def ways(self) -> list[Way]:
        """See core.contract."""
        return [Way(_FREE, _FREE)]

    def go(self, way: Way) -> None:
        """See core.contract."""

    async def show(self, draft: Draft) -> Receipt:
        """See core.contract."""
        del draft
        self.ref = self._ref
        return Receipt(self._ref)

    async def remove(self) -> None:
        """See core.contract."""


class QuietAdapter:
    """A platform where everything is done at once and nothing comes back; see core.contract.ChatAdapter."""

    name = PLATFORM
    status = "ok"

    def __init__(self) -> None:
        self._numbers = itertools.count()

    async def run(self, inbox: Inbox, notes: Notes) -> None:
        """Bring nothing."""
        del inbox, notes
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        """Nothing is open."""

    def limits(self, place: Place) -> Limits:
        """As at Slack."""
        del place
        return Limits(page_length=9_000)

    def measure(self, markdown: str) -> int:
        """Characters."""
        return len(markdown)

    def live(self, target: Target, posted: MessageRef | None = None, guard: Guard = unguarded) -> LiveMessage:
        """A message of its own for each answer."""
        del guard
        return QuietMessage(target, next(self._numbers), posted)

    async def find(self, target: Target) -> Sequence[Standing]:
        """Nothing was lost."""
        del target
        return []

    async def whisper(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """Nobody listens."""

    async def busy(self, target: Target, sign: Sign | None, sentence: str) -> None:
        """Nobody looks."""

    async def fetch(self, file: IncomingFile, most: int) -> bytes:
        """There are no files."""
        raise FileRefused(file.id if most else "")

    async def upload(self, target: Target, file: OutgoingFile, guard: Guard = unguarded) -> MessageRef:
        """Nothing takes files."""
        del guard
        raise Gone(f"{target.key} {file.name}")

    async def quote(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """Nobody presses a button."""
        raise Gone(f"{place.channel} {person.id} {key} {len(text)}")

    async def entitle(self, place: Place, title: str) -> None:
        """Nothing has a title."""

    def share(self, among: int) -> None:
        """Nothing is limited."""

    async def names(self, message: IncomingMessage) -> Names:
        """The ids."""
        return Names(message.author.id, message.place.channel)

    async def check(self) -> Sequence[Finding]:
        """All is well."""
        return []


async def _parameters() -> Parameters:
    return Parameters()


class QuietDify(DifyClient):
    """Answers each question with ten words, spread over `seconds`."""

    def __init__(self, server: DifyServer) -> None:
        super().__init__(server, "app-bench")
        # nobody is there to be asked
        self.api.about.parameters = _parameters  # type: ignore[method-assign]
        self.seconds = 0.0

    def ask(self, question: Question, *, run: bool, mode: Mode = "chat", blocking: bool = False) -> Any:
        """See DifyClient."""
        del run, mode, blocking
        return self._answer(question)

    async def info(self) -> dict[str, Any]:
        """See DifyClient."""
        return {"name": "Support", "mode": "chat"}

    @asynccontextmanager
    async def _answer(self, question: Question) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        yield self._events(question)

    async def _events(self, question: Question) -> AsyncIterator[AnyEvent]:
        ids = {
            "task_id": str(uuid.uuid4()),
            "message_id": str(uuid.uuid4()),
            "conversation_id": question.conversation_id or str(uuid.uuid4()),
        }
        for piece in _PIECES:
            yield Message(event="message", answer=piece, **ids)
            await asyncio.sleep(self.seconds / len(_PIECES))
        yield MessageEnd(event="message_end", **ids)


def quiet_dify() -> tuple[DifyApp, QuietDify]:
    """An app without a server behind it, and the client by which its answers can be slowed down."""
    server = DifyServer("http://127.0.0.1:9", StreamLimits(0, 0))
    client = QuietDify(server)
    return DifyApp("support", client, server), client


_: type[ChatAdapter] = QuietAdapter
