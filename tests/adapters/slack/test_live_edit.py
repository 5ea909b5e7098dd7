import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Draft
from simulators.slack import Limits, Rate

ASKED = "slack:T0SIMTEAM01"


@pytest.fixture
async def message(make, ask):
    """A message in #general that answers a question of Ada's; and its target."""
    target = ask("general")
    return make().live(target), target


async def test_a_message_is_posted_then_edited(slack, message, answers):
    live, target = message
    receipt = await live.show(Draft("Love is"))
    assert receipt.ref == live.ref
    await live.show(Draft("Love is a"))
    await live.show(Draft("Love is a **verb**.", final=True))
    (written,) = answers(target)
    assert written.ts == live.ref.id
    assert written.thread_ts == target.place.thread
    assert [shown.text for shown in written.history] == ["Love is", "Love is a", "Love is a **verb**."]
    assert written.text == "Love is a verb."  # the notification


async def test_posts_unfurl_nothing_and_carry_their_key(message, answers):
    live, target = message
    await live.show(Draft("see https://example.com"))
    (written,) = answers(target)
    assert (written.unfurl_links, written.unfurl_media) == (False, False)
    assert written.metadata == {"event_type": "parley_message", "event_payload": {"key": "turn-1:0"}}
    await live.show(Draft("see https://example.com now", final=True))
    assert written.metadata["event_payload"] == {"key": "turn-1:0"}


async def test_notices_stand_apart_from_the_answer(message, answers):
    live, target = message
    await live.show(Draft("Love", final=True, notices=("Stopped <by> you.", "Memory starts afresh.")))
    (written,) = answers(target)
    assert [block["type"] for block in written.blocks] == ["markdown", "context", "context"]
    assert written.blocks[0]["text"] == "Love"
    assert written.blocks[1]["elements"] == [{"type": "mrkdwn", "text": "Stopped &lt;by&gt; you."}]


async def test_a_message_of_notices_only(message, answers):
    live, target = message
    await live.show(Draft("", final=True, notices=("Dify does not answer.",)))
    (written,) = answers(target)
    assert written.shown == written.text == "Dify does not answer."


async def test_an_open_fence_is_closed_in_every_state(message, answers):
    live, target = message
    await live.show(Draft("```py\nx"))
    await live.show(Draft("```py\nx = 1\n```", final=True))
    (written,) = answers(target)
    assert [shown.text for shown in written.history] == ["```py\nx\n```", "```py\nx = 1\n```"]


async def test_the_answer_pings_nobody(message, answers):
    live, target = message
    await live.show(Draft("<!channel> `<@U0SIMBOT001>` <!here> @here", final=True))
    (written,) = answers(target)
    assert written.pings == []


async def test_a_long_answer_fits_into_one_message(make, message, answers):
    live, target = message
    text = "ü" * (make().limits(target.place).page_length // 2)
    await live.show(Draft(text))
    await live.show(Draft(text + "!", final=True))
    (written,) = answers(target)
    assert written.shown == text + "!"
    assert len(written.text) <= 3_000


async def test_budgets_name_the_bucket(message):
    live, target = message
    first = live.budget(Draft("a"))
    assert (first.key, first.calls, first.seconds) == (
        f"{ASKED}:chat.postMessage:{target.place.channel}",
        1,
        1,
    )
    await live.show(Draft("a"))
    second = live.budget(Draft("ab"))
    assert (second.key, second.calls, second.seconds, second.whole) == (f"{ASKED}:chat.update", 50, 60, True)


async def test_a_rate_limit_is_passed_on_and_nothing_is_done(slack, message, answers):
    live, target = message
    slack.rate_limit_next("chat.postMessage", 7)
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("Love"))
    assert limited.value.retry_after == 7
    await live.show(Draft("Love", final=True))
    assert len(answers(target)) == 1


@pytest.mark.parametrize("fault", ["reply", "request", "503"])
async def test_an_uncertain_post_never_becomes_two(slack, message, answers, fault):
    live, target = message
    break_next = {"reply": slack.lose_reply_next, "request": slack.lose_request_next, "503": slack.fail_next}
    break_next[fault]("chat.postMessage")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love"))
    await live.show(Draft("Love is all", final=True))
    (written,) = answers(target)
    assert written.shown == "Love is all"
    assert live.ref.id == written.ts


async def test_the_lost_post_of_another_page_is_not_taken_for_ours(slack, make, ask, answers):
    target = ask("general")
    adapter = make()
    await adapter.live(target).show(Draft("page one", final=True))
    other = adapter.live(type(target)(target.place, target.question, target.asker, "turn-1:1"))
    slack.lose_request_next("chat.postMessage")
    with pytest.raises(Uncertain):
        await other.show(Draft("page two"))
    await other.show(Draft("page two", final=True))
    assert [message.shown for message in answers(target)] == ["page one", "page two"]


