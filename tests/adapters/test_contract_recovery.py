"""What every adapter finds of an answer that a process began which is no more, and how it ends it."""

from dataclasses import replace

import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Draft
from tests.adapters.contract import eventually


def keyed(target, key):
    return replace(target, key=key)


async def written(stage, *texts, key="turn-1", finished=True):
    """Pages of an answer as a process wrote them; unless finished, it died in the midst of the last one."""
    refs = []
    for number, text in enumerate(texts):
        live = stage.bot.adapter.live(keyed(stage.target, f"{key}:{number}"))
        await live.show(Draft(text[:2]))
        if finished or text is not texts[-1]:
            await live.show(Draft(text, final=True))
        refs.append(live.ref)
    return refs


async def restart(stage):
    """Another process, to which nothing was handed over."""
    await stage.crew.end()
    stage.bot = await stage.crew.start(**stage.settings)


async def found(stage, key="turn-1"):
    return list(await stage.bot.adapter.find(keyed(stage.target, key)))


@pytest.mark.parametrize("finished", [True, False])
async def test_the_pages_of_an_answer_are_found_in_their_order(stage, finished):
    refs = await written(stage, "page one", "page two", finished=finished)
    await restart(stage)
    standing = await found(stage)
    assert [each.ref for each in standing] == refs
    assert all(each.page in (number, None) for number, each in enumerate(standing))


async def test_nothing_is_found_where_nothing_was_posted(stage):
    assert await found(stage) == []


async def test_a_removed_page_is_not_found(stage):
    kept, removed = await written(stage, "page one", "page two")
    await stage.bot.adapter.live(keyed(stage.target, "turn-1:1"), removed).remove()
    assert [each.ref for each in await found(stage)] == [kept]


async def test_pages_of_another_answer_are_not_taken_for_ours(stage):
    await written(stage, "an answer", key="turn-10")
    mine = await written(stage, "page one")
    await restart(stage)
    assert [each.ref for each in await found(stage) if each.page is not None] in (mine, [])
    assert mine[0] in [each.ref for each in await found(stage)]


@pytest.mark.parametrize("followed", [True, False])
async def test_what_was_said_before_the_question_is_not_found(stage, followed):
    await written(stage, "an answer")
    driver, first = stage.driver, stage.target.question
    if stage.target.place.direct:
        driver.whisper("And hate?")
    elif followed:
        driver.follow(first, f"{driver.me} And hate?")
    else:
        driver.mention("And hate?")
    heard = await stage.bot.inbox.next()
    assert heard.ref != first
    stage.target = replace(stage.target, place=heard.place, question=heard.ref)
    assert await found(stage, "turn-2") == []
    refs = await written(stage, "another", key="turn-2")
    assert [each.ref for each in await found(stage, "turn-2")] == refs


async def test_what_people_say_is_not_found(stage):
    refs = await written(stage, "page one")
    if stage.target.place.direct:
        stage.driver.whisper("thanks")
    else:
        stage.driver.follow(stage.target.question, "thanks")
        stage.driver.noise(stage.target.question)
    await stage.driver.settled()
    assert [each.ref for each in await found(stage)] == refs


@pytest.mark.parametrize("growing", [False, True])
async def test_another_process_ends_an_answer_in_the_same_message(stage, growing):
    await written(stage, "Love is all.", finished=False)
    await restart(stage)
    [standing] = await found(stage)
    live = stage.bot.adapter.live(keyed(stage.target, "turn-1:0"), standing.ref)
    if growing:
        await live.show(Draft("Love is"))
        assert stage.only().text == "Love is"
    await live.show(Draft("Love was all.", redraw=True, final=True, notices=("Late.",)))
    shown = stage.only()
    assert (shown.ref, shown.text, list(shown.notices)) == (standing.ref, "Love was all.", ["Late."])
    assert not shown.growing
    assert [each.ref for each in await found(stage)] == [standing.ref]


async def test_another_process_removes_a_page_that_was_still_growing(stage):
    await written(stage, "Love is all.", finished=False)
    await restart(stage)
    [standing] = await found(stage)
    await stage.bot.adapter.live(keyed(stage.target, "turn-1:0"), standing.ref).remove()
    assert stage.driver.ours() == []


async def test_where_the_channel_is_gone_nothing_is_looked_for(stage):
    await written(stage, "page one")
    stage.driver.close(stage.target.question)
    with pytest.raises(Gone) as gone:
        await found(stage)
    assert str(gone.value)


async def test_a_search_that_nobody_answers_is_uncertain(stage):
    await written(stage, "page one")
    async with stage.driver.unreachable():
        with pytest.raises((Uncertain, RateLimited)):
            await found(stage)
    await eventually(lambda: stage.bot.adapter.status == "ok")
    assert len(await found(stage)) == 1


class Relieved(Exception):  # noqa: N818
    """This process may not write any more."""


def guard_of(times):
    """Lets so many requests through."""
    asked = []

    async def guard():
        asked.append(None)
        if len(asked) > times:
            raise Relieved

    return guard, asked


async def test_who_may_not_write_any_more_posts_nothing(stage):
    guard, _ = guard_of(0)
    live = stage.bot.adapter.live(keyed(stage.target, "turn-1:0"), guard=guard)
    with pytest.raises(Relieved):
        await live.show(Draft("late"))
    assert await found(stage) == []


async def test_who_may_not_write_any_more_leaves_what_stands(stage):
    [ref] = await written(stage, "the answer")
    guard, _ = guard_of(0)
    late = stage.bot.adapter.live(keyed(stage.target, "turn-1:0"), ref, guard)
    with pytest.raises(Relieved):
        await late.show(Draft("the"))
    with pytest.raises(Relieved):
        await late.remove()
    assert [shown.text for shown in stage.driver.ours() if shown.ref == ref] == ["the answer"]


async def test_every_request_of_a_message_asks_whether_we_may(stage):
    guard, asked = guard_of(100)
    live = stage.bot.adapter.live(keyed(stage.target, "turn-1:0"), guard=guard)
    await live.show(Draft("Hel"))
    after_post = len(asked)
    await live.show(Draft("Hello"))
    await live.show(Draft("Hello", final=True, notices=("Done.",)))
    await live.remove()
    assert 0 < after_post < len(asked) - 2
