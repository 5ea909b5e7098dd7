"""How every adapter writes a message that grows, whatever its platform."""

import asyncio
import re

import pytest

from core.messages import Draft


async def test_a_message_grows_and_is_closed(stage):
    live = stage.live()
    texts = ["Love", "Love is", "Love is all."]
    for text in texts:
        receipt = await live.show(Draft(text, final=text == texts[-1]))
        shown = stage.only()
        assert (shown.text, shown.ref) == (text, live.ref)
        assert receipt.ref == live.ref
        assert receipt.allowance is None or receipt.allowance.remaining >= 0
        assert live.budget(Draft("more")).key.startswith(stage.driver.name)
    assert list(shown.states) == texts
    assert not shown.growing
    assert not shown.previews


async def test_the_ways_say_what_growing_and_ending_will_be_taken_from(stage):
    live = stage.live()
    for way in live.ways():
        live = stage.live()
        live.go(way)
        await live.show(Draft("Love"))
        assert live.budget(Draft("Love is")) == way.grow
        assert live.budget(Draft("Love is", final=True)) == way.close


async def test_the_end_may_be_shown_beside_an_edit_and_once_more_stands_whichever_landed_last(stage):
    live = stage.live()
    live.go(live.ways()[-1])  # by edits, everywhere
    await live.show(Draft("Love"))
    end = Draft("Love is all.", final=True, notices=("Late.",))
    assert live.budget(end).whole
    await asyncio.gather(live.show(end), live.show(Draft("Love is")))  # the older one may land last
    await live.show(end)
    shown = stage.only()
    assert (shown.text, list(shown.notices)) == ("Love is all.", ["Late."])


async def test_an_answer_that_is_ready_at_once_is_one_message(stage):
    await stage.live().show(Draft("Love is all.", final=True, notices=("Memory starts afresh.",)))
    shown = stage.only()
    assert (shown.text, list(shown.notices)) == ("Love is all.", ["Memory starts afresh."])
    assert not shown.growing
    assert not shown.previews


@pytest.mark.parametrize("final", [False, True])
async def test_the_same_draft_twice_is_one_message(stage, final):
    live = stage.live()
    for _ in range(3):
        await live.show(Draft("Love", final=final, notices=("Stopped.",) if final else ()))
    shown = stage.only()
    assert (shown.text, list(shown.states)) == ("Love", ["Love"] if not final else list(shown.states)[:1])


async def test_notices_stand_apart_from_the_text(stage):
    live = stage.live()
    await live.show(Draft("```py\nx = 1"))
    notices = ("Stopped by Alice.", f"Ask {stage.driver.them['bob']} again.")
    await live.show(Draft("```py\nx = 12", final=True, notices=notices))
    shown = stage.only()
    assert shown.text == "```py\nx = 12\n```"
    assert shown.notices[0] == "Stopped by Alice."
    assert len(shown.notices) == 2
    assert not shown.pings


@pytest.mark.parametrize("begun", [False, True])
async def test_notices_alone_are_shown(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft(""))
    await live.show(Draft("", final=True, notices=("Dify does not answer.",)))
    shown = stage.only()
    assert list(shown.notices) == ["Dify does not answer."]
    assert shown.text in ("", "…")


@pytest.mark.parametrize("final", [False, True])
async def test_a_redraw_replaces_what_was_shown(stage, final):
    live = stage.live()
    await live.show(Draft("Something rude"))
    await live.show(Draft("Sorry.", redraw=True, final=final))
    assert stage.only().text == "Sorry."
    await live.show(Draft("Sorry. Again.", final=True))
    shown = stage.only()
    assert (shown.text, shown.growing) == ("Sorry. Again.", False)


@pytest.mark.parametrize("closed", [False, True])
async def test_after_a_restart_the_message_is_written_on(stage, closed):
    posted = (await stage.live().show(Draft("Love", final=closed))).ref
    await stage.crew.end()
    stage.bot = await stage.crew.start(**stage.settings)
    live = stage.live(posted)
    assert live.ref == posted
    for text in ("Love is", "Love is all."):
        assert (await live.show(Draft(text, final=text.endswith(".")))).ref == posted
        assert (stage.only().text, stage.only().ref) == (text, posted)
    assert not stage.only().growing


PIECES = {
    "fences": "Look {n}:\n\n```python\nprint({n}, '<b>')\n```\n\n",
    "tables": "| Name {n} | 数量 |\n|:---|---:|\n| **x** | `{n}` |\n| a cell | [a](https://a.b/{n}) |\n\n",
    "links": "see [the docs {n}](https://example.com/a_(b)?n={n}&x=1) and <https://a.b/{n}|this>, ",
    "cjk": "第{n}条：愛とは何か、日本語で説明してください。",
    "emoji": "👍🏽👩‍👩‍👧‍👦 {n} & < > ",
    "mentions": "<!channel> @everyone <@{id}> <@&{id}> {n}\n",
    "markup": "#### H {n}\n> *a* __b__ ~~c~~ \\* `<@{id}>` ![i](https://a.b/{n}.png)\n- [ ] x\n",
}


def filled(adapter, place, piece):
    """As many pieces as a page holds, and how many that are."""
    text, number, length = "", 100, adapter.limits(place).page_length
    while adapter.measure(more := text + piece.replace("{n}", str(number))) <= length:
        text, number = more, number + 1
    return text, range(100, number)


@pytest.mark.parametrize("kind", PIECES)
async def test_a_full_page_fits_and_pings_nobody(stage, kind):
    driver = stage.driver
    piece = PIECES[kind].replace("{id}", re.sub(r"\D*(\w+)>", r"\1", driver.them["bob"].removeprefix("<@")))
    text, numbers = filled(stage.bot.adapter, stage.target.place, piece)
    assert len(numbers) > 5
    live = stage.live()
    await live.show(Draft(text[: len(text) // 2]))
    await live.show(Draft(text))
    await live.show(Draft(text, final=True))
    shown = stage.only()
    assert [number for number in numbers if str(number) not in shown.text] == []
    assert shown.text.count("```") % 2 == 0
    assert not shown.pings
    assert not shown.previews


async def test_an_open_fence_is_readable_while_it_grows(stage):
    live = stage.live()
    for text in ("Look:\n```py\nx = 1", "Look:\n```py\nx = 12\n", "Look:\n```py\nx = 12\n```\nSo."):
        await live.show(Draft(text))
        assert stage.only().text.removesuffix("```").rstrip("\n") == text.removesuffix("```").rstrip("\n")
    await live.show(Draft("Look:\n```py\nx = 12\n```\nSo.\n```\ny", final=True))
    assert stage.only().text == "Look:\n```py\nx = 12\n```\nSo.\n```\ny\n```"
