"""A question that Dify answers with an annotation: no model runs, and people see an answer like any other."""

import pytest
from shared import OTHER, another, kept, ratings, serve, shows

from simulators.dify.state import new_id, now

QUESTION, ANSWER = "When do you open?", "We open at **nine**."
MODES = ["chat", "agent-chat", "advanced-chat"]


def annotate(dify):
    """The app has this question among its annotations and answers with them; gives the row."""
    row = {"id": new_id(), "question": QUESTION, "answer": ANSWER, "hit_count": 0, "created_at": now()}
    dify.apps[OTHER].annotations[row["id"]] = row
    dify.apps[OTHER].annotation_reply = True
    return row


async def given_and_rated(world, chat, spot, dify):
    """The annotation is the answer, alone, closed as a good one; somebody rates it, and the talk goes on."""
    row = annotate(dify)
    question = spot.ask(QUESTION)
    answer = await shows(chat, spot.answers, "nine")
    await kept(world, chat, "state = 'closed'")
    run = await dify.ended()
    assert (run.annotated["id"], row["hit_count"]) == (row["id"], 1)
    assert [chat.text(each).replace("*", "").strip() for each in spot.answers()] == ["We open at nine."]
    chat.react(answer, chat.alice, chat.thumbs_up)
    await dify.journal.wait(lambda: ratings(dify))
    user = dify.runs[0].user
    assert user in {chat.personal(), chat.identity(question)}
    assert ratings(dify) == [(run.message.id, user, "like")]
    spot.ask("And on Sundays?")
    await shows(chat, spot.answers, "You said: And on Sundays?", count=2)
    assert [each.conversation.id for each in dify.runs] == [run.conversation.id] * 2
    assert len(spot.answers()) == 2


@pytest.mark.parametrize("mode", MODES)
async def test_it_is_shown_and_rated_as_any_answer(world, chat, spot, dify, mode):
    serve(world, mode)
    async with world.bot():
        await given_and_rated(world, chat, spot, dify)


@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_also_where_answers_come_as_a_whole(world, chat, dm, dify, mode):
    serve(world, mode)
    async with world.bot(apps__support__response="blocking"):
        await given_and_rated(world, chat, dm, dify)


@pytest.mark.parametrize("version", ["0.15.8", "1.12.0"])
async def test_also_by_older_releases_where_the_run_says_nothing_of_its_end(world, chat, dm, version):
    async with another(version) as dify:
        serve(world, "advanced-chat", dify)
        async with world.bot():
            await given_and_rated(world, chat, dm, dify)
