"""What is done for an answer is seen with it: while it grows, and as a trace at its end."""

import asyncio

from bench.virtual_time import run
from core.messages import Step
from tests.core.fakes import FakeAdapter
from tests.core.writing import WORDS, drafts, reply_on

SEARCH, DONE = Step("s", "search", "running"), Step("s", "search", "done")
MAPS = Step("m", "maps", "running")


def test_a_step_is_seen_before_there_is_any_text():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        reply.show("", (SEARCH,))
        await asyncio.wait_for(reply.visible.wait(), 5)
        reply.show("It is", (DONE,))
        await asyncio.sleep(3)
        await reply.finish("It is so.")
        return adapter

    seen = drafts(run(story()))
    assert (seen[0].markdown, seen[0].steps, seen[0].final) == ("", (SEARCH,), False)
    assert ("It is", (DONE,)) in [(draft.markdown, draft.steps) for draft in seen]
    assert (seen[-1].markdown, seen[-1].steps, seen[-1].final) == ("It is so.", (DONE,), True)


def test_a_step_that_is_told_again_is_no_news():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        for _ in range(5):
            reply.show("", (SEARCH,))
            await asyncio.sleep(3)
        await reply.finish("x", ())
        return adapter

    assert len(drafts(run(story()))) == 2


def test_each_step_stands_in_one_message_only():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        reply.show("one", (SEARCH,))
        await asyncio.sleep(3)
        for end in range(10, 18):
            reply.show(WORDS * end, (SEARCH,))
            await asyncio.sleep(3)
        reply.show(WORDS * 18, (DONE, MAPS))
        await asyncio.sleep(3)
        await reply.finish(WORDS * 18)
        return adapter

    shown = [[step.key for step in message.drafts[-1].steps] for message in run(story()).standing]
    assert shown[0] == ["s"]
    assert shown[-1] == ["m"]
    assert not any(shown[1:-1])


def test_an_end_that_is_shown_again_keeps_its_steps():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        reply.show("x", (DONE,))
        await reply.finish("x y")
        again = reply_on(adapter, posted=reply.refs, again=True)
        again.show("x y", reply.steps)
        await again.finish("x y")
        return adapter

    seen = drafts(run(story()))
    assert seen[-1].steps == (DONE,)
    assert all(draft.final for draft in seen[1:])
