"""An answer over several messages: rolled over, redrawn, shortened, and taken up again."""

import asyncio
import random

import pytest

from bench.virtual_time import run
from core.continuation import Earlier
from core.errors import Advice, Superseded
from core.messages import Button, MessageRef
from tests.core.fakes import FakeAdapter, Limited, Lost
from tests.core.writing import WORDS, drafts, grow, now, reply_on, rtts


def test_a_long_answer_goes_on_in_a_next_message():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        await grow(reply, WORDS * 20)
        return adapter, reply

    adapter, reply = run(story())
    assert len(adapter.standing) == 5
    assert adapter.text == WORDS * 20
    assert [message.ref for message in adapter.standing] == reply.refs
    for message in adapter.standing:
        assert message.drafts[-1].final
        assert all(len(draft.markdown) <= 200 for draft in message.drafts)
        assert not any(draft.redraw for draft in message.drafts)
    posts = [call.message for call in adapter.calls]
    assert posts == sorted(posts, key=lambda key: int(key.rpartition(":")[2]))  # page by page


def test_a_message_that_has_grown_for_too_long_is_closed_and_a_next_one_goes_on():
    async def story():
        adapter = FakeAdapter(page_seconds=60.0, page_length=10_000)
        reply = reply_on(adapter)
        for end in range(1, 151):
            reply.show("word " * end)
            await asyncio.sleep(1)
        await reply.finish("word " * 151)
        return adapter

    adapter = run(story())
    assert adapter.text == "word " * 151
    assert len(adapter.standing) == 3
    calls = [
        [call for call in adapter.calls if call.message == message.ref.id] for message in adapter.standing
    ]
    for page in calls[:-1]:
        assert page[-1].draft.final
        assert page[-1].at - page[0].at == pytest.approx(60, abs=5)


def test_a_replacement_redraws_and_takes_surplus_messages_away():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        reply.show(WORDS * 12)
        await asyncio.sleep(30)
        before = len(adapter.standing)
        await reply.finish("Moderated.", ("Said instead.",))
        return adapter, reply, before

    adapter, reply, before = run(story())
    assert before == 3
    assert [message.text for message in adapter.standing] == ["Moderated."]
    last = drafts(adapter)[-1]
    assert (last.redraw, last.final, last.notices) == (True, True, ("Said instead.",))
    assert reply.refs == [adapter.standing[0].ref]


def test_notices_reach_a_message_that_was_closed_for_its_age():
    async def story():
        adapter = FakeAdapter(page_seconds=240)
        reply = reply_on(adapter)
        reply.show("All there is.")
        await asyncio.sleep(400)  # silence: closed at 240 s, before the platform would
        closed_at = [call.at for call in adapter.calls if call.draft.final]
        await reply.finish("All there is.", ("Stopped.",))
        return adapter, closed_at

    adapter, closed_at = run(story())
    assert len(closed_at) == 1
    assert 240 <= closed_at[0] < 245
    assert [message.text for message in adapter.standing] == ["All there is."]
    assert drafts(adapter)[-1].notices == ("Stopped.",)


def test_any_number_of_429s_does_not_cost_the_final_text():
    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        adapter.faults += [Limited(1.0) for _ in range(60)]
        await reply.finish("Whole.")
        return adapter, reply

    adapter, reply = run(story())
    assert reply.gone is None
    assert adapter.text == "Whole."


def test_a_surplus_message_that_stays_does_not_end_the_answer():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        reply.show(WORDS * 8)
        await asyncio.sleep(30)
        adapter.faults += [None, *[Lost(done=False) for _ in range(25)]]
        await reply.finish("Moderated.")
        return adapter, reply

    adapter, reply = run(story())
    assert reply.gone is None
    assert adapter.standing[0].text == "Moderated."


def test_a_429_on_taking_a_message_away_is_obeyed_too():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        reply.show(WORDS * 8)
        await asyncio.sleep(30)
        adapter.faults += [None, Limited(10.0)]
        await reply.finish("Moderated.")
        return adapter

    adapter = run(story())
    *_, limited, again = adapter.calls
    assert (limited.outcome, again.outcome, again.draft) == ("limited", "ok", None)
    assert again.at >= limited.at + 10.0
    assert adapter.text == "Moderated."


def test_a_replacement_in_mid_stream_may_grow_again():
    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter)
        for text in (WORDS * 12, "Instead: ", "Instead: " + WORDS, "Instead: " + WORDS * 9):
            reply.show(text)
            await asyncio.sleep(30)
        await reply.finish("Instead: " + WORDS * 9)
        return adapter

    assert run(story()).text == "Instead: " + WORDS * 9


def test_messages_posted_before_a_restart_are_written_on():
    async def story():
        adapter = FakeAdapter(page_length=200)
        old = tuple(MessageRef("fake", "w", "c", f"old{page}") for page in range(3))
        reply = reply_on(adapter, posted=old)
        await reply.finish("I was restarted.", ("Please ask again.",))
        return adapter, reply

    adapter, reply = run(story())
    assert [(message.ref.id, message.text) for message in adapter.standing] == [("old0", "I was restarted.")]
    assert [ref.id for ref in reply.refs] == ["old0"]


