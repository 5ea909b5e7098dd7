"""What was asked and what the simulators saw of it, kept as it happens; tells listeners of each step."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from bench.crash.places import LONG, Conversation
from bench.crash.posts import is_whole, post_of, sets_of
from bench.crash.questions import Ask, Question, number_in, pieces_of, question_of, tokens_for, tokens_in
from bench.crash.stage import Stage
from simulators.dify.script import Answer
from simulators.dify.state import Run

LONG_SHARE = 0.12
PIECES = (14, 24)
RUN_EVENTS = "GET /workflow/{workflow_run_id}/events"
SECONDS = (0.5, 2.0)  # that Dify takes for an answer


class Seen(StrEnum):
    """A step of a question that can be seen from outside."""

    POSTED = "posted"  # written by the person; Discord: handed to every session
    SENT = "sent"  # Slack: handed to a socket
    TAKEN = "taken"  # Slack: acknowledged; Discord: asked at Dify
    ASKED = "asked"  # Dify got it and has sent no event yet
    BEGAN = "began"  # the first event with ids was sent
    PIECE = "piece"  # a piece of text was sent
    ATTACHED = "attached"  # a process listens to its run at Dify again
    DONE = "done"  # the whole answer stands in the chat


Listener = Callable[[Seen, Question, int], None]  # the number: the client's port, 0 where it is not known


class Ledger:
    """All the questions of one run."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.questions: list[Question] = []
        self._open: dict[int, Question] = {}
        self.listeners: list[Listener] = []
        self.active_at = time.monotonic()  # when something last happened that was not a sign of life
        self._stage = stage
        self._chance = random.Random(seed)
        self._runs: dict[str, tuple[Question, Ask]] = {}
        self._awaiting: dict[int, Question] = {}  # at Slack, not acknowledged yet
        self._attempts: dict[int, int] = {}  # deliveries by their id(): how often they were sent
        self._changed = asyncio.Event()
        stage.dify.script = self._answer
        stage.listen(self._on_change)

    # ---- what the driver does ----

    def ask(self, conversation: Conversation) -> Question:
        """Let somebody write the next question there. Raises KeyError where the thread is not open yet."""
        long = self._chance.random() < LONG_SHARE
        words = LONG[conversation.platform] if long else self._chance.randint(30, 60)
        question = Question(len(self.questions) + 1, conversation, words, time.monotonic())
        conversation.questions.append(question)
        try:
            conversation.say(question)
        except KeyError:
            conversation.questions.remove(question)
            raise
        self.questions.append(question)
        self._open[question.number] = question
        if question.deliveries:
            self._awaiting[question.number] = question
        self._tell(Seen.POSTED, question)
        return question

    async def until(self, condition: Callable[[], Any], within: float) -> bool:
        """Wait for a condition on what is seen; False when it is not met in so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        return bool(condition())

    def poke(self) -> None:
        """Let everybody who waits look again."""
        self._changed.set()

    @property
    def unfinished(self) -> list[Question]:
        """The questions whose answers do not stand yet."""
        return list(self._open.values())

    def _tell(self, seen: Seen, question: Question, peer: int = 0) -> None:
        for listener in list(self.listeners):
            listener(seen, question, peer)
        self.poke()

    # ---- Dify ----

    def _answer(self, run: Run) -> Answer:
        """The script of every run: an answer whose words name the question and how often it was asked."""
        number = number_in(run.query)
        if number is None or number > len(self.questions):
            return Answer(["This is no question of the crash test."])
        question = self.questions[number - 1]
        ordinal = len(question.asks) + 1
        ask = Ask(ordinal, run, tokens_for(number, ordinal, question.words))
        question.asks.append(ask)
        self._runs[run.id] = question, ask
        count = self._chance.randint(*PIECES)
        pieces = pieces_of(ask.tokens, count)
        pace = len(pieces) / self._chance.uniform(*SECONDS)
        return Answer(self._steps(question, ask, pieces), pace=pace)

    def _steps(self, question: Question, ask: Ask, pieces: list[str]) -> Iterator[str]:
        """Each piece is published when the next is asked for; a chatflow's first event comes before."""
        if ask.run.mode == "advanced-chat":
            self._begin(question, ask)
        for piece in pieces:
            yield piece
            if ask.began_at is None:
                self._begin(question, ask)
            self._tell(Seen.PIECE, question)

    def _begin(self, question: Question, ask: Ask) -> None:
        ask.began_at = time.monotonic()
        self._tell(Seen.BEGAN, question)

    # ---- what the simulators say ----

    def _on_change(self, kind: str, detail: dict[str, Any]) -> None:
        handler = getattr(self, f"_on_{kind.lower()}", None)
        if handler is not None:
            self.active_at = time.monotonic()
            handler(detail)

    def _on_call(self, detail: dict[str, Any]) -> None:
        if detail["method"] == RUN_EVENTS:
            call = self._stage.dify.journal.calls[-1]
            if call.args["workflow_run_id"] in self._runs:
                self._tell(Seen.ATTACHED, self._runs[call.args["workflow_run_id"]][0], call.peer)
        if detail["method"] != "POST /chat-messages" or detail["status"] != 200:
            return
        call = self._stage.dify.journal.calls[-1]
        question = self._question(number_in(str(call.args.get("query"))))
        if question is None:
            return
        if question.taken_at is None and not question.deliveries:
            self._take(question)
        self._tell(Seen.ASKED, question, call.peer)

    def _on_run(self, detail: dict[str, Any]) -> None:
        if detail["id"] in self._runs and detail["status"] != "running":
            _, ask = self._runs[detail["id"]]
            ask.status, ask.ended_at = detail["status"], ask.ended_at or time.monotonic()

    def _on_sent(self, detail: dict[str, Any]) -> None:
        del detail
        for question in list(self._awaiting.values()):
            for delivery in question.deliveries:
                if delivery.attempts != self._attempts.get(id(delivery), 0):
                    self._attempts[id(delivery)] = delivery.attempts
                    self._tell(Seen.SENT, question, self._socket_of(delivery))

    def _socket_of(self, delivery: Any) -> int:
        envelope = delivery.envelopes[-1]["envelope_id"]
        for connection in self._stage.slack.socket.connections:
            if envelope in connection.waiting:
                return connection.peer
        return 0

    def _on_ack(self, detail: dict[str, Any]) -> None:
        del detail
        for question in list(self._awaiting.values()):
            if all(delivery.acked for delivery in question.deliveries):
                del self._awaiting[question.number]
                self._take(question)

    def _take(self, question: Question) -> None:
        question.taken_at = time.monotonic()
        self._tell(Seen.TAKEN, question)

    def _on_message(self, detail: dict[str, Any]) -> None:
        if "ts" not in detail:  # Dify tells of its own messages by the same name
            return
        world = self._stage.slack.world
        message = world.message(detail["channel"], detail["ts"])
        if message is not None and message.bot_id == world.bot_id:
            self._show(f"slack/{message.channel}/{message.ts}", message, message.shown)

    def _on_message_create(self, detail: dict[str, Any]) -> None:
        world = self._stage.discord.world
        if detail["author"]["id"] == str(world.bot.id):
            channel = world.channels[int(detail["channel_id"])]
            message = channel.messages[int(detail["id"])]
            self._show(f"discord/{channel.id}/{message.id}", message, message.content)

    _on_message_update = _on_message_create

    def _show(self, key: str, message: Any, text: str) -> None:
        """A message of the bot looks new: note whose answer it is, and whether that is whole now."""
        tokens = tokens_in(text)
        question = self._question(question_of(tokens[0]) if tokens else None)
        if question is None:
            return
        question.posts[key] = message
        if question.done_at is None and self._whole(question):
            question.done_at = time.monotonic()
            del self._open[question.number]
            self._tell(Seen.DONE, question)

    def _whole(self, question: Question) -> bool:
        answers = [ask.tokens for ask in question.asks]
        posts = sorted((post_of(message) for message in question.posts.values()), key=lambda post: post.at)
        written = [post for post in posts if post.tokens]
        return any(is_whole(pages, answers) for pages in sets_of(written))

    def _question(self, number: int | None) -> Question | None:
        return None if number is None or number > len(self.questions) else self.questions[number - 1]