async def test_a_lost_post_is_found_at_top_level_too(slack, make, ask, answers):
    target = ask(thread=False)
    live = make(dm_scope="channel").live(target)
    slack.lose_reply_next("chat.postMessage")
    with pytest.raises(Uncertain):
        await live.show(Draft("Love"))
    await live.show(Draft("Love is", final=True))
    (written,) = answers(target)
    assert (written.shown, written.thread_ts) == ("Love is", None)


async def test_an_uncertain_edit_is_shown_again(slack, message, answers):
    live, target = message
    await live.show(Draft("a"))
    slack.lose_reply_next("chat.update")
    with pytest.raises(Uncertain):
        await live.show(Draft("ab"))
    await live.show(Draft("ab", final=True))
    (written,) = answers(target)
    assert written.shown == "ab"


async def test_without_a_connection_the_post_is_made_later(slack, message, answers):
    live, target = message
    await slack.stop()
    with pytest.raises(Uncertain):
        await live.show(Draft("Love"))
    await slack.start()
    await live.show(Draft("Love", final=True))
    assert len(answers(target)) == 1
    assert not slack.journal.named("conversations.replies")  # surely not posted: no need to look


async def test_a_deleted_message_is_gone(slack, message, answers):
    live, target = message
    await live.show(Draft("a"))
    slack.delete(answers(target)[0])
    with pytest.raises(Gone, match="deleted"):
        await live.show(Draft("ab"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("not_in_channel", "invite"),
        ("is_archived", "archived"),
        ("channel_not_found", "channel"),
        ("account_inactive", "reinstall"),
        ("token_revoked", "revoked"),
        ("something_new", "chat.postMessage: something_new"),
    ],
)
async def test_a_refusal_says_why_the_message_is_gone(slack, message, code, words):
    live, _ = message
    slack.refuse("chat.postMessage", code)
    with pytest.raises(Gone, match=words):
        await live.show(Draft("a"))


async def test_a_message_is_removed_once(message, answers):
    live, target = message
    await live.show(Draft("a"))
    await live.remove()
    await live.remove()
    assert answers(target) == []


async def test_nothing_posted_is_nothing_to_remove(slack, message):
    live, _ = message
    await live.remove()
    assert not slack.journal.named("chat.delete")


async def test_a_restart_writes_on_in_the_same_message(make, ask, answers):
    target = ask("general")
    before = make().live(target)
    await before.show(Draft("Love is"))
    after = make().live(target, before.ref)
    await after.show(Draft("Love is all.", final=True))
    (written,) = answers(target)
    assert written.shown == "Love is all."


async def test_a_restart_finishes_a_stream_that_was_left_open(make, ask, answers):
    target = ask()
    before = make().live(target)
    await before.show(Draft("Love is"))
    assert answers(target)[0].streaming
    after = make().live(target, before.ref)
    await after.show(Draft("Love is all.", final=True))
    (written,) = answers(target)
    assert (written.shown, written.streaming) == ("Love is all.", False)


async def test_rich_text_that_slack_keeps_is_replaced_as_markdown(slack, message, answers):
    live, target = message
    await live.show(Draft("a"))
    slack.refuse("chat.update", "block_mismatch", times=1)
    await live.show(Draft("ab", final=True, notices=("Stopped.",)))
    (written,) = answers(target)
    assert written.text == "ab\n\n_Stopped._"


async def test_the_limits_of_slack_are_kept_word_for_word(slack, make, ask):
    slack.set_limits(Limits(rates={"chat.update": Rate(1, 60)}))
    live = make().live(ask("general"))
    await live.show(Draft("a"))
    await live.show(Draft("ab"))
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("abc"))
    assert 50 < limited.value.retry_after <= 60


async def test_a_notice_alone_pings_nobody_in_the_notification(slack, make, ask, answers):
    target = ask("general")
    await make().live(target).show(Draft("", final=True, notices=("<!channel> & <@U1> wait.",)))
    (post,) = slack.journal.named("chat.postMessage")
    assert post.args["text"] == "&lt;!channel&gt; &amp; &lt;@U1&gt; wait."


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
async def test_an_answer_whose_blocks_are_refused_is_shown_without(slack, make, ask, answers, code):
    target = ask("general")
    live = make().live(target)
    slack.refuse("chat.postMessage", code, times=1)
    slack.refuse("chat.update", code, times=1)
    await live.show(Draft("Love"))
    assert answers(target)[0].shown == "Love"
    await live.show(Draft("Love is <!here> all.", final=True, notices=("Stopped.",)))
    (answer,) = answers(target)
    assert answer.shown == "Love is &lt;!here> all.\n\n_Stopped._"
