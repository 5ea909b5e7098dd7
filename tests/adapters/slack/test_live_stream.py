from core.messages import Draft


def called(slack, *methods):
    return [call.method for call in slack.journal.calls if call.method in methods or not methods]


async def test_a_stream_grows_and_is_stopped_with_its_rest(slack, stream, answers):
    live, target = stream
    for text in ("Love", "Love is", "Love is a"):
        await live.show(Draft(text))
    await live.show(Draft("Love is a verb.", final=True, notices=("From memory.",)))
    (written,) = answers(target)
    assert [shown.text for shown in written.history] == [
        "Love",
        "Love is",
        "Love is a",
        "Love is a verb.\nFrom memory.",
    ]
    assert called(slack) == ["chat.startStream", "chat.appendStream", "chat.appendStream", "chat.stopStream"]
    assert not written.streaming
    assert written.thread_ts == target.place.thread
    assert written.blocks[0]["type"] == "context"
    assert written.metadata["event_payload"] == {"key": "turn-1:0"}


async def test_appends_are_what_is_new_only(slack, stream):
    live, _ = stream
    await live.show(Draft("Love"))
    await live.show(Draft("Love <"))
    await live.show(Draft("Love <!here> you"))
    (appended, after) = slack.journal.named("chat.appendStream")
    assert (appended.args["markdown_text"], after.args["markdown_text"]) == (" ", "&lt;!here> you")


async def test_nothing_new_is_no_call(slack, stream):
    live, _ = stream
    await live.show(Draft("Love"))
    await live.show(Draft("Love<"))
    assert not slack.journal.named("chat.appendStream")


async def test_an_open_fence_stays_open_until_the_end(stream, answers):
    live, target = stream
    await live.show(Draft("```py\nx"))
    await live.show(Draft("```py\nx = 1"))
    await live.show(Draft("```py\nx = 1\n", final=True))
    (written,) = answers(target)
    assert [s.text for s in written.history] == ["```py\nx", "```py\nx = 1", "```py\nx = 1\n```"]


async def test_an_answer_that_is_ready_at_once_is_one_post(slack, stream, answers):
    live, target = stream
    assert "chat.postMessage" in live.budget(Draft("Yes.", final=True)).key
    await live.show(Draft("Yes.", final=True))
    assert called(slack) == ["chat.postMessage"]
    assert answers(target)[0].shown == "Yes."


async def test_budgets_follow_the_calls(stream):
    live, _ = stream

    def bucket(draft):
        budget = live.budget(draft)
        return budget.key.removeprefix("slack:T0SIMTEAM01:"), budget.calls, budget.seconds, budget.whole

    assert bucket(Draft("a")) == ("chat.startStream", 20, 60, True)
    await live.show(Draft("a"))
    assert bucket(Draft("ab")) == ("chat.appendStream", 100, 60, False)
    assert bucket(Draft("ab", final=True)) == ("chat.stopStream", 20, 60, False)
    assert bucket(Draft("x", redraw=True)) == ("chat.stopStream", 20, 60, False)
    await live.show(Draft("ab", final=True))
    assert bucket(Draft("x", redraw=True, final=True)) == ("chat.update", 50, 60, True)


async def test_a_redraw_stops_the_stream_and_edits(slack, stream, answers):
    live, target = stream
    await live.show(Draft("You are a"))
    await live.show(Draft("I can't say that.", redraw=True))
    await live.show(Draft("I can't say that. Ask on.", final=True))
    (written,) = answers(target)
    assert written.shown == "I can't say that. Ask on."
    assert called(slack) == ["chat.startStream", "chat.stopStream", "chat.update", "chat.update"]


async def test_a_live_stream_can_be_removed(stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    await live.remove()
    assert answers(target) == []


async def test_channels_are_edited_unless_told_otherwise(slack, make, ask, answers):
    edited, native = ask("general", key="a"), ask("general", key="b")
    assert make().limits(edited.place).page_seconds == float("inf")
    await make().live(edited).show(Draft("for all"))
    await make(channel_stream="native").live(native).show(Draft("for Ada"))
    assert [message.streaming for message in answers(native)] == [False, True]
    (start,) = slack.journal.named("chat.startStream")
    assert start.args["recipient_user_id"] == slack.user("ada").id
    assert start.args["recipient_team_id"] == slack.world.team_id


async def test_direct_messages_need_no_recipient_and_have_an_age(slack, make, ask):
    adapter, target = make(), ask()
    limits = adapter.limits(target.place)
    assert (limits.page_length, limits.page_seconds) == (8_000, 240)
    await adapter.live(target).show(Draft("a"))
    (start,) = slack.journal.named("chat.startStream")
    assert "recipient_user_id" not in start.args


async def test_a_conversation_at_top_level_is_edited(slack, make, ask, answers):
    target = ask(thread=False)
    adapter = make(dm_scope="channel")
    await adapter.live(target).show(Draft("Love"))
    (written,) = answers(target)
    assert (written.thread_ts, written.streaming) == (None, False)
    assert adapter.limits(target.place).page_seconds == float("inf")


async def test_a_page_of_full_length_fits_into_a_stream(make, ask, answers):
    adapter, target = make(), ask()
    text = "ü" * (adapter.limits(target.place).page_length // 2)
    live = adapter.live(target)
    await live.show(Draft("ü"))
    await live.show(Draft(text, final=True))
    (written,) = answers(target)
    assert written.shown == text
    assert written.stream is not None
