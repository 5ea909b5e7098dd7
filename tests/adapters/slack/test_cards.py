import pytest

from core.contract import Uncertain
from core.messages import Draft, Step

SEARCH, READ = Step("a", "Search <!here>"), Step("b", "Read")


def done(step, state="done"):
    return Step(step.key, step.title, state)


def tasks(message):
    return [(task["title"], task["status"]) for task in message.tasks]


def small(message):
    return [block["elements"][0]["text"] for block in message.blocks if block["type"] == "context"]


async def test_steps_are_cards_of_a_stream(slack, stream, answers):
    live, target = stream
    await live.show(Draft("", steps=(SEARCH,)))
    (written,) = answers(target)
    assert tasks(written) == [("Search &lt;!here>", "in_progress")]
    await live.show(Draft("Love", steps=(done(SEARCH), READ)))
    assert tasks(written) == [("Search &lt;!here>", "complete"), ("Read", "in_progress")]
    await live.show(Draft("Love is all.", final=True, steps=(done(SEARCH), done(READ, "failed"))))
    assert tasks(written) == [("Search &lt;!here>", "complete"), ("Read", "error")]
    assert (written.text, written.streaming, written.pings) == ("Love is all.", False, [])
    methods = [call.method for call in slack.journal.calls]
    assert methods == ["chat.startStream", "chat.appendStream", "chat.stopStream"]


async def test_only_what_changed_is_sent(slack, stream):
    live, _ = stream
    await live.show(Draft("Love", steps=(SEARCH,)))
    await live.show(Draft("Love", steps=(SEARCH,)))
    await live.show(Draft("Love is", steps=(SEARCH,)))
    await live.show(Draft("Love is", steps=(done(SEARCH),)))
    text, card = slack.journal.named("chat.appendStream")
    assert (text.args["markdown_text"], "chunks" in text.args) == (" is", False)
    assert [chunk["status"] for chunk in card.args["chunks"]] == ["complete"]


async def test_no_card_is_left_running(stream, answers):
    live, target = stream
    await live.show(Draft("Love", steps=(SEARCH, READ)))
    await live.show(Draft("Love is all.", final=True, steps=(SEARCH,)))
    (written,) = answers(target)
    assert {status for _, status in tasks(written)} == {"complete"}


async def test_a_full_page_and_very_many_steps_fit_into_a_stream(make, ask, answers):
    adapter, target = make(), ask()
    text = "ü" * (adapter.limits(target.place).page_length // 2)
    steps = tuple(Step(str(number), "歩" * 100) for number in range(50))
    live = adapter.live(target)
    await live.show(Draft("ü", steps=steps))
    (written,) = answers(target)
    assert len(written.tasks) == 9
    assert written.tasks[-1]["title"].endswith(" (+41)")
    assert sum(len(task["title"].encode()) for task in written.tasks) <= 900
    await live.show(Draft(text, final=True, steps=steps))
    assert written.text == text
    assert written.stream is not None  # no edit had to repair it


async def test_a_card_that_slack_does_not_take_loses_no_text(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.refuse("chat.appendStream", "invalid_chunks", times=1)
    await live.show(Draft("Love is", steps=(SEARCH,)))
    await live.show(Draft("Love is all.", final=True, steps=(done(SEARCH),)))
    (written,) = answers(target)
    assert written.shown == "Love is all.\n✓ Search &lt;!here&gt;"


async def test_a_lost_reply_doubles_neither_text_nor_steps(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love", steps=(SEARCH,)))
    slack.lose_reply_next("chat.stopStream")
    final = Draft("Love is all.", final=True, steps=(done(SEARCH),))
    with pytest.raises(Uncertain):
        await live.show(final)
    await live.show(final)
    (written,) = answers(target)
    assert written.shown == "Love is all.\n✓ Search &lt;!here&gt;"


async def test_an_edited_message_says_what_runs_and_then_what_was_done(make, ask, answers):
    target = ask("general")
    live = make().live(target)
    steps = tuple(Step(str(number), f"Step {number}") for number in range(5))
    await live.show(Draft("", steps=steps))
    (written,) = answers(target)
    assert small(written) == ["⏳ Step 2 · Step 3 · Step 4…"]
    await live.show(Draft("Love", steps=tuple(done(step) for step in steps)))
    assert small(written) == ["✓ Step 0 · Step 1 · Step 2 · +2"]
    failed = (*(done(step) for step in steps), done(SEARCH, "failed"))
    await live.show(Draft("Love is all.", final=True, steps=failed, notices=("Stopped.",)))
    assert small(written) == ["✓ Step 0 · Step 1 · Step 2 · +2  ✗ Search &lt;!here&gt;", "Stopped."]
    assert (written.text, written.pings) == ("Love is all.", [])


async def test_steps_that_repeat_are_named_once(make, ask, answers):
    target = ask("general")
    rounds = tuple(Step(str(number), "Search", "done") for number in range(4))
    await make().live(target).show(Draft("Love", final=True, steps=rounds))
    assert small(answers(target)[0]) == ["✓ Search"]


async def test_without_blocks_the_steps_are_told_in_the_text(slack, make, ask, answers):
    target = ask("general")
    slack.refuse("chat.postMessage", "invalid_blocks", times=1)
    await make().live(target).show(Draft("Love", final=True, steps=(done(READ),)))
    assert answers(target)[0].shown == "Love\n\n_✓ Read_"
