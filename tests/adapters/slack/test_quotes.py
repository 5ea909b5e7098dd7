import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Person

SAID = "What is <!here> **love**?"


@pytest.fixture
def ada(slack):
    return Person(slack.user("ada").id)


async def test_a_person_s_words_stand_in_the_thread_with_their_name(slack, make, ask, answers, ada):
    target = ask("general")
    ref = await make().quote(target.place, ada, SAID, "follow-up:1")
    (post,) = answers(target)
    assert (post.ts, post.thread_ts) == (ref.id, target.place.thread)
    assert post.shown == f"<@{ada.id}>: What is &lt;!here> **love**?"
    assert "!here" not in post.pings


@pytest.mark.parametrize("thread", [True, False])
async def test_asked_for_again_they_stand_once_also_after_a_restart(make, ask, answers, ada, thread):
    target, adapter = ask(thread=thread), make()
    refs = {
        await adapter.quote(target.place, ada, SAID, "follow-up:1"),
        await adapter.quote(target.place, ada, SAID, "follow-up:1"),
        await make().quote(target.place, ada, SAID, "follow-up:1"),
    }
    assert [post.ts for post in answers(target)] == [ref.id for ref in refs]
    await adapter.quote(target.place, ada, SAID, "follow-up:2")
    assert len(answers(target)) == 2


async def test_a_lost_reply_is_no_second_post(slack, make, ask, answers, ada):
    target, adapter = ask(), make()
    slack.lose_reply_next("chat.postMessage")
    slack.fail_next("conversations.replies", 503)
    with pytest.raises(Uncertain):
        await adapter.quote(target.place, ada, SAID, "follow-up:1")
    slack.lose_reply_next("chat.postMessage")
    ref = await adapter.quote(target.place, ada, SAID, "follow-up:1")
    assert [post.ts for post in answers(target)] == [ref.id]


async def test_what_slack_says_no_to(slack, make, ask, ada):
    target = ask("general")
    slack.rate_limit_next("chat.postMessage", 9)
    with pytest.raises(RateLimited):
        await make().quote(target.place, ada, SAID, "1")
    slack.channel("general").members.remove(slack.world.bot_user)
    with pytest.raises(Gone, match="invite the app"):
        await make().quote(target.place, ada, SAID, "1")


async def test_they_are_no_page_of_an_answer(make, ask, ada):
    target = ask(key="turn-1")
    adapter = make()
    await adapter.quote(target.place, ada, SAID, "turn-1:0")
    assert list(await adapter.find(target)) == []
