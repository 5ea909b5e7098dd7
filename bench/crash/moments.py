"""The named moments in which a bot is killed, each recognised from outside."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

from bench.crash.ledger import Ledger, Seen
from bench.crash.questions import Question
from bench.crash.stage import Stage

DISCORD_POST = "POST /channels/{channel_id}/messages"
DISCORD_EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
PICKY_SECONDS = 1.0  # that it waits for a question of the platform and the kind of app that it has chosen
RECOVERING = 0.5  # chance that it lets a question pass that was hit before
MID_TEXT = 4  # pieces that were sent, at least


class Assassin(Protocol):
    """Who strikes."""

    @property
    def shielded(self) -> bool:
        """Whether it has to wait."""
        ...

    def strike(self, moment: "Moment", question: Question | None, peer: int) -> None:
        """Do it now, to the process with this local port (0: which that is has to be guessed)."""
        ...


class Moment(StrEnum):
    """When it is done."""

    BEFORE_ACK = "before_ack"  # the event was handed to the bot's socket
    AFTER_ROW = "after_row"  # acknowledged; Discord: a few milliseconds later
    ASKED = "asked"  # Dify got the question and has sent nothing
    FIRST_ID = "first_id"  # the first event with ids was sent
    MID_TEXT = "mid_text"  # text was sent, and a message can be seen
    AFTER_END = "after_end"  # Dify's stream has ended, the final edit is on its way
    AFTER_FINAL = "after_final"  # the final edit stands, its reply was not received
    AFTER_POST = "after_post"  # the first post stands, its reply was not received
    RANDOM = "random"


_DELAYS = {  # seconds behind the step, by the moment and whether the platform gets acknowledgements
    (Moment.BEFORE_ACK, True): (0.0005, 0.005),
    (Moment.BEFORE_ACK, False): (0.0005, 0.005),
    (Moment.AFTER_ROW, False): (0.01, 0.04),
    (Moment.FIRST_ID, True): (0.005, 0.03),
    (Moment.FIRST_ID, False): (0.005, 0.03),
}
HELD = {Moment.AFTER_END, Moment.AFTER_FINAL, Moment.AFTER_POST}


class Ambush:
    """Waits for one moment of any question and strikes in it, once; `end` gives up."""

    def __init__(
        self, moment: Moment, ledger: Ledger, stage: Stage, chance: random.Random, assassin: Assassin
    ) -> None:
        self.moment = moment
        self._struck = False
        self._ledger = ledger
        self._stage = stage
        self._chance = chance
        self._assassin = assassin
        self._hold: Hold | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._platform = chance.choice(("slack", "discord"))
        self._mode = chance.choice(("chat", "advanced-chat"))
        self._picky_until = time.monotonic() + PICKY_SECONDS
        ledger.listeners.append(self._on_step)

    @property
    def begun(self) -> bool:
        """The moment of a question has begun."""
        return self._timer is not None or self._hold is not None

    def end(self) -> None:
        """Stop listening; what is held is cut off without having been carried out or heard of."""
        if self._on_step in self._ledger.listeners:
            self._ledger.listeners.remove(self._on_step)
        if self._timer is not None:
            self._timer.cancel()
        if self._hold is not None:
            self._hold.end()

    def _on_step(self, seen: Seen, question: Question, peer: int) -> None:
        if self._struck or self.begun or self._assassin.shielded:
            return
        delay = self._delay(seen, question)
        if delay is None or not self._likes(question):
            return
        if self.moment in HELD:
            self._hold = Hold(self.moment, question, self._stage, lambda port: self._now(question, port))
        elif delay > 0:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay, self._now, question, peer)
        else:
            self._now(question, peer)

    def _likes(self, question: Question) -> bool:
        """Every platform and kind of app alike, mostly fresh questions, else one that is being recovered."""
        if question.hits and self._chance.random() < RECOVERING:
            return False
        wanted = question.conversation.platform == self._platform
        known = not question.asks or question.asks[-1].run.mode == self._mode
        return (wanted and known) or time.monotonic() > self._picky_until

    def _delay(self, seen: Seen, question: Question) -> float | None:
        """Seconds until the moment that this step begins; None where it begins none."""
        if not self._begins(seen, question):
            return None
        shortest, longest = _DELAYS.get((self.moment, bool(question.deliveries)), (0, 0))
        return self._chance.uniform(shortest, longest)

    def _begins(self, seen: Seen, question: Question) -> bool:
        acked = bool(question.deliveries)
        match self.moment:
            case Moment.BEFORE_ACK:
                return seen is (Seen.SENT if acked else Seen.POSTED)
            case Moment.AFTER_ROW:
                return seen is (Seen.TAKEN if acked else Seen.POSTED)
            case Moment.ASKED:
                return seen is Seen.ASKED
            case Moment.MID_TEXT:
                enough = seen is Seen.PIECE and question.asks[-1].run.pieces >= MID_TEXT
                return enough and bool(question.posts)
            case Moment.AFTER_POST:
                return seen is Seen.BEGAN and not question.posts
            case _:
                return seen is Seen.BEGAN

    def _now(self, question: Question, peer: int) -> None:
        late = self.moment is Moment.BEFORE_ACK and question.taken_at is not None
        if not self._struck:
            self._struck = True
            self._assassin.strike(Moment.AFTER_ROW if late else self.moment, question, peer)
        self.end()


class Hold:
    """Gates over both platforms' writing methods that hold what one question's answer is waiting for."""

    def __init__(self, moment: Moment, question: Question, stage: Stage, held: Callable[[int], None]) -> None:
        self._question = question
        self._stage = stage
        self._held = held
        before = moment is Moment.AFTER_END
        wanted = self._is_post if moment is Moment.AFTER_POST else self._is_final
        posts = moment is Moment.AFTER_POST
        slack = ["chat.postMessage", "chat.startStream"] if posts else ["chat.postMessage", "chat.update"]
        self._slack = [stage.slack.hold(method, before=before, when=wanted) for method in slack]
        if not posts:
            self._slack.append(stage.slack.hold("chat.stopStream", before=before, when=self._is_stop))
        discord = [DISCORD_POST] if posts else [DISCORD_POST, DISCORD_EDIT]
        self._discord = [stage.discord.faults.hold(method, before=before, when=wanted) for method in discord]
        self._leave = [
            stage.slack.journal.listen(self._on_change),
            stage.discord.journal.listen(self._on_change),
        ]

    def end(self) -> None:
        """Cut what is held, and hold no more."""
        for leave in self._leave:
            leave()
        self._leave = []
        for posting in self._slack:
            posting.cut()
        for writing in self._discord:
            writing.cut()

    def _on_change(self, kind: str, detail: dict[str, Any]) -> None:
        del detail
        if kind == "held":
            peers = [gate.peers for gate in self._slack] + [gate.peers for gate in self._discord]
            self._held(next(ports[0] for ports in peers if ports))

    def _is_post(self, args: dict[str, Any]) -> bool:
        return f"{self._question.name}r" in json.dumps(args)

    def _is_final(self, args: dict[str, Any]) -> bool:
        text = json.dumps(args)
        return any(ask.tokens[-1] in text for ask in self._question.asks)

    def _is_stop(self, args: dict[str, Any]) -> bool:
        """The end of a native stream may bring no text any more."""
        message = self._stage.slack.world.message(args["channel"], args["ts"])
        whole = (message.shown if message else "") + str(args.get("markdown_text") or "")
        return self._is_final({"text": whole})
