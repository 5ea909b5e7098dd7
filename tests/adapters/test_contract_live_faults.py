"""What every adapter makes of a message whose writing fails, whatever its platform."""

import asyncio

import pytest

from core.contract import Gone, RateLimited
from core.messages import Draft, Target
from tests.adapters.crew import persist


@pytest.mark.parametrize("kind", ["reply lost", "not done"])
@pytest.mark.parametrize("final", [False, True])
async def test_an_uncertain_post_is_one_message(stage, kind, final):
    live = stage.live()
    with stage.driver.trouble(kind):
        assert await persist(live, Draft("Love", final=final)) > 0
    assert (stage.only().text, stage.only().ref) == ("Love", live.ref)
    await live.show(Draft("Love is all.", final=True))
    assert (stage.only().text, stage.only().growing) == ("Love is all.", False)


@pytest.mark.parametrize("kind", ["reply lost", "not done"])
@pytest.mark.parametrize("final", [False, True])
async def test_an_uncertain_edit_shows_the_text_once(stage, kind, final):
    live = stage.live()
    await live.show(Draft("Love"))
    with stage.driver.trouble(kind):
        assert await persist(live, Draft("Love is all.", final=final)) > 0
    assert stage.only().text == "Love is all."
    await live.show(Draft("Love is all. Yes.", final=True, notices=("Stopped.",)))
    assert (stage.only().text, stage.only().growing) == ("Love is all. Yes.", False)
    assert list(stage.only().notices) == ["Stopped."]


async def test_a_lost_post_of_one_page_is_not_taken_for_another(stage):
    await stage.live().show(Draft("page one", final=True))
    stage.target = Target(stage.target.place, stage.target.question, stage.target.asker, "turn-1:1")
    live = stage.live()
    with stage.driver.trouble("reply lost"):
        await persist(live, Draft("page two"))
    await live.show(Draft("page two.", final=True))
    assert [each.text for each in stage.driver.ours()] == ["page one", "page two."]


@pytest.mark.parametrize("begun", [False, True])
async def test_a_rate_limit_is_told_and_nothing_is_done(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft("Love"))
    before = stage.driver.ours()
    with stage.driver.trouble("limited"):
        with pytest.raises(RateLimited) as limited:
            await asyncio.wait_for(live.show(Draft("Love is")), 1)
        assert limited.value.retry_after == stage.driver.wait
        assert stage.driver.ours() == before
    await live.show(Draft("Love is all.", final=True))
    assert stage.only().text == "Love is all."


async def test_a_deleted_message_is_gone(stage):
    live = stage.live()
    await live.show(Draft("Love"))
    stage.driver.delete(live.ref)
    with pytest.raises(Gone) as gone:
        await live.show(Draft("Love is"))
    assert str(gone.value)
    await live.remove()
    assert stage.driver.ours() == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_channel_that_is_gone(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft("Love"))
    stage.driver.close(stage.target.question)
    with pytest.raises(Gone) as gone:
        await live.show(Draft("Love is", final=True))
    assert str(gone.value)


@pytest.mark.parametrize("final", [False, True])
async def test_a_removed_message_is_removed_once(stage, final):
    live = stage.live()
    await live.remove()
    await live.show(Draft("Love", final=final))
    await live.remove()
    assert stage.driver.ours() == []
    await live.remove()
