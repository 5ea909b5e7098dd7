"""An admin marks an answer, and Dify keeps question and answer as an annotation, until the mark is gone."""

import asyncio

import pytest
from conftest import KEY
from shared import OTHER, another, kept, ratings, serve, shows, told

MADE = "POST /apps/annotations"


@pytest.fixture
def pin(chat):
    return "pushpin" if chat.name == "slack" else "📌"


@pytest.fixture
def admin(world, chat):
    """Alice is one; Bob is none."""
    world.settings["admins"] = [f"{chat.name}:{chat.alice.id}"]
    return chat.alice


def annotations(dify, key=KEY):
    """What the app has, without the ids."""
    return [(row["question"], row["answer"]) for row in dify.apps[key].annotations.values()]


async def has(dify, *wanted, key=KEY):
    """Wait until the app has exactly these."""
    try:
        await dify.journal.wait(lambda: annotations(dify, key) == list(wanted))
    except TimeoutError:
        pytest.fail(f"it has {annotations(dify, key)}")


async def hears(chat, person, text):
    """Where the platform can say something to one person alone, it does; else nothing is said at all."""
    if chat.name == "slack":
        await told(chat, person, text)
    else:  # Discord: only somebody who pressed a button can be told something alone
        assert chat.whispers(person) == []


async def test_a_mark_keeps_the_answer_and_taking_it_away_removes_it(world, chat, dify, admin, pin):
    dify.reply("Because **it** is so.")
    async with world.bot():
        question = chat.mention(chat.bob, "Why?")
        answer = await shows(chat, lambda: chat.in_thread(question), "it")
        await dify.ended()
        chat.react(answer, admin, pin)
        await has(dify, ("Why?", "Because **it** is so."))
        await kept(world, chat, "rating_due = false")
        await hears(chat, admin, "I kept this answer")
        chat.unreact(answer, admin, pin)
        await has(dify)
        await kept(world, chat, "rating_due = false")
        await hears(chat, admin, "is removed from Dify")
        assert chat.in_thread(question) == [answer]
        assert chat.whispers(chat.bob) == []
    assert ratings(dify) == []


async def test_who_is_no_admin_marks_nothing(world, chat, dify, admin, pin):
    async with world.bot():
        question = chat.mention(admin, "Why?")
        answer = await shows(chat, lambda: chat.in_thread(question), "turn 1")
        await dify.ended()
        chat.react(answer, chat.bob, pin)
        chat.react(answer, chat.bob, chat.thumbs_up)
        await dify.journal.wait(lambda: ratings(dify))
        await kept(world, chat, "rating_due = false")
    assert annotations(dify) == []
    assert dify.journal.named("GET /apps/annotations") == []


async def test_without_admins_it_means_nothing(world, chat, dify, pin):
    async with world.bot():
        chat.whisper("Why?")
        answer = await shows(chat, chat.in_dm, "turn 1")
        await dify.ended()
        chat.react(answer, chat.alice, pin)
        chat.react(answer, chat.alice, chat.thumbs_up)
        await dify.journal.wait(lambda: ratings(dify))
    assert annotations(dify) == []


async def test_it_stands_while_one_admins_mark_stands(world, chat, dify, pin):
    world.settings["admins"] = [f"{chat.name}:{person.id}" for person in (chat.alice, chat.bob)]
    async with world.bot():
        question = chat.mention(chat.alice, "Why?")
        answer = await shows(chat, lambda: chat.in_thread(question), "turn 1")
        run = await dify.ended()
        chat.react(answer, chat.alice, pin)
        chat.react(answer, chat.bob, pin)
        await has(dify, ("Why?", run.answer))
        chat.unreact(answer, chat.alice, pin)
        chat.react(answer, chat.alice, chat.thumbs_up)
        await dify.journal.wait(lambda: ratings(dify))
        await kept(world, chat, "rating_due = false")
        assert annotations(dify) == [("Why?", run.answer)]
        chat.unreact(answer, chat.bob, pin)
        await has(dify)


