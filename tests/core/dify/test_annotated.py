"""One answer as an annotation: found in Dify's history, kept once, taken out again, whatever came between."""

import asyncio

import pytest

from core.dify.annotated import Pair, drop, keep, pair_of
from core.errors import DifyLost, DifyRefused
from simulators.dify.state import Message

MADE = "POST /apps/annotations"
PAIR = Pair("What is Dify?", "A platform.")


def rows(dify):
    return [(row["question"], row["answer"]) for row in dify.apps["app-chat"].annotations.values()]


@pytest.fixture
def us(dify, asker):
    return asker(dify)


async def said(us, answer, conversation_id=""):
    """The user's conversation and the id of its newest message."""
    await us.ask("What is Dify?", conversation_id=conversation_id)
    message = answer.runs[-1].message
    return message.conversation_id, message.id


async def test_question_and_answer_are_found_in_the_conversation(us, dify):
    dify.reply("A platform.")
    conversation, message = await said(us, dify)
    assert await pair_of(us.client.api, message, us.user, conversation) == PAIR
    assert dify.journal.named("GET /conversations") == []


async def test_however_many_messages_came_after(us, dify):
    dify.reply("A platform.")
    conversation, message = await said(us, dify)
    app = dify.apps["app-chat"]
    for number in range(250):
        later = Message(conversation, us.user, f"more {number}", {}, "r", answer="…")
        later.created_at += 1 + number
        app.conversations[conversation].messages.append(later)
    assert await pair_of(us.client.api, message, us.user, conversation) == PAIR
    assert len(dify.journal.named("GET /messages")) == 3


@pytest.mark.parametrize("now", ["", "another", "gone"])
async def test_also_where_the_place_has_begun_afresh_since(us, dify, now):
    dify.reply("A platform.", "Something else.")
    _, message = await said(us, dify)
    other, _ = await said(us, dify)
    current = {"": "", "another": other, "gone": message}[now]
    assert await pair_of(us.client.api, message, us.user, current) == PAIR


async def test_an_answer_that_dify_has_no_more_is_nothing(us, dify):
    conversation, message = await said(us, dify)
    assert await pair_of(us.client.api, message, "somebody else", conversation) is None
    await us.client.delete_conversation(conversation, us.user)
    assert await pair_of(us.client.api, message, us.user, conversation) is None


async def test_an_answer_without_a_word_is_nothing(us, dify):
    dify.reply("")
    conversation, message = await said(us, dify)
    assert await pair_of(us.client.api, message, us.user, conversation) is None


async def test_kept_again_and_again_it_is_there_once(us, dify):
    for _ in range(3):
        await keep(us.client.api.annotations, PAIR)
    assert rows(dify) == [("What is Dify?", "A platform.")]
    assert len(dify.journal.named(MADE)) == 1


async def test_another_answer_to_the_same_question_stays_as_it_is(us, dify):
    assert await keep(us.client.api.annotations, Pair("What is Dify? And why?", "Other."))
    assert await keep(us.client.api.annotations, Pair("What is Dify?", "With care."))
    assert not await keep(us.client.api.annotations, PAIR)
    assert sorted(rows(dify)) == [("What is Dify?", "With care."), ("What is Dify? And why?", "Other.")]


async def test_only_what_says_exactly_this_is_dropped(us, dify):
    api = us.client.api.annotations
    for question, answer in [
        ("What is Dify?", "A platform"),
        ("what is dify?", "A platform."),
        ("Who?", "I."),
    ]:
        await api.create(question, answer)
    assert await drop(api, PAIR) is False
    await keep(api, Pair("Who?", "I."))
    assert await drop(api, Pair("Who?", "I.")) is True
    assert rows(dify) == [("What is Dify?", "A platform"), ("what is dify?", "A platform.")]