class Kept:
    """What a reply told of itself."""

    def __init__(self):
        self.posts = []
        self.texts = []

    def posted(self, page, ref):
        self.posts.append((page, ref.id))

    def shown(self, text):
        self.texts.append(text)


def test_every_post_is_told_once_with_its_page_and_what_it_shows():
    kept = Kept()

    async def story():
        adapter = FakeAdapter(page_length=200)
        adapter.faults.append(Lost(done=True))
        reply = reply_on(adapter, keep=kept)
        await grow(reply, WORDS * 12)

    run(story())
    assert kept.posts == [(0, "key-q:0"), (1, "key-q:1"), (2, "key-q:2")]
    assert kept.texts[-1] == WORDS * 12


def test_what_a_process_before_us_posted_is_found_before_anything_is_posted():
    kept = Kept()
    found = [MessageRef("fake", "w", "c", name) for name in ("old0", "lost1")]

    async def find():
        return found

    async def story():
        adapter = FakeAdapter(page_length=200)
        earlier = Earlier("half of it", find)
        reply = reply_on(adapter, posted=found[:1], keep=kept, earlier=earlier)
        before = reply.text
        await reply.finish(WORDS * 12)
        return before, adapter

    before, adapter = run(story())
    assert before == "half of it"
    assert [message.ref.id for message in adapter.standing] == ["old0", "lost1", "key-q:2"]
    assert kept.posts == [(1, "lost1"), (2, "key-q:2")]


def test_a_lost_message_that_is_not_needed_any_more_goes():
    async def find():
        return [MessageRef("fake", "w", "c", name) for name in ("old0", "lost1")]

    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter, earlier=Earlier("", find))
        await reply.finish("Short.")
        return adapter

    assert [(message.ref.id, message.text) for message in run(story()).standing] == [("old0", "Short.")]


def test_nothing_is_written_before_the_guard_lets_it():
    opened = []

    async def guard():
        opened.append(now())
        await asyncio.sleep(7)

    async def story():
        adapter = FakeAdapter()
        await reply_on(adapter, guard=guard).finish("Text")
        return adapter

    adapter = run(story())
    assert len(opened) == len(adapter.calls) == 1
    assert adapter.calls[0].at == pytest.approx(opened[0] + 7.1)  # half a round trip later


def test_who_was_relieved_writes_nothing_more():
    async def guard():
        raise Superseded(Advice("internal", "taken over"))

    async def story():
        adapter = FakeAdapter()
        with pytest.raises(Superseded):
            await reply_on(adapter, guard=guard).finish("Text")
        return adapter

    assert run(story()).calls == []


def test_buttons_come_with_the_end():
    button = Button("retry", "Ask again")

    async def story():
        adapter = FakeAdapter()
        reply = reply_on(adapter)
        await reply.finish("Text", ("Broke off.",), (button,))
        return adapter

    assert run(story()).calls[-1].draft.buttons == (button,)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_goes_wrong_the_final_text_is_exact(seed):
    """Lost replies, 429s, surprises, replacements and page borders together, at random."""
    source = random.Random(seed)
    final = f"{seed} " + WORDS * source.randint(1, 30) + "```py\n" + "x = 1\n" * source.randint(0, 60) + "```"

    async def story():
        adapter = FakeAdapter(page_length=300, rtt=rtts(seed), page_seconds=25.0)
        reply = reply_on(adapter)
        replaced = "Something else. " * source.randint(1, 40)
        for text in (replaced, final):
            for end in range(0, len(text), 7):
                reply.show(text[:end])
                if source.random() < 0.05:
                    adapter.faults.append(
                        source.choice([Limited(3.0), Lost(done=True), Lost(done=False), OSError("surprise")])
                    )
                await asyncio.sleep(0.05)
        await reply.finish(final)
        return adapter, reply

    adapter, reply = run(story())
    assert reply.gone is None
    shown = "".join(message.text for message in adapter.standing)
    assert shown.replace("\n```", "").replace("```py\n", "").replace("```", "").split() == (
        final.replace("```py\n", "").replace("```", "").split()
    )
    assert [message.ref for message in adapter.standing] == reply.refs
    assert all(message.drafts[-1].final for message in adapter.standing)
    assert adapter.busiest == 1


def test_the_button_to_stop_stands_under_the_newest_page_until_the_end():
    stop, again = Button("stop", "Stop"), Button("retry", "Ask again")

    async def story():
        adapter = FakeAdapter(page_length=200)
        reply = reply_on(adapter, growing=(stop,))
        for end in range(1, 100):
            reply.show((WORDS * 20)[: end * 9])
            await asyncio.sleep(0.5)
        await reply.finish(WORDS * 20, (), (again,))
        return adapter

    standing = run(story()).standing
    assert len(standing) == 5
    for message in standing:
        assert all(draft.buttons == (stop,) for draft in message.drafts if not draft.final)
        assert any(draft.buttons == (stop,) for draft in message.drafts)
        assert message.drafts[-1].buttons == ((again,) if message is standing[-1] else ())
