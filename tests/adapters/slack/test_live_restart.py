import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Button, Draft

FINAL = Draft("Love was all.", final=True, redraw=True, buttons=(Button("again:1", "Again"),))


@pytest.fixture
async def left(slack, make, ask, answers):
    """A stream that a process left open, the message of another process that writes on, and what is seen."""
    target = ask()
    before = make().live(target)
    await before.show(Draft("Love is"))
    (written,) = answers(target)
    assert written.streaming
    return make().live(target, before.ref), written


def called(slack):
    return [call.method for call in slack.journal.calls][1:]  # without the start


async def test_it_grows_on_as_an_edited_message(slack, left):
    live, written = left
    for text in ("Love is a", "Love is all"):
        await live.show(Draft(text))
        assert (written.shown, written.streaming) == (text, False)
    await live.show(FINAL)
    assert (written.shown, [each["value"] for each in written.buttons]) == ("Love was all.", ["again:1"])
    updates = ["chat.update"] * 4  # the first is refused
    assert called(slack) == [updates[0], "chat.stopStream", *updates[1:]]
    assert written.metadata["event_payload"] == {"key": "turn-1:0"}


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("end", ["age", "stop"])
async def test_it_was_ended_meanwhile(slack, left, end, final):
    live, written = left
    if end == "age":
        slack.expire_stream(written)
    else:
        slack.press_stop(written.channel, written.thread_ts, "ada")
    await live.show(Draft("Love was", redraw=True, final=final))
    assert (written.shown, written.streaming) == ("Love was", False)
    assert called(slack) == ["chat.update"]


async def test_it_ends_between_two_calls(slack, left):
    live, written = left
    slack.refuse("chat.update", "streaming_state_conflict", times=1)
    slack.expire_stream(written)
    await live.show(FINAL)
    assert (written.shown, written.streaming) == ("Love was all.", False)


async def test_slack_keeps_the_rich_text_of_the_stream(slack, left):
    live, written = left
    slack.refuse("chat.update", "streaming_state_conflict", times=1)
    slack.refuse("chat.update", "block_mismatch", times=1)
    await live.show(FINAL)
    assert (written.shown, written.streaming) == ("Love was all.", False)


@pytest.mark.parametrize("method", ["chat.update", "chat.stopStream"])
async def test_a_call_that_fails_is_made_again(slack, left, method):
    live, written = left
    slack.lose_reply_next(method)
    with pytest.raises(Uncertain):
        await live.show(FINAL)
    slack.rate_limit_next("chat.update", 3)
    with pytest.raises(RateLimited):
        await live.show(FINAL)
    await live.show(FINAL)
    assert (written.shown, written.streaming) == ("Love was all.", False)


async def test_it_was_deleted_meanwhile(slack, left):
    live, written = left
    slack.delete(written)
    with pytest.raises(Gone, match="deleted"):
        await live.show(Draft("Love was"))
    await live.remove()


async def test_it_is_stopped_before_it_is_removed(slack, left, answers):
    live, written = left
    await live.remove()
    assert called(slack) == ["chat.delete", "chat.stopStream", "chat.delete"]
    assert written.deleted
    await live.remove()


async def test_what_slack_does_not_let_us_delete_is_said(slack, left):
    live, written = left
    slack.expire_stream(written)
    slack.refuse("chat.delete", "cant_delete_message")
    with pytest.raises(Gone, match="cant_delete_message"):
        await live.remove()
