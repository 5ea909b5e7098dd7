"""`parley forget` and annotations: a forgotten person's questions are annotations at Dify no more."""

import pytest

from core.messages import MessageRef
from core.store.marks import Marks
from core.store.ratings import Ratings
from core.store.tables import votes
from tests.bots.test_forget import SECRET, desk, dify, embedded_url, office, url  # noqa: F401 (fixtures)

PIN = "📌"


async def annotated(house, turn, *people):
    """These people marked an answer, and Dify was told."""
    marks, post = Marks(house.database), MessageRef("slack", "W", "C", f"a{turn.id}")
    for person in people:
        await marks.mark(turn.id, post, person, PIN)
    answer = said(house, turn)
    await house.apps["support"].dify.client.api.annotations.create(SECRET, answer)
    await marks.settle(turn.id, (await marks.of(turn.id)).marks, kept=True)
    await Ratings(house.database).told(turn.id, "", [])


def said(house, turn):
    """What Dify answered."""
    [answer] = {run.answer for run in house.dify.runs if run.user == turn.conversation.identity}
    return answer


def annotations(house):
    return [row["question"] for row in house.dify.apps["app-support"].annotations.values()]


async def test_the_annotations_of_a_persons_questions_go_with_them(office):  # noqa: F811
    for thread, person in [("mine", "alice"), ("dm", "alice"), ("ours", "alice"), ("his", "bob")]:
        office.dify.reply(f"An answer for {thread}.")
        turn = await office.asked(person, thread, direct=thread == "dm")
        await annotated(office, turn, "boss", "alice")
    await office.asked("bob", "ours")
    done = await office.forget()
    assert done.lines() == [
        "erased: 3 questions, 1 reaction, 2 conversations",
        "deleted at Dify: 2 conversations",
        "deleted at Dify: 3 annotations",
        "left at Dify, because others took part: 1 conversation",
    ]
    assert annotations(office) == [SECRET]  # that of what Bob asked
    assert await office.rows(votes.c.person) == [("boss",)]


async def test_who_marked_is_forgotten_and_the_annotation_stays(office):  # noqa: F811
    turn = await office.asked("bob", "his")
    await annotated(office, turn, "alice")
    done = await office.forget()
    assert done.lines()[0] == "erased: 0 questions, 1 reaction, 0 conversations"
    assert await office.rows(votes.c.person) == []
    assert annotations(office) == [SECRET]
    ratings = Ratings(office.database)
    await ratings.told(turn.id, "", [])
    assert await ratings.due() == []


async def test_while_dify_is_away_what_leads_to_an_annotation_stays(desk):  # noqa: F811
    shared = await desk.asked("alice", "ours")
    await desk.asked("bob", "ours")
    await annotated_in_shared(desk, shared)
    port = int(desk.dify.origin.rpartition(":")[2])
    await desk.dify.stop()
    done = await desk.forget()
    assert (done.questions, done.kept) == (0, {"support": 1})
    assert await desk.authors() == ["alice", "bob"]
    await desk.dify.start(port)
    done = await desk.forget()
    assert (done.questions, done.annotations, done.problems) == (1, 1, {})
    assert annotations(desk) == []
    assert await desk.authors() == ["bob"]


async def annotated_in_shared(house, turn):
    """Alice herself marked the answer to her question, in a conversation with others."""
    answer = house.dify.runs[0].answer
    await Marks(house.database).mark(turn.id, MessageRef("slack", "W", "C", f"a{turn.id}"), "alice", PIN)
    await house.apps["support"].dify.client.api.annotations.create(SECRET, answer)


@pytest.mark.parametrize("edited", [True, False])
async def test_one_that_people_have_edited_is_theirs(desk, edited):  # noqa: F811
    turn = await desk.asked("alice", "mine")
    await annotated(desk, turn, "boss")
    if edited:
        [row] = desk.dify.apps["app-support"].annotations.values()
        row["answer"] = "What the team says."
    assert (await desk.forget()).annotations == (0 if edited else 1)
    assert annotations(desk) == ([SECRET] if edited else [])


async def test_an_annotation_whose_answer_dify_has_no_more_is_told(desk):  # noqa: F811
    turn = await desk.asked("alice", "mine")
    await annotated(desk, turn, "boss")
    client, conversation = desk.apps["support"].dify.client, desk.dify.runs[0].conversation.id
    await client.delete_conversation(conversation, turn.conversation.identity)
    done = await desk.forget()
    assert (done.annotations, done.unknown) == (0, 1)
    assert any("1 answer kept there can't be found" in line for line in done.lines())
