"""Marks of admins become annotations at Dify, and what those who marked are told."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from core.annotating import Annotating, unannotate
from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.emojis import meanings
from core.feedback import Feedback
from core.messages import IncomingReaction, Person
from core.metrics import Metrics
from core.sentences import say
from core.store.marks import Marks
from core.store.ratings import Ratings
from tests.core.parts import ANSWER, house

BOSS, CHIEF = "boss", "chief"
MADE, CHANGED = "POST /apps/annotations", "PUT /apps/annotations/{annotation_id}"
DELETED = "DELETE /apps/annotations/{annotation_id}"
LISTED, RATED = "GET /apps/annotations", "POST /messages/{message_id}/feedbacks"


class Office:
    """An answer that stands, and what becomes of the reactions on it."""

    def __init__(self, home):
        self.home, self.dify, self.chat = home, home.dify, home.chat
        self.marks, self.ratings = Marks(home.database), Ratings(home.database)
        self.turn = None

    def feedback(self, asked):
        """What a process has for reactions."""
        emojis, admins = meanings({"annotate": ["pushpin"]}), [f"fake:{BOSS}", f"fake:{CHIEF}"]
        annotating = Annotating(self.marks, asked, self.home.adapters, emojis, admins)
        rates = meanings({"like": ["+1"], "dislike": ["-1", "pushpin"]})
        return Feedback(self.ratings, asked, rates, Metrics(), 0.01, annotating=annotating)

    @asynccontextmanager
    async def process(self, *, known=True):
        """A process that tells Dify, over connections of its own; killed at the end."""
        server = DifyServer(self.dify.base_url, StreamLimits())
        app = DifyApp("helpdesk", DifyClient(server, "app-k"), server)
        self.told = self.feedback({"helpdesk": app} if known else {})
        task = asyncio.create_task(self.told.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])
            await app.aclose()
            await server.aclose()

    async def answer(self, text="Because.", *, name="q1", query="Why?", post=ANSWER, dify_id=None):
        """Somebody asked, and the app answered."""
        self.dify.reply(text)
        turn = await self.home.turn(name, post=post)
        known = turn.conversation.dify_id if dify_id is None else dify_id
        client, mode = self.home.app.dify.client, self.home.app.dify.mode
        question = Question(query, turn.conversation.identity, known, query_input="text")
        async with client.ask(question, run=mode in {"advanced-chat", "workflow"}, mode=mode) as events:
            [_ async for _ in events]
        message = self.dify.runs[-1].message
        ids = {"task_id": "t", "run_id": "", "asked_at": 1.0}
        ids |= {
            "message_id": message.id if message else "",
            "conversation_id": message.conversation_id if message else "",
        }
        await self.home.ledger.note_sending(turn)
        await self.home.ledger.note_ids(turn, **ids)
        await self.home.ledger.close(turn, "complete")
        self.turn = turn
        return turn

    async def react(self, person, emoji="📌", *, added=True, ref=ANSWER, bot=False):
        return await self.told.reaction(IncomingReaction(ref, Person(person, bot=bot), emoji, added))

    @property
    def annotations(self):
        rows = self.dify.apps["app-k"].annotations.values()
        return [(row["question"], row["answer"]) for row in rows]

    @property
    def whispers(self):
        return [(person, sentence) for _, person, sentence in self.chat.whispers]

    async def settled(self):
        """Everything that is due has been told."""
        async with asyncio.timeout(5):
            while await self.ratings.due():  # each look is a transaction: others run meanwhile
                pass

    async def heard(self, *said):
        """Exactly this was told to those who marked."""
        await self.dify.journal.wait(lambda: len(self.whispers) >= len(said))
        await self.settled()
        assert self.whispers == [(person, say(sentence, "en")) for person, sentence in said]


@asynccontextmanager
async def office(folder, **more):
    async with house(folder, **more) as home:
        made = Office(home)
        yield made


@pytest.fixture
async def room(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room:
        await room.answer()
        async with room.process():
            yield room


async def test_a_mark_of_an_admin_keeps_question_and_answer_and_says_so(room):
    assert await room.react(BOSS) is True
    await room.heard((BOSS, "annotation_kept"))
    assert room.annotations == [("Why?", "Because.")]
    assert room.dify.journal.named(RATED) == []
    assert room.chat.whispers[0][0] == ANSWER


async def test_taken_away_it_is_gone(room):
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_kept"))
    await room.react(BOSS, "pushpin", added=False)
    await room.heard((BOSS, "annotation_kept"), (BOSS, "annotation_gone"))
    assert room.annotations == []


async def test_for_others_it_is_what_it_would_be_without(room):
    await room.react("ann")
    await room.dify.journal.wait(lambda: room.dify.journal.named(RATED))
    await room.settled()
    await room.react(BOSS, bot=True)
    assert await room.ratings.due() == []
    assert room.annotations == []
    assert room.dify.journal.named(LISTED) == []
    assert room.whispers == []


async def test_no_answer_is_known_at_the_message(room):
    assert await room.react(BOSS, ref=ANSWER.__class__("fake", "w", "c", "somebody else's")) is False


async def test_it_stands_while_one_mark_stands(room):
    await room.react(BOSS)
    await room.react(CHIEF)
    await room.settled()
    await room.react(BOSS, added=False)
    await room.settled()
    assert room.annotations == [("Why?", "Because.")]
    await room.react(CHIEF, added=False)
    await room.settled()
    assert room.annotations == []
    assert sorted(room.whispers) == sorted(
        (person, say(sentence, "en"))
        for person, sentence in [
            (BOSS, "annotation_kept"),
            (CHIEF, "annotation_kept"),
            (BOSS, "annotation_stays"),
            (CHIEF, "annotation_gone"),
        ]
    )


async def test_a_reaction_told_twice_is_done_and_said_once(room):
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_kept"))
    listed = len(room.dify.journal.named(LISTED))
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_kept"))
    assert len(room.dify.journal.named(LISTED)) == listed


async def test_a_rating_beside_it_leaves_the_annotation_as_people_have_edited_it(room):
    await room.react(BOSS)
    await room.settled()
    [row] = room.dify.apps["app-k"].annotations.values()
    row["answer"] = "Because of this."
    await room.react("ann", "+1")
    await room.dify.journal.wait(lambda: room.dify.journal.named(RATED))
    await room.settled()
    assert room.annotations == [("Why?", "Because of this.")]
    await room.react(BOSS, added=False)
    await room.heard((BOSS, "annotation_kept"), (BOSS, "annotation_changed"))
    assert room.annotations == [("Why?", "Because of this.")]


async def test_a_vote_and_a_mark_of_one_person_are_both_told(room):
    await room.react(BOSS, "+1")
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_kept"))
    assert [call.args["rating"] for call in room.dify.journal.named(RATED)] == ["like"]
    assert room.annotations == [("Why?", "Because.")]


async def test_another_answer_to_the_same_question_leaves_the_first_as_it_is(room):
    await room.react(BOSS)
    await room.settled()
    other = ANSWER.__class__("fake", "w", "c", "a2")
    await room.answer("Because of that.", name="q2", post=other)
    await room.react(BOSS, ref=other)
    await room.settled()
    assert room.annotations == [("Why?", "Because.")]
    assert room.dify.journal.named(CHANGED) == []


async def test_two_answers_marked_at_once_are_one_annotation(room):
    other = ANSWER.__class__("fake", "w", "c", "a2")
    await room.answer(name="q2", post=other)
    await asyncio.gather(room.react(BOSS), room.react(BOSS, ref=other))
    await room.settled()
    assert room.annotations == [("Why?", "Because.")]


async def test_an_answer_that_still_grows_is_annotated_when_it_is_whole(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room, room.process():
        turn = await room.home.turn()
        await room.react(BOSS)
        assert await room.ratings.due() == []
        await room.home.ledger.close(turn, "complete")
        room.told.closed()
        await room.heard((BOSS, "annotation_no_answer"))


async def test_the_language_is_that_of_the_question(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room, room.process():
        await room.answer(query="なぜですか")
        await room.react(BOSS)
        await room.dify.journal.wait(lambda: room.whispers)
        assert room.whispers == [(BOSS, say("annotation_kept", "ja"))]


async def test_killed_before_it_could_note_that_it_was_made_it_is_not_made_twice(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room:
        await room.answer()
        room.dify.annotation_gates = (None, asyncio.Event())
        async with room.process():
            await room.react(BOSS)
            await room.dify.journal.wait(lambda: room.annotations)
        room.dify.annotation_gates = (None, None)
        assert room.whispers == []
        async with room.process():
            await room.heard((BOSS, "annotation_kept"))
        assert room.annotations == [("Why?", "Because.")]
        assert len(room.dify.journal.named(MADE)) == 1


async def test_taken_away_while_it_is_made_it_goes_again(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room, room.process():
        await room.answer()
        gate = asyncio.Event()
        room.dify.annotation_gates = (None, gate)
        await room.react(BOSS)
        await room.dify.journal.wait(lambda: room.annotations)
        await room.react(BOSS, added=False)
        gate.set()
        await room.heard((BOSS, "annotation_gone"))
        assert room.annotations == []


async def test_two_processes_that_see_it_at_once_make_one_and_say_it_once(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room:
        await room.answer()
        gate = asyncio.Event()
        room.dify.annotation_gates = (gate, None)
        async with room.process():
            await room.react(BOSS)
            async with room.process():
                await room.dify.journal.wait(lambda: len(room.dify.journal.named(MADE)) == 2)
                gate.set()
                await room.heard((BOSS, "annotation_kept"))
                await room.dify.journal.wait(lambda: len(room.annotations) == 1)


async def test_taken_away_at_one_process_while_another_one_makes_it(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room:
        await room.answer()
        gate = asyncio.Event()
        room.dify.annotation_gates = (gate, None)
        async with room.process():
            await room.react(BOSS)
            await room.dify.journal.wait(lambda: room.dify.journal.named(MADE))
            await room.react(BOSS, added=False)
            async with room.process():
                await room.heard((BOSS, "annotation_changed"))  # there is none yet
                gate.set()
                await room.dify.journal.wait(lambda: room.dify.journal.named(DELETED))
        assert room.annotations == []


async def test_dify_is_told_again_until_it_has_heard(room):
    port = int(room.dify.origin.rpartition(":")[2])
    await room.dify.stop()
    await room.react(BOSS)
    assert await room.ratings.due() == [room.turn.id]
    await room.dify.start(port)
    await room.heard((BOSS, "annotation_kept"))
    assert room.annotations == [("Why?", "Because.")]


async def test_an_answer_that_dify_has_no_more_is_said_once(room):
    room.dify.apps["app-k"].conversations.clear()
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_no_answer"))
    await room.react(BOSS, added=False)  # there is nothing to take away
    assert await room.ratings.due() == []


async def test_an_app_that_is_not_configured_any_more(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path) as room:
        await room.answer()
        async with room.process(known=False):
            await room.react(BOSS)
            await room.heard((BOSS, "annotation_no_answer"))


TEXT = [{"paragraph": {"variable": "text", "label": "Text", "required": True}}]


@pytest.mark.parametrize("mode", ["completion", "workflow", "agent"])
async def test_a_kind_of_app_without_annotations_says_so(tmp_path, new_store, mode):
    new_store(tmp_path / "s.db")
    async with office(tmp_path, mode=mode, features={"input_form": TEXT if mode != "agent" else ()}) as room:
        await room.answer()
        async with room.process():
            await room.react(BOSS)
            await room.heard((BOSS, "annotations_off"))
        assert room.dify.journal.named(LISTED) == []


@pytest.mark.parametrize("mode", ["agent-chat", "advanced-chat"])
async def test_the_other_kinds_that_have_them(tmp_path, new_store, mode):
    new_store(tmp_path / "s.db")
    async with office(tmp_path, mode=mode) as room:
        await room.answer()
        async with room.process():
            await room.react(BOSS)
            await room.heard((BOSS, "annotation_kept"))
        assert room.annotations == [("Why?", "Because.")]


async def test_a_dify_that_is_too_old_says_so(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with office(tmp_path, version="0.15.8") as room:
        await room.answer()
        async with room.process():
            await room.react(BOSS)
            await room.heard((BOSS, "dify_too_old"))


async def test_a_key_that_dify_refuses_is_said_and_not_repeated(room):
    room.dify.apps["app-k"].api_enabled = False
    await room.react(BOSS)
    await room.heard((BOSS, "annotation_refused"))
    room.dify.apps["app-k"].api_enabled = True
    await room.react(BOSS, added=False)
    await room.react(BOSS)
    await room.dify.journal.wait(lambda: room.annotations)


async def test_before_answers_are_forgotten_their_annotations_go(room):
    await room.react(BOSS)
    await room.settled()
    app, turn = room.home.app.dify, room.turn
    message = room.dify.runs[-1].message
    messages = await room.marks.marked(turn.conversation.id)
    assert messages == [message.id]
    user = turn.conversation.identity
    assert await unannotate(app, messages, user, message.conversation_id) == (1, 0)
    assert await unannotate(app, messages, user, message.conversation_id) == (0, 0)
    assert room.annotations == []
