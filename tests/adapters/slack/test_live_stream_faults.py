from dataclasses import replace

import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Draft


def called(slack, *methods):
    return [call.method for call in slack.journal.calls if call.method in methods or not methods]


async def test_a_dead_stream_goes_on_by_edits(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.expire_stream(answers(target)[0])
    await live.show(Draft("Love is"))
    await live.show(Draft("Love is all", final=True))
    (written,) = answers(target)
    assert written.shown == "Love is all"
    assert called(slack, "chat.stopStream", "chat.postMessage") == []


async def test_a_stream_that_died_of_age_keeps_its_last_words(slack, clock, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    clock.now += 301
    await live.show(Draft("Love is all", final=True, notices=("Late.",)))
    (written,) = answers(target)
    assert written.shown == "Love is all\nLate."


async def test_after_slack_s_stop_button_edits_go_on(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.press_stop(target.place.channel, target.place.thread, "ada")
    await live.show(Draft("Love is", final=True, notices=("Stopped.",)))
    (written,) = answers(target)
    assert written.shown == "Love is\nStopped."
    assert slack.session(target.place.channel, target.place.thread).status == "active"


async def test_a_button_pressed_in_mid_growth_ends_in_edits(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.press_stop(target.place.channel, target.place.thread, "ada")
    await live.show(Draft("Love is"))
    (written,) = answers(target)
    assert written.shown == "Love is"
    assert called(slack)[-3:] == ["chat.appendStream", "chat.stopStream", "chat.update"]


async def test_a_full_stream_goes_on_by_edits(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.refuse("chat.appendStream", "msg_too_long", times=1)
    await live.show(Draft("Love is"))
    assert answers(target)[0].shown == "Love is"


@pytest.mark.parametrize("fault", ["reply", "request", "503"])
async def test_an_uncertain_append_never_doubles_text(slack, stream, answers, fault):
    live, target = stream
    await live.show(Draft("Love"))
    break_next = {"reply": slack.lose_reply_next, "request": slack.lose_request_next, "503": slack.fail_next}
    break_next[fault]("chat.appendStream")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love is"))
    assert "stopStream" in live.budget(Draft("Love is")).key
    await live.show(Draft("Love is"))
    await live.show(Draft("Love is all", final=True))
    (written,) = answers(target)
    assert written.shown == "Love is all"


@pytest.mark.parametrize("fault", ["reply", "request"])
async def test_an_uncertain_stop_is_repaired(slack, stream, answers, fault):
    live, target = stream
    await live.show(Draft("Love"))
    break_next = {"reply": slack.lose_reply_next, "request": slack.lose_request_next}
    break_next[fault]("chat.stopStream")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love is", final=True, notices=("Late.",)))
    await live.show(Draft("Love is", final=True, notices=("Late.",)))
    (written,) = answers(target)
    assert (written.shown, written.streaming) == ("Love is\nLate.", False)


@pytest.mark.parametrize("fault", ["reply", "request", "503"])
async def test_an_uncertain_start_never_becomes_two_messages(slack, stream, answers, fault):
    live, target = stream
    break_next = {"reply": slack.lose_reply_next, "request": slack.lose_request_next, "503": slack.fail_next}
    break_next[fault]("chat.startStream")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love"))
    await live.show(Draft("Love is"))
    await live.show(Draft("Love is all", final=True))
    (written,) = answers(target)
    assert (written.shown, written.streaming) == ("Love is all", False)
    assert live.ref.id == written.ts


async def test_an_earlier_answer_in_the_thread_is_not_taken_for_a_lost_start(slack, make, ask, answers):
    target = ask()
    adapter = make()
    first = adapter.live(target)
    await first.show(Draft("page"))
    await first.show(Draft("page one", final=True))
    second = adapter.live(type(target)(target.place, target.question, target.asker, "turn-1:1"))
    slack.lose_request_next("chat.startStream")
    with pytest.raises(Uncertain):
        await second.show(Draft("page two"))
    await second.show(Draft("page two", final=True))
    assert [message.shown for message in answers(target)] == ["page one", "page two"]


async def test_what_we_wrote_before_the_question_is_not_a_lost_start(slack, make, ask, answers):
    asked = ask()
    adapter = make()
    old = await adapter._api.post("chat.postMessage", channel=asked.place.channel, text="by a tool of yours")
    question = slack.post(asked.place.channel, "ada", "and now?", thread_ts=old["ts"])
    target = replace(
        asked,
        place=replace(asked.place, thread=old["ts"]),
        question=replace(asked.question, id=question.ts),
    )
    live = adapter.live(target)
    slack.lose_request_next("chat.startStream")
    with pytest.raises(Uncertain):
        await live.show(Draft("Now"))
    await live.show(Draft("Now this", final=True))
    assert [message.shown for message in answers(target)] == ["by a tool of yours", "Now this"]


async def test_no_connection_on_append_loses_nothing(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    await slack.stop()
    with pytest.raises(Uncertain):
        await live.show(Draft("Love is"))
    await slack.start()
    await live.show(Draft("Love is all", final=True))
    assert answers(target)[0].shown == "Love is all"


@pytest.mark.parametrize(
    "code",
    [
        "unknown_method",
        "method_deprecated",
        "feature_not_enabled",
        "channel_type_not_supported",
        "enterprise_is_restricted",
        "not_authorized",
    ],
)
async def test_a_server_without_streams_is_asked_once(slack, make, ask, answers, code):
    adapter, first, second = make(), ask(key="a"), ask(key="b")
    slack.refuse("chat.startStream", code)
    early = adapter.live(second)
    live = adapter.live(first)
    await live.show(Draft("Love"))
    await live.show(Draft("Love is", final=True))
    await early.show(Draft("Yes"))
    await adapter.live(ask(key="c")).show(Draft("No"))
    assert [message.shown for message in answers(first)] == ["Love is", "Yes", "No"]
    assert len(slack.journal.named("chat.startStream")) == 1
    assert adapter.limits(first.place).page_seconds == float("inf")


async def test_a_passing_refusal_falls_back_for_one_message(slack, make, ask, answers):
    adapter, target = make(), ask()
    slack.refuse("chat.startStream", "invalid_arguments", times=1)
    await adapter.live(target).show(Draft("Love"))
    assert answers(target)[0].shown == "Love"
    assert adapter.limits(target.place).page_seconds == 240


async def test_where_the_core_has_no_room_for_a_stream_the_answer_is_edited(slack, stream, answers):
    live, target = stream
    streamed, edited = live.ways()
    assert (streamed.grow.whole, edited.grow.whole) == (False, True)
    live.go(edited)
    for text in ("Love", "Love is"):
        await live.show(Draft(text))
        assert answers(target)[0].shown == text
    assert not slack.journal.named("chat.startStream")


async def test_a_refused_start_does_not_wait_a_minute(slack, stream, answers):
    live, target = stream
    slack.rate_limit_next("chat.startStream", 60)
    await live.show(Draft("Love"))
    assert answers(target)[0].shown == "Love"


async def test_a_rate_limited_append_is_told_and_made_later(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.rate_limit_next("chat.appendStream", 3)
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("Love is"))
    assert limited.value.retry_after == 3
    await live.show(Draft("Love is all"))
    assert answers(target)[0].shown == "Love is all"


async def test_a_deleted_stream_is_gone(slack, stream, answers):
    live, target = stream
    await live.show(Draft("Love"))
    slack.delete(answers(target)[0])
    with pytest.raises(Gone, match="deleted"):
        await live.show(Draft("Love is"))


@pytest.mark.parametrize("edited", [True, False])
async def test_a_stream_of_unknown_state_is_stopped_before_it_is_removed(slack, stream, answers, edited):
    live, target = stream
    await live.show(Draft("Love"))
    if edited:
        slack.fail_next("chat.appendStream")
        with pytest.raises(Uncertain):
            await live.show(Draft("Love is"))
    else:
        slack.fail_next("chat.stopStream")
        with pytest.raises(Uncertain):
            await live.remove()
    await live.remove()
    done = [call.method for call in slack.journal.calls if call.status == 200]
    assert done[-2:] == ["chat.stopStream", "chat.delete"]
    assert answers(target) == []