async def test_killed_after_dify_had_it_and_before_we_knew_it_is_made_once(world, chat, dify, admin, pin):
    app, gate = dify.apps[KEY], asyncio.Event()
    async with world.process():
        chat.whisper("Why?")
        answer = await shows(chat, chat.in_dm, "turn 1")
        run = await dify.ended()
        await kept(world, chat, "state = 'closed'")
        dify.annotation_gates = (None, gate)
        chat.react(answer, admin, pin)
        await dify.journal.wait(lambda: app.annotations)
    dify.annotation_gates = (None, None)
    gate.set()
    await kept(world, chat, "rating_due = true")
    async with world.bot():
        await kept(world, chat, "rating_due = false")
        assert annotations(dify) == [("Why?", run.answer)]
        assert len(dify.journal.named(MADE)) == 1
        chat.unreact(answer, admin, pin)
        await has(dify)


async def test_a_mark_waits_for_dify_to_come_back(world, chat, dify, admin, pin):
    async with world.bot():
        chat.whisper("Why?")
        answer = await shows(chat, chat.in_dm, "turn 1")
        run = await dify.ended()
        await kept(world, chat, "state = 'closed'")
        port = int(dify.base_url.split(":")[2].split("/")[0])
        await dify.stop()
        chat.react(answer, admin, pin)
        await chat.taken()
    await dify.start(port)
    async with world.bot():
        await has(dify, ("Why?", run.answer))


async def test_an_older_answer_is_kept_after_the_place_began_afresh(world, chat, dify, admin, pin):
    dify.reply("The first.", "The second.")
    async with world.bot():
        chat.whisper("Why?")
        answer = await shows(chat, chat.in_dm, "The first.")
        await kept(world, chat, "state = 'closed'")
        chat.whisper("new")
        await shows(chat, chat.in_dm, "start afresh", count=2)
        chat.whisper("And why?")
        await shows(chat, chat.in_dm, "The second.", count=3)
        chat.react(answer, admin, pin)
        await has(dify, ("Why?", "The first."))


async def test_another_answer_to_the_same_question_leaves_the_first(world, chat, dify, admin, pin):
    dify.reply("No idea.", "Because.")
    async with world.bot():
        chat.whisper("Why?")
        first = await shows(chat, chat.in_dm, "No idea.")
        await kept(world, chat, "state = 'closed'")
        chat.react(first, admin, pin)
        await has(dify, ("Why?", "No idea."))
        chat.whisper("Why?")
        second = await shows(chat, chat.in_dm, "Because.", count=2)
        await kept(world, chat, "state = 'closed'")
        chat.react(second, admin, pin)
        if chat.name == "slack":  # (Discord has no way to tell one person about a reaction)
            await told(chat, admin, "another answer to this question")
        chat.unreact(first, admin, pin)
        await has(dify)
        chat.unreact(second, admin, pin)
        chat.react(second, admin, pin)  # now there is room for it
        await has(dify, ("Why?", "Because."))


@pytest.mark.parametrize(
    ("mode", "version", "why"),
    [("workflow", "1.16.1", "only chat, agent and chatflow"), ("chat", "0.15.8", "too old for this")],
)
async def test_where_it_is_not_possible_it_is_said(world, chat, admin, pin, mode, version, why):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply("Because.")
        async with world.bot():
            chat.whisper("Why?")
            answer = await shows(chat, chat.in_dm, "Because.")
            await kept(world, chat, "state = 'closed'")
            chat.react(answer, admin, pin)
            await chat.taken()
            await kept(world, chat, "rating_due = false")
            await hears(chat, admin, why)
        assert dify.apps[OTHER].annotations == {}


async def test_who_has_the_conversation_forgotten_has_the_annotation_forgotten(world, chat, dify, admin, pin):
    async with world.bot():
        chat.whisper("Why?")
        answer = await shows(chat, chat.in_dm, "turn 1")
        run = await dify.ended()
        chat.react(answer, admin, pin)
        await has(dify, ("Why?", run.answer))
        await kept(world, chat, "rating_due = false")
        await chat.command(admin, "forget", direct=True)
        await told(chat, admin, "deleted, here and in Dify")
    assert annotations(dify) == []
    assert dify.apps[KEY].conversations == {}
