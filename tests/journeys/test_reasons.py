"""What people think of an answer, in their own words: a form behind a button, passed on to Dify."""

import pytest
from extras import answered, offers, say_why, whispered

BUTTON = "💬 Feedback"
RATED = "POST /messages/{message_id}/feedbacks"


def told(dify):
    return [(c.args["user"], c.args["rating"], c.args.get("content")) for c in dify.journal.named(RATED)]


@pytest.mark.parametrize(("choice", "rating"), [("👎 No", "dislike"), ("👍 Yes", "like")])
async def test_a_reason_reaches_dify_with_the_user_that_asked(world, chat, dify, choice, rating):
    async with world.bot(feedback__reasons=True):
        question = chat.mention(chat.alice, "hello")
        answer = await offers(chat, lambda: chat.in_thread(question), BUTTON)
        press = chat.press(answer, chat.bob, BUTTON)
        await say_why(chat, press, choice, "Too short, @everyone.")
        await whispered(chat, chat.bob, "Thank you")
    assert told(dify) == [(chat.identity(question), rating, "Too short, @everyone.")]
    assert dify.journal.named(RATED)[0].args["message_id"] == dify.runs[0].message.id


async def test_a_rating_without_words_is_one_too(world, chat, dify):
    async with world.bot(feedback__reasons=True):
        chat.whisper("hello")
        answer = await offers(chat, chat.in_dm, BUTTON)
        press = chat.press(answer, chat.alice, BUTTON)
        await say_why(chat, press, "👍 Yes", "")
        await whispered(chat, chat.alice, "Thank you")
    assert told(dify) == [(chat.personal(), "like", None)]


async def test_no_button_where_nobody_wants_reasons(world, chat, dify):
    async with world.bot():
        chat.whisper("hello")
        answer = await answered(chat, "turn 1")
        chat.whisper("more")
        await answered(chat, "turn 2", count=2)
    assert not chat.buttons(answer)
