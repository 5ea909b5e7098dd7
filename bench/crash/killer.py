"""Keeps the bots running, and ends them: one strike after the other, by plan."""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.crash.ledger import Ledger, Seen
from bench.crash.moments import HELD, Ambush, Moment
from bench.crash.processes import Bot, owner
from bench.crash.questions import Hit, Question
from bench.crash.stage import Stage

PAUSE_SECONDS = (12.0, 14.0)  # SIGSTOP to SIGCONT: longer than a lease (10 s)
DOWN_SECONDS = (0.05, 0.3)  # before a process that has ended is started again
IN_FLIGHT = 3  # questions that ought to be in the works when it strikes
PATIENCE = 4.0  # for a moment to come; then it strikes at random
SHIELD_SECONDS = 20.0
STORM = 15  # kills in a row; what they hit is hit again and again
REST_SECONDS = 13.0  # at most, between two storms
_SECOND_TERM = 0.15


@dataclass(frozen=True)
class Blow:
    """One entry of the plan."""

    moment: Moment
    how: str  # SIGKILL | SIGTERM | SIGTERM×2 | SIGSTOP


def plan(kills: int, chance: random.Random, *, replicas: int) -> list[Blow]:
    """Every moment equally often, random ones twice; not only SIGKILL where a moment allows it."""
    blows: list[Blow] = []
    while len(blows) < kills:
        moments = [*Moment, Moment.RANDOM]
        chance.shuffle(moments)
        blows += [Blow(moment, "SIGKILL") for moment in moments]
    blows = blows[:kills]
    open_ = [at for at, blow in enumerate(blows) if blow.moment not in HELD]
    chance.shuffle(open_)
    others = ["SIGTERM"] * -(-kills // 10) + ["SIGTERM×2"] * -(-kills // 15)
    others += ["SIGSTOP"] * -(-kills // 10) if replicas > 1 else []
    for at, how in zip(open_, others, strict=False):
        blows[at] = Blow(blows[at].moment, how)
    return blows


class Killer:
    """Carries out the plan against the bots of one set-up."""

    def __init__(
        self, bots: Sequence[Bot], ledger: Ledger, stage: Stage, seed: int, prepare: Callable[[], None]
    ) -> None:
        """`prepare` is called before every start of a process."""
        self.blows: list[Hit] = []  # what was done
        self.findings: list[str] = []  # what bots did that nobody told them to
        self.struck_at = time.monotonic()
        self.asked = 0  # questions that there were when it last struck
        self.calm = False  # nothing is done and nothing asked, so that answers can be finished
        self._bots = bots
        self._prepare = prepare
        self._ledger = ledger
        self._stage = stage
        self._chance = random.Random(seed)
        self._ambush: Ambush | None = None
        self._how = ""
        self._closing = False
        ledger.listeners.append(self._whose)

    # ---- the bots ----

    async def supervise(self, bot: Bot) -> None:
        """Start the bot again and again until `close`. Raises BotFailed."""
        while not self._closing:
            self._prepare()
            await bot.start()
            self._ledger.poke()
            code = await bot.ended()
            if not bot.told or (bot.told == [signal.SIGTERM] and code != 0):
                self.findings.append(f"{bot.log.name}: ended with {code}: {bot.last_words()}")
            self._stage.forget_sessions()
            if not self._closing:
                await asyncio.sleep(self._chance.uniform(*DOWN_SECONDS))

    def close(self) -> None:
        """End every bot in good order; the supervisors return."""
        self._closing = True
        for bot in self._bots:
            bot.send(signal.SIGCONT)
            bot.send(signal.SIGTERM)

    @property
    def serving(self) -> bool:
        """Somebody would take a question now."""
        return any(bot.serves for bot in self._bots)

    @property
    def closing_in(self) -> bool:
        """A moment has begun: what must not be hit has to wait."""
        return self._ambush is not None and self._ambush.begun

    @property
    def frozen(self) -> bool:
        """A bot is paused."""
        return any(bot.paused for bot in self._bots)

    def _whose(self, seen: Seen, question: Question, peer: int) -> None:
        """Which process works on a question, as far as it shows."""
        if len(self._bots) == 1:
            question.bot = self._bots[0].name
        elif seen in {Seen.ASKED, Seen.ATTACHED} and (found := owner(peer, self._bots)):
            question.bot = found.name

    # ---- the plan ----

    async def run(self, blows: Sequence[Blow]) -> None:
        """Carry out the plan."""
        for number, blow in enumerate(blows):
            if number % STORM == 0 and number:
                await self._rest()
            await self._ledger.until(lambda: self.serving, within=120)
            await self._ledger.until(lambda: len(self._fresh()) >= IN_FLIGHT, within=1.2)
            await self._carry_out(blow)

    async def _rest(self) -> None:
        """Give the bots time to bring everything in order."""
        self.calm = True
        await self._ledger.until(lambda: not self._ledger.unfinished, within=REST_SECONDS)
        self.calm = False
        self.struck_at, self.asked = time.monotonic(), len(self._ledger.questions)

    async def _carry_out(self, blow: Blow) -> None:
        known = len(self.blows)
        self._how = blow.how
        if blow.moment is not Moment.RANDOM:
            self._ambush = Ambush(blow.moment, self._ledger, self._stage, self._chance, self)
            await self._ledger.until(lambda: len(self.blows) > known, within=PATIENCE)
            self._ambush.end()
            self._ambush = None
        if len(self.blows) == known:
            await asyncio.sleep(self._chance.uniform(0, 0.8))
            await self._ledger.until(lambda: self._ledger.unfinished, within=PATIENCE)
            await self._ledger.until(lambda: not self.shielded, within=SHIELD_SECONDS)
            self.strike(Moment.RANDOM, None, 0)

    def _fresh(self) -> list[Question]:
        return [question for question in self._ledger.unfinished if question.asks and not question.hits]

    @property
    def shielded(self) -> bool:
        """A question waits that nothing could bring back: the first in a Discord channel, which has no acks.

        No later start could know that there is something to read.
        """
        now = time.monotonic()
        return any(
            question.opens and not question.deliveries and now - question.posted_at < SHIELD_SECONDS
            for question in self._ledger.unfinished
            if question.taken_at is None
        )

    def strike(self, moment: Moment, question: Question | None, peer: int) -> None:
        """Do it now, to the process that this is about."""
        bot = self._victim(question, peer)
        if bot is None:
            return
        number = signal.Signals[self._how.removesuffix("×2")]
        bot.send(number)
        about = question.name if question is not None else ""
        hit = Hit(time.monotonic(), moment, self._how, bot.log.stem, about)
        for each in self._ledger.questions:
            theirs = each.bot == bot.name or len(self._bots) == 1
            if each is question or (each.done_at is None and theirs):
                each.hits.append(hit)
        self.blows.append(hit)
        self.struck_at, self.asked = hit.at, len(self._ledger.questions)
        loop = asyncio.get_running_loop()
        if number == signal.SIGSTOP:
            loop.call_later(self._chance.uniform(*PAUSE_SECONDS), self._thaw, bot)
        elif self._how.endswith("×2"):
            loop.call_later(_SECOND_TERM, bot.send, signal.SIGTERM)
        self._ledger.poke()

    def _thaw(self, bot: Bot) -> None:
        bot.send(signal.SIGCONT)
        self._ledger.poke()

    def _victim(self, question: Question | None, peer: int) -> Bot | None:
        if len(self._bots) == 1:
            return self._bots[0] if self._bots[0].serves else None
        serving = [bot for bot in self._bots if bot.serves]
        named = [bot for bot in serving if question is not None and bot.name == question.bot]
        found = owner(peer, serving)
        if found is not None:
            return found
        return named[0] if named else self._chance.choice(serving) if serving else None
