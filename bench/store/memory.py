"""The reference: what a turn asks of the store, kept in dictionaries and lost with the process."""

import time
from dataclasses import dataclass, field, replace

from bench.store.metering import Meter
from core.messages import IncomingMessage, MessageRef, Place
from core.store.ledger import Confirm, Ledger
from core.store.rows import Accepted, Conversation, State, Turn
from core.store.store import Enlist, Store


@dataclass
class Memory:
    """All rows."""

    meter: Meter = field(default_factory=Meter)
    conversations: dict[tuple[Place, str], int] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)  # of the conversations
    dify_ids: dict[int, str] = field(default_factory=dict)
    turns: dict[int, Turn] = field(default_factory=dict)
    asked: dict[MessageRef, int] = field(default_factory=dict)
    posts: dict[MessageRef, tuple[int, int]] = field(default_factory=dict)


class MemoryStore(Store):
    """What the intake and a turn need of Store; the rest of it does not work."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def accept(
        self,
        message: IncomingMessage,
        app: str,
        enlist: Enlist,
        *,
        command: bool = False,
        aside: bool = False,
        stops: int | None = None,
    ) -> Accepted | None:
        """See Store."""
        del enlist, command, stops
        memory = self._memory
        memory.meter.changes += 1
        with memory.meter.waiting():
            if message.ref in memory.asked:
                return None
            memory.places.add(message.place)
            line = memory.conversations.setdefault((message.place, app), len(memory.conversations) + 1)
            turn = memory.asked[message.ref] = len(memory.turns) + 1
            conversation = Conversation(line, message.place, app, message.identity, "")
            memory.turns[turn] = Turn(
                turn, conversation, message, State.QUEUED, "", "", "", time.time(), fence=0
            )
            return Accepted(turn, -turn if aside else line)

    async def knows(self, place: Place) -> bool:
        """See Store."""
        self._memory.meter.reads += 1
        return place in self._memory.places


class MemoryLedger(Ledger):
    """What a turn that is answered in one go needs of Ledger; the rest of it does not work."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def claim(self, turn: int, confirm: Confirm | None = None) -> Turn | None:
        """See Ledger."""
        del confirm
        found = self._memory.turns[turn]
        known = self._memory.dify_ids.get(found.conversation.id, "")
        conversation = replace(found.conversation, dify_id=known)
        return self._change(turn, conversation=conversation, fence=found.fence + 1)

    async def note_sending(self, turn: Turn) -> None:
        """See Ledger."""
        self._change(turn.id, state=State.RUNNING, sent_at=time.time(), asks=turn.asks + 1)

    async def note_unsent(self, turn: Turn) -> None:
        """See Ledger."""
        self._change(turn.id, state=State.QUEUED)

    async def note_ids(
        self,
        turn: Turn,
        *,
        task_id: str,
        message_id: str,
        run_id: str,
        conversation_id: str,
        asked_at: float | None,
    ) -> None:
        """See Ledger."""
        self._memory.dify_ids[turn.conversation.id] = conversation_id
        self._change(turn.id, task_id=task_id, message_id=message_id, run_id=run_id, asked_at=asked_at)

    async def note_text(self, turn: Turn, text: str) -> None:
        """See Ledger."""
        self._change(turn.id, text=text)

    async def close(self, turn: Turn, outcome: str) -> None:
        """See Ledger."""
        del outcome
        self._change(turn.id, state=State.CLOSED, text="")

    async def add_post(self, turn: Turn, page: int, ref: MessageRef, text: str = "") -> None:
        """See Ledger."""
        self._memory.posts[ref] = (turn.id, page)
        self._change(turn.id, text=text)

    def _change(self, turn: int, **values: object) -> Turn:
        memory = self._memory
        memory.meter.changes += 1
        with memory.meter.waiting():
            changed = memory.turns[turn] = replace(memory.turns[turn], **values)  # type: ignore[arg-type]
        return changed