async def test_one_whose_making_was_never_confirmed_is_not_made_twice(us, dify):
    app = dify.apps["app-chat"]
    dify.annotation_gates = (None, asyncio.Event())
    keeping = asyncio.create_task(keep(us.client.api.annotations, PAIR))
    await dify.journal.wait(lambda: app.annotations)
    keeping.cancel()
    await asyncio.wait([keeping])
    dify.annotation_gates = (None, None)
    await keep(us.client.api.annotations, PAIR)
    assert rows(dify) == [("What is Dify?", "A platform.")]
    assert len(dify.journal.named(MADE)) == 1


async def test_of_two_processes_at_once_one_annotation_is_left(us, dify, asker):
    app, gate = dify.apps["app-chat"], asyncio.Event()
    dify.annotation_gates = (gate, None)
    other = asker(dify)  # over connections of its own, as another process
    dify.apps["app-chat"] = app
    both = [asyncio.create_task(keep(each.client.api.annotations, PAIR)) for each in (us, other)]
    await dify.journal.wait(lambda: len(dify.journal.named(MADE)) == 2)  # each saw that there was none
    gate.set()
    await asyncio.gather(*both)
    assert rows(dify) == [("What is Dify?", "A platform.")]


@pytest.mark.parametrize(
    "question",
    [r"Is it C:\temp\%x_1%?", "100%", "%", "a\nb\nc", "x" * 40_000, "語" * 5_000, " blanks  around ", "💣?"],
    ids=[
        "path",
        "percent",
        "only a percent",
        "lines",
        "very long",
        "very long, not ASCII",
        "blanks",
        "emoji",
    ],
)
async def test_a_question_is_found_whatever_is_in_it(us, dify, question):
    pair = Pair(question, "Yes.")
    await keep(us.client.api.annotations, pair)
    await keep(us.client.api.annotations, pair)
    assert rows(dify) == [(question, "Yes.")]
    for call in dify.journal.named("GET /apps/annotations"):  # a URL has to stay below 4 KB
        assert len(call.args.get("keyword", "")) <= 60
        assert not set(call.args.get("keyword", "")) & set("\\%_\n")
    assert await drop(us.client.api.annotations, pair)
    assert rows(dify) == []


async def test_among_very_many(us, dify):
    app = dify.apps["app-chat"]
    await keep(us.client.api.annotations, PAIR)
    [first] = app.annotations.values()
    for number in range(230):
        app.annotations[str(number)] = {**first, "id": str(number), "question": f"What is Dify? {number}"}
    await keep(us.client.api.annotations, PAIR)
    assert len(app.annotations) == 231
    assert await drop(us.client.api.annotations, PAIR)
    assert len(app.annotations) == 230


async def test_files_in_an_answer_are_the_same_however_they_are_signed(us, dify):
    url = "http://dify/files/tools/a1.png"
    first, later = (f"![x]({url}?timestamp={at}&nonce=ab{at}&sign=c-{at}_D%3D=) end" for at in (1, 2))
    await keep(us.client.api.annotations, Pair("Q?", first))
    await keep(us.client.api.annotations, Pair("Q?", later))
    assert rows(dify) == [("Q?", first)]
    assert not await drop(us.client.api.annotations, Pair("Q?", later.replace("end", "other")))
    assert await drop(us.client.api.annotations, Pair("Q?", later))


async def test_a_kind_of_app_without_annotations_refuses(dify, asker):
    with pytest.raises(DifyRefused) as caught:
        await keep(asker(dify, "workflow").client.api.annotations, PAIR)
    assert not caught.value.advice.retry


async def test_a_reply_that_is_lost_is_an_error_and_then_found(us, dify):
    app = dify.apps["app-chat"]
    dify.annotation_gates = (None, asyncio.Event())
    keeping = asyncio.create_task(keep(us.client.api.annotations, PAIR))
    await dify.journal.wait(lambda: app.annotations)
    port = int(dify.origin.rpartition(":")[2])
    await dify.stop()
    with pytest.raises(DifyLost):
        await keeping
    dify.annotation_gates = (None, None)
    await dify.start(port)
    await keep(us.client.api.annotations, PAIR)
    assert rows(dify) == [("What is Dify?", "A platform.")]
