"""Reactions become one rating per answer at Dify, with the user that asked."""

from shared import kept, ratings, shows


async def rated(dify, count):
    await dify.journal.wait(lambda: len(ratings(dify)) >= count)
    return [rating for _, _, rating in ratings(dify)]


async def test_a_reaction_rates_the_answer_and_taking_it_away_takes_the_rating_back(world, chat, dify):
    async with world.bot():
        question = chat.mention(chat.alice, "rate me")
        answer = await shows(chat, lambda: chat.in_thread(question), "turn 1")
        run = await dify.ended()
        chat.react(answer, chat.bob, chat.thumbs_up)
        await rated(dify, 1)
        chat.unreact(answer, chat.bob, chat.thumbs_up)
        await rated(dify, 2)
    user = chat.identity(question)
    assert ratings(dify) == [(run.message.id, user, "like"), (run.message.id, user, None)]


async def test_the_votes_of_several_people_become_one(world, chat, dify):
    async with world.bot():
        question = chat.mention(chat.alice, "rate me")
        answer = await shows(chat, lambda: chat.in_thread(question), "turn 1")
        await dify.ended()
        chat.react(answer, chat.alice, chat.thumbs_up)
        assert await rated(dify, 1) == ["like"]
        chat.react(answer, chat.bob, chat.thumbs_down)  # a tie goes to the latest vote
        assert await rated(dify, 2) == ["like", "dislike"]
        chat.react(answer, chat.bob, chat.thumbs_up)  # one vote each: the last that stands
        assert await rated(dify, 3) == ["like", "dislike", "like"]
        chat.unreact(answer, chat.bob, chat.thumbs_up)
        assert await rated(dify, 4) == ["like", "dislike", "like", "dislike"]


async def test_an_answer_of_yesterday_can_be_rated_after_a_restart(world, chat, dify):
    async with world.bot():
        chat.whisper("rate me")
        answer = await shows(chat, chat.in_dm, "turn 1")
        run = await dify.ended()
    async with world.bot():
        chat.react(answer, chat.alice, chat.thumbs_down)
        await rated(dify, 1)
    assert ratings(dify) == [(run.message.id, chat.personal(), "dislike")]


async def test_any_message_of_a_long_answer_can_be_rated(world, chat, dify):
    dify.reply("A sentence of the long answer. " * {"discord": 90, "slack": 400}[chat.name])
    async with world.bot():
        chat.whisper("long")
        await chat.journal.wait(lambda: len(chat.in_dm()) >= 2)
        run = await dify.ended()
        chat.react(chat.in_dm()[0], chat.alice, chat.thumbs_up)
        await rated(dify, 1)
    assert ratings(dify)[0][0] == run.message.id


async def test_reactions_on_anything_else_do_nothing(world, chat, dify):
    async with world.bot():
        question = chat.mention(chat.alice, "rate me")
        answer = await shows(chat, lambda: chat.in_thread(question), "turn 1")
        await dify.ended()
        chat.react(question, chat.bob, chat.thumbs_up)  # a question is no answer
        chat.react(answer, chat.bob, "eyes" if chat.name == "slack" else "👀")  # means nothing
        chat.react(answer, chat.bob, chat.thumbs_down)
        await rated(dify, 1)
    assert [rating for *_, rating in ratings(dify)] == ["dislike"]


async def test_a_rating_waits_for_dify_to_come_back(world, chat, dify):
    async with world.bot():
        chat.whisper("rate me")
        answer = await shows(chat, chat.in_dm, "turn 1")
        await kept(world, chat, "state = 'closed'")
        port = int(dify.base_url.split(":")[2].split("/")[0])
        await dify.stop()
        chat.react(answer, chat.alice, chat.thumbs_up)
        await chat.taken()
    await dify.start(port)
    async with world.bot():
        await rated(dify, 1)
