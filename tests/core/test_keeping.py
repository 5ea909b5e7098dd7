"""What is kept while an answer grows: seldom, never in its way, and nothing after its end."""

import asyncio

import pytest

from bench.virtual_time import run
from core.answer import Answer
from core.errors import Advice, StoreUnavailable, Superseded
from core.keeping import TEXT_SECONDS, Keeping
from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.noting import Noting
from core.running import Running
from core.store.rows import Conversation, State, Turn

REF = MessageRef("chat", "w", "c", "q")
PLACE = Place("chat", "w", "c", "t")


def running(text=""):
    message = IncomingMessage(REF, PLACE, Person("ann"), "hi", Addressed.MENTION, "who")
    conversation = Conversation(1, PLACE, "app", "who", "")
    turn = Turn(7, conversation, message, State.RUNNING, "", "", "", 0.0, text=text)
    return Running(turn)


class Ledger:
    """Remembers what it was told; `away` calls fail first."""

    def __init__(self, *, away=0, superseded=False):
        self.away, self.superseded = away, superseded
        self.texts, self.posts, self.ids = [], [], []

    async def _tell(self, line, value):
        await asyncio.sleep(0.01)
        if self.superseded:
            raise Superseded(Advice("internal", "taken"))
        if self.away:
            self.away -= 1
            raise StoreUnavailable(Advice("internal", "locked", retry=True))
        line.append(value)

    async def note_text(self, _turn, text):
        await self._tell(self.texts, text)

    async def add_post(self, turn, page, ref, text=""):
        await self._tell(self.posts, (turn.id, page, ref))

    async def note_ids(self, _turn, **ids):
        await self._tell(self.ids, ids)


def test_a_growing_text_is_saved_now_and_then():
    async def story():
        ledger = Ledger()
        keeping = Keeping(ledger, running())
        for length in range(100):
            keeping.shown("x" * (length + 1))
            await asyncio.sleep(0.1)
        await asyncio.sleep(10)
        return ledger.texts

    texts = run(story())
    assert 4 <= len(texts) <= 10 / TEXT_SECONDS + 1
    assert texts[-1] == "x" * 100


def test_nothing_is_saved_after_the_end():
    async def story():
        ledger = Ledger()
        keeping = Keeping(ledger, running())
        keeping.shown("words of an answer")
        await asyncio.sleep(TEXT_SECONDS / 2)
        await keeping.settled()
        await asyncio.sleep(10)
        return ledger.texts

    assert run(story()) == []


def test_what_is_left_to_the_next_process_is_saved_at_once():
    async def story():
        ledger = Ledger()
        keeping = Keeping(ledger, running())
        keeping.posted(0, REF)
        keeping.shown("so far")
        await keeping.save()
        return ledger.texts, ledger.posts

    assert run(story()) == (["so far"], [(7, 0, REF)])


def test_what_is_known_already_is_not_saved_again():
    async def story():
        ledger = Ledger()
        keeping = Keeping(ledger, running(text="so far"))
        keeping.shown("so far")
        await keeping.save()
        return ledger.texts

    assert run(story()) == []


def test_a_post_is_kept_however_long_the_database_is_away():
    async def story():
        ledger = Ledger(away=5)
        keeping = Keeping(ledger, running())
        keeping.posted(0, REF)
        await keeping.settled()
        return ledger.posts

    assert run(story()) == [(7, 0, REF)]


def test_who_was_relieved_saves_no_text():
    async def story():
        ledger, relieved = Ledger(superseded=True), running()
        keeping = Keeping(ledger, relieved)
        keeping.shown("late")
        await asyncio.sleep(10)
        await keeping.settled()
        return ledger.texts, relieved

    texts, relieved = run(story())
    assert texts == []
    assert relieved.stop.is_set()


def answer(**ids):
    found = Answer()
    for name, value in ids.items():
        setattr(found, name, value)
    return found


def test_ids_are_kept_when_they_come_and_only_when_they_change():
    async def story():
        ledger = Ledger()
        noting = Noting(ledger, running())
        noting.take(answer())
        first = answer(task_id="t", conversation_id="c")
        for _ in range(5):
            noting.take(first)
            await asyncio.sleep(1)
        noting.take(answer(task_id="t", conversation_id="c", message_id="m"))
        await noting.settle()
        return [(ids["task_id"], ids["message_id"]) for ids in ledger.ids]

    assert run(story()) == [("t", ""), ("t", "m")]


def test_that_dify_took_the_question_is_kept_before_any_id():
    async def story():
        ledger = Ledger(away=2)
        noting = Noting(ledger, running())
        noting.accepted(5.0)
        await noting.settle()
        return ledger.ids

    [ids] = run(story())
    assert (ids["asked_at"], ids["run_id"]) == (5.0, "")


def test_ids_that_came_while_others_were_being_kept_are_kept_too():
    async def story():
        ledger = Ledger()
        noting = Noting(ledger, running())
        noting.take(answer(task_id="t"))
        await asyncio.sleep(0.005)
        noting.take(answer(task_id="t", message_id="m"))
        await noting.settle()
        return [ids["message_id"] for ids in ledger.ids]

    assert run(story())[-1] == "m"


def test_settling_where_nothing_is_known_writes_nothing():
    async def story():
        ledger = Ledger()
        await Noting(ledger, running()).settle()
        return ledger.ids

    assert run(story()) == []


def test_ids_of_a_turn_that_is_another_processs_now_are_left_to_it():
    async def story():
        ledger, relieved = Ledger(superseded=True), running()
        noting = Noting(ledger, relieved)
        noting.take(answer(task_id="t"))
        await noting.settle()
        with pytest.raises(Superseded):
            await relieved.check()
        return ledger.ids

    assert run(story()) == []
