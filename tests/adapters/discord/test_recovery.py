"""What an earlier process left is found and written on, in threads, direct messages and replies."""

import pytest

from core.contract import Gone, RateLimited
from core.messages import Draft, Target
from simulators.discord import Permission
from simulators.discord.messages import Draft as Written
from simulators.discord.messages import write

HISTORY = "GET /channels/{channel_id}/messages"
THREAD = "POST /channels/{channel_id}/messages/{message_id}/threads"


@pytest.fixture
def restart(launch, start):
    async def restart(**settings):
        await launch.end()
        return await start(**settings)

    return restart


@pytest.fixture
def ask(simulator, inbox, general, alice, target):
    """A question in the channel, as a target."""

    async def ask(text="hi", key="t:0", channel=None):
        simulator.post(channel or general, alice, f"{simulator.bot.mention} {text}")
        return target(await inbox.next(), key)

    return ask


def page(target, number):
    return Target(target.place, target.question, target.asker, f"t:{number}")


async def found(adapter, target):
    return [(each.ref, each.page) for each in await adapter.find(target)]


async def test_a_thread_that_was_archived_meanwhile_is_written_in(adapter, restart, simulator, ask):
    asked = await ask()
    posted = (await adapter.live(asked).show(Draft("Hel"))).ref
    thread = simulator.world.channel(int(asked.question.id))
    simulator.archive(thread)
    adapter = await restart()
    assert await found(adapter, asked) == [(posted, None)]
    await adapter.live(asked, posted).show(Draft("Hello", final=True))
    simulator.archive(thread)
    await adapter.live(page(asked, 1)).show(Draft("and more", final=True))
    ours = [each for each in thread.messages.values() if each.author is simulator.bot and each.type == 0]
    assert [each.content for each in ours] == ["Hello", "and more"]
    assert not thread.archived


async def test_a_locked_thread_is_gone(adapter, simulator, ask):
    asked = await ask()
    live = adapter.live(asked)
    await live.show(Draft("Hel"))
    simulator.archive(simulator.world.channel(int(asked.question.id)), locked=True)
    with pytest.raises(Gone):
        await live.show(Draft("Hello"))


async def test_a_message_in_an_archived_thread_is_removed(adapter, restart, simulator, ask):
    asked = await ask()
    posted = (await adapter.live(asked).show(Draft("Hel"))).ref
    thread = simulator.world.channel(int(asked.question.id))
    simulator.archive(thread)
    adapter = await restart()
    await adapter.live(asked, posted).remove()
    assert int(posted.id) not in thread.messages


async def test_the_next_page_stands_where_the_first_does(adapter, restart, simulator, general, ask):
    simulator.deny(general, Permission.CREATE_PUBLIC_THREADS)
    asked = await ask()
    posted = (await adapter.live(asked).show(Draft("one", final=True))).ref
    assert posted.channel == str(general.id)
    simulator.allow(general, Permission.CREATE_PUBLIC_THREADS)
    adapter = await restart()
    adapter.live(asked, posted)
    live = adapter.live(page(asked, 1))
    assert live.budget(Draft("x")).key == f"discord:POST:{general.id}"
    second = (await live.show(Draft("two", final=True))).ref
    assert second.channel == str(general.id)
    assert general.messages[int(second.id)].reference is None
    assert len(simulator.journal.named(THREAD)) == 1


async def test_where_no_thread_was_opened_the_channel_is_searched(adapter, restart, simulator, general, ask):
    simulator.deny(general, Permission.CREATE_PUBLIC_THREADS)
    asked = await ask()
    posted = (await adapter.live(asked).show(Draft("one"))).ref
    adapter = await restart()
    assert await found(adapter, asked) == [(posted, None)]


async def test_a_thread_of_somebody_elses_does_not_hide_the_channel(
    adapter, restart, simulator, general, alice, ask
):
    simulator.deny(general, Permission.CREATE_PUBLIC_THREADS)
    asked = await ask()
    posted = (await adapter.live(asked).show(Draft("one"))).ref
    simulator.start_thread(general.messages[int(asked.question.id)], alice, "theirs")
    adapter = await restart()
    assert await found(adapter, asked) == [(posted, None)]


async def test_what_answers_another_question_is_left_out(
    start, restart, guild, simulator, general, alice, ask
):
    settings = {"reply_in": "reply"}
    adapter = await start(**settings)
    first, second = await ask("one"), await ask("two", "u:0")
    refs = [(await adapter.live(each).show(Draft("answer"))).ref for each in (first, second)]
    more = (await adapter.live(page(first, 1)).show(Draft("more"))).ref
    adapter = await restart(**settings)
    assert await found(adapter, first) == [(refs[0], None), (more, None)]
    assert [ref for ref, _ in await found(adapter, second)] == [refs[1], more]


async def test_what_discord_wrote_in_our_name_is_no_answer(adapter, restart, simulator, ask):
    asked = await ask()
    live = adapter.live(asked)
    await live.show(Draft("Hel"))
    await live.remove()
    assert len(simulator.world.channel(int(asked.question.id)).messages) == 1, "the thread's first line"
    adapter = await restart()
    assert await found(adapter, asked) == []


async def test_it_is_found_below_a_hundred_others(adapter, restart, simulator, inbox, alice, target):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    asked = target(await inbox.next(), "t:0")
    for number in range(120):
        simulator.post(dm, alice, str(number))
        await inbox.next()
    posted = (await adapter.live(asked).show(Draft("one"))).ref
    calls = len(simulator.journal.named(HISTORY))
    assert await found(adapter, asked) == [(posted, None)]
    assert len(simulator.journal.named(HISTORY)) == calls + 2


async def test_a_search_is_bounded(adapter, simulator, inbox, alice, target):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    asked = target(await inbox.next())
    for number in range(320):
        write(simulator.world, dm, simulator.bot, Written(content=str(number)))
    standing = await adapter.find(asked)
    assert len(standing) == 300
    assert [each.ref.id for each in standing] == sorted(each.ref.id for each in standing)
    assert dm.messages[int(standing[0].ref.id)].content == "0"


async def test_without_the_permission_nothing_is_found_and_it_is_said(
    adapter, simulator, inbox, general, alice, ask, caplog
):
    asked = await ask()
    await adapter.live(asked).show(Draft("one"))
    simulator.deny(general, Permission.READ_MESSAGE_HISTORY)
    simulator.post(general, alice, f"{simulator.bot.mention} later")
    await inbox.next()  # by now the adapter has heard of it
    assert await found(adapter, asked) == []
    assert "Read Message History" in caplog.text


async def test_what_is_hidden_from_us_is_not_found(adapter, simulator, general, ask, caplog):
    asked = await ask()
    await adapter.live(asked).show(Draft("one"))
    simulator.faults.refuse_next(HISTORY, 50001, times=2)
    assert await found(adapter, asked) == []
    assert "Read Message History" in caplog.text


async def test_a_rate_limit_of_the_search_is_told(adapter, simulator, ask):
    asked = await ask()
    simulator.rate_limit_next(HISTORY, 3)
    with pytest.raises(RateLimited) as limited:
        await adapter.find(asked)
    assert limited.value.retry_after == 3
