"""The people of the crash test: they ask, wait for answers or do not, and some events come twice."""

import asyncio
import random
import time
from collections.abc import Callable

from bench.crash.killer import Killer
from bench.crash.ledger import Ledger
from bench.crash.options import Options
from bench.crash.places import Conversation
from bench.crash.questions import Question
from bench.crash.stage import Stage

LENGTH = (3, 9)  # questions in a conversation
TAKEN_SECONDS = 12.0  # a question that is not taken up for so long: the person says no more there
ANSWERED_SECONDS = 5.0  # for so long they wait for an answer before they ask the next
WAITS = 0.7  # share of the questions whose answer is waited for
ONE_MORE = 0.5  # chance of a question behind one whose answer was hit
PENDING = 3  # questions without an answer after which nobody asks more
AGAIN_SECONDS = (0.0, 4.0), (4.0, 12.0)  # until an event is delivered once more: mostly, and now and then
LATE = 0.1
TRICKLE = 1.2  # questions per second beside those for the next kill
_LOOK = 0.2


class Traffic:
    """So many conversations at once, each followed by a new one, until there were enough questions."""

    def __init__(self, stage: Stage, ledger: Ledger, killer: Killer, options: Options) -> None:
        self.repeated = 0
        self._stage = stage
        self._ledger = ledger
        self._killer = killer
        self._options = options
        self._chance = random.Random(options.seed + 1)
        self._over = False
        self._later: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until `enough` was asked and all conversations have come to their ends."""
        slots = range(self._options.conversations)
        async with asyncio.TaskGroup() as group:
            for slot in slots:
                group.create_task(self._slot(slot))
        await asyncio.gather(*self._later)

    def end(self) -> None:
        """Ask nothing more."""
        self._over = True
        self._ledger.poke()

    async def _slot(self, slot: int) -> None:
        while not self._over:
            conversation = self._stage.conversation(slot)
            await self._converse(conversation)

    async def _converse(self, conversation: Conversation) -> None:
        for _ in range(self._chance.randint(*LENGTH)):
            question = await self._ask(conversation)
            if question is None or not await self._answered(question):
                return
            if question.hits:  # they say one more thing there, perhaps, and then talk elsewhere
                if question.taken_at and self._chance.random() < ONE_MORE:
                    await self._ask(conversation)
                return

    async def _ask(self, conversation: Conversation) -> Question | None:
        """Ask when it is due; None where the person has to give up."""
        if not await self._may_ask(conversation):
            return None
        try:
            question = self._ledger.ask(conversation)
        except KeyError:  # the bot has not opened the thread
            return None
        self._repeat_perhaps(question)
        return question

    async def _answered(self, question: Question) -> bool:
        """Wait for the answer, or at least until the bot has the question; False where they give up there."""
        if not await self._until(lambda: question.taken_at or question.hits, TAKEN_SECONDS):
            return False
        waits = self._chance.random() < WAITS
        await self._until(lambda: question.done_at or question.hits, ANSWERED_SECONDS if waits else 0.1)
        pending = [each for each in question.conversation.questions if each.done_at is None]
        return len(pending) < PENDING

    async def _may_ask(self, conversation: Conversation) -> bool:
        """Wait until the next question is due; a first one at Discord also until it can't be missed."""
        careful = conversation.platform == "discord" and not conversation.questions

        def now() -> bool:
            safe = self._killer.serving and not self._killer.closing_in
            return self._over or (self._due and (safe or not careful))

        while not now():
            await self._ledger.until(now, within=_LOOK)
        return not self._over

    @property
    def _due(self) -> bool:
        """Whether the number of questions keeps step with the number of kills."""
        if self._killer.calm:
            return False
        options = self._options
        done, asked = len(self._killer.blows), len(self._ledger.questions)
        if done >= options.kills:
            return asked < options.turns
        since = time.monotonic() - self._killer.struck_at
        return asked - self._killer.asked < options.turns / options.kills + since * TRICKLE

    async def _until(self, condition: Callable[[], object], within: float) -> bool:
        return await self._ledger.until(lambda: self._over or condition(), within) and bool(condition())

    def _repeat_perhaps(self, question: Question) -> None:
        if self._chance.random() < self._options.redelivered:
            task = asyncio.create_task(self._repeat(question))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _repeat(self, question: Question) -> None:
        """Deliver the event again, at any time of its answer's life."""
        often, seldom = AGAIN_SECONDS
        await asyncio.sleep(self._chance.uniform(*(seldom if self._chance.random() < LATE else often)))
        self.repeated += 1
        question.conversation.repeat(question, self._chance)
