"""A message being written when Discord refuses, limits, loses replies, or was restarted under us."""

import asyncio
import time

import pytest

from adapters.discord.live import nonce
from core.contract import Gone, RateLimited, Uncertain
from core.messages import Draft, IncomingReaction, MessageDeleted
from simulators.discord import Permission

POST = "POST /channels/{channel_id}/messages"
PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"
THREAD = "POST /channels/{channel_id}/messages/{message_id}/threads"
TYPING = "POST /channels/{channel_id}/typing"


@pytest.fixture
def dm(simulator, alice):
    return simulator.dm(alice)


@pytest.fixture
async def heard(adapter, simulator, inbox, dm, alice):
    """A question in a DM."""
    simulator.post(dm, alice, "hi")
    return await inbox.next()


@pytest.fixture
async def live(adapter, heard, target):
    return adapter.live(target(heard))


def answers(channel, simulator):
    starter = 21
    ours = [each for each in channel.messages.values() if each.author is simulator.bot]
    return [each.content for each in ours if each.type != starter]


async def test_a_post_whose_reply_is_lost_is_not_doubled(live, simulator, dm):
    simulator.lose_reply_next(POST)
    with pytest.raises(Uncertain):
        await live.show(Draft("Hel"))
    assert live.ref is None
    await live.show(Draft("Hello"))
    assert answers(dm, simulator) == ["Hello"]
    await live.show(Draft("Hello you", final=True))
    assert answers(dm, simulator) == ["Hello you"]


async def test_after_a_crash_the_same_key_finds_the_same_message(
    live, heard, start, launch, simulator, dm, target
):
    await live.show(Draft("Hel"))
    await launch.end()
    adapter = await start()
    again = adapter.live(target(heard))
    await again.show(Draft("Hello"))
    assert answers(dm, simulator) == ["Hello"]
    known = adapter.live(target(heard), again.ref)
    await known.show(Draft("Hello you", final=True))
    assert answers(dm, simulator) == ["Hello you"]


async def test_a_thread_whose_reply_is_lost_is_used(adapter, simulator, inbox, general, alice, target):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    simulator.lose_reply_next(THREAD)
    with pytest.raises(Uncertain):
        await live.show(Draft("Hello"))
    receipt = await live.show(Draft("Hello"))
    assert receipt.ref.channel == str(question.id)
    assert answers(simulator.world.channel(question.id), simulator) == ["Hello"]


async def test_an_edit_whose_reply_is_lost_is_repeated(live, simulator, dm):
    await live.show(Draft("Hel"))
    simulator.lose_reply_next(PATCH)
    with pytest.raises(Uncertain):
        await live.show(Draft("Hello"))
    await live.show(Draft("Hello"))
    assert answers(dm, simulator) == ["Hello"]
    assert len(simulator.journal.named(PATCH)) == 2


async def test_what_is_shown_already_costs_no_call(live, simulator):
    await live.show(Draft("Hello"))
    await live.show(Draft("Hello", final=True))
    assert simulator.journal.named(PATCH) == []


@pytest.mark.parametrize("via", [True, False])
async def test_a_rate_limit_is_told_at_once(live, simulator, dm, via):
    await live.show(Draft("Hel"))
    simulator.faults.rate_limit_next(PATCH, 7, via=via)
    before = time.monotonic()
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("Hello"))
    assert limited.value.retry_after == 7
    assert time.monotonic() - before < 2
    await live.show(Draft("Hello"))
    assert answers(dm, simulator) == ["Hello"]


async def test_the_call_that_empties_a_bucket_does_not_wait(live, simulator):
    await live.show(Draft("0"))
    before = time.monotonic()
    left = [(await live.show(Draft("0" * n))).allowance.remaining for n in range(2, 7)]
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("0" * 7))
    assert 3 < limited.value.retry_after <= 5
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (10003, "channel was deleted"),
        (50007, "no direct"),
        (50035, r"refused \(50035\)"),
        (50001, "no access"),
    ],
)
async def test_a_refusal_is_final(live, simulator, code, text):
    simulator.faults.refuse_next(POST, code)
    with pytest.raises(Gone, match=text):
        await live.show(Draft("Hello"))


async def test_a_refusal_in_the_middle(live, simulator, dm):
    receipt = await live.show(Draft("Hel"))
    simulator.delete(dm.messages[int(receipt.ref.id)])
    with pytest.raises(Gone, match="message was deleted"):
        await live.show(Draft("Hello"))
    await live.remove()


async def test_a_lost_permission(adapter, simulator, inbox, general, alice, target):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    simulator.deny(general, Permission.SEND_MESSAGES_IN_THREADS)
    with pytest.raises(Gone, match="permission is missing"):
        await live.show(Draft("Hello"))
    assert answers(simulator.world.channel(question.id), simulator) == []


async def test_a_deleted_question(adapter, simulator, inbox, general, alice, target):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    simulator.delete(question)
    with pytest.raises(Gone, match="message was deleted"):
        await live.show(Draft("Hello"))
    gone = await inbox.next()
    assert isinstance(gone, MessageDeleted)
    assert gone.ref.id == str(question.id)


async def test_an_answer_goes_on_in_a_thread_that_was_archived(
    adapter, simulator, inbox, general, alice, target
):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    await live.show(Draft("Hel"))
    thread = simulator.world.channel(question.id)
    simulator.archive(thread)
    await live.show(Draft("Hello"))
    assert answers(thread, simulator) == ["Hello"]
    assert not thread.archived


async def test_after_a_restart_the_next_page_knows_that_it_is_one(
    adapter, launch, start, simulator, inbox, general, alice, target
):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    heard = await inbox.next()
    first = (await adapter.live(target(heard, "t/0")).show(Draft("one"))).ref
    await launch.end()
    adapter = await start()
    await adapter.live(target(heard, "t/0"), first).show(Draft("one.", final=True))
    second = await adapter.live(target(heard, "t/1")).show(Draft("two", final=True))
    thread = simulator.world.channel(question.id)
    assert answers(thread, simulator) == ["one.", "two"]
    assert thread.messages[int(second.ref.id)].flags == 4 | 4096
    assert len(simulator.journal.named(THREAD)) == 1


async def test_answers_are_finished_after_the_gateway_was_left(live, launch, simulator, dm):
    await live.show(Draft("Hel"))
    task = launch.tasks[0][1]
    task.cancel()
    await asyncio.wait([task])
    await simulator.journal.wait(lambda: not simulator.gateway.connections)
    await live.show(Draft("Hello", final=True))
    assert answers(dm, simulator) == ["Hello"]


async def test_a_server_error_is_uncertain(live, simulator, dm):
    simulator.faults.fail_next(POST, 503)
    with pytest.raises(Uncertain, match="503"):
        await live.show(Draft("Hello"))
    await live.show(Draft("Hello"))
    assert answers(dm, simulator) == ["Hello"]


async def test_old_messages_take_few_edits(live, simulator):
    await live.show(Draft("Hel"))
    simulator.faults.refuse_next(PATCH, 30046)
    with pytest.raises(RateLimited) as limited:
        await live.show(Draft("Hello"))
    assert limited.value.retry_after == 30


async def test_a_surplus_message_is_removed(live, simulator, dm):
    await live.remove()
    await live.show(Draft("Hello"))
    await live.remove()
    assert answers(dm, simulator) == []


async def test_before_the_first_login_nothing_can_be_shown(launch, heard, target):
    await launch.end()
    live = launch(api_url="http://127.0.0.1:9/api/v10").live(target(heard))
    with pytest.raises(Uncertain, match="not connected"):
        await live.show(Draft("Hello"))


async def test_reactions_on_old_messages_after_a_restart(live, launch, start, simulator, inbox, dm, alice):
    receipt = await live.show(Draft("Hello", final=True))
    await launch.end()
    await start()
    answer = dm.messages[int(receipt.ref.id)]
    simulator.react(answer, alice, "👍🏽")
    added = await inbox.next()
    assert isinstance(added, IncomingReaction)
    assert (added.ref, added.emoji, added.added) == (receipt.ref, "👍🏽", True)
    assert (added.author.id, added.author.bot) == (str(alice.id), False)
    simulator.unreact(answer, alice, "👍🏽")
    removed = await inbox.next()
    assert (removed.ref, removed.emoji, removed.added) == (receipt.ref, "👍🏽", False)


async def test_reactions_in_a_guild(adapter, simulator, inbox, general, guild, alice):
    robot = simulator.add_user("robot", bot=True)
    simulator.join(guild, robot)
    message = simulator.post(general, alice, "look")
    simulator.react(message, simulator.bot, "👀")
    simulator.react(message, robot, "👍")
    simulator.react(message, alice, "party:5")
    heard = [await inbox.next(), await inbox.next()]
    assert [(each.author.bot, each.emoji) for each in heard] == [(True, "👍"), (False, "party")]
    assert heard[1].ref.workspace == str(guild.id)
    assert heard[1].author.name == "Alice"


async def test_signs_of_work(adapter, simulator, inbox, general, alice, target):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    aim = target(await inbox.next())
    for _ in range(2):
        await adapter.busy(aim, "waiting", "You are next.")
    assert question.reactions == {"⏳": [simulator.bot.id]}
    await adapter.busy(aim, "working", "")
    assert question.reactions in ({}, {"⏳": []})
    assert simulator.journal.named(TYPING)[-1].args["channel_id"] == str(general.id)
    await adapter.live(aim).show(Draft("Hello"))
    await adapter.busy(aim, "working", "")
    assert simulator.journal.named(TYPING)[-1].args["channel_id"] == str(question.id)
    await adapter.busy(aim, None, "")
    carried_out = [
        each for each in simulator.journal.calls if each.status == 204 and "reactions" in each.method
    ]
    assert len(carried_out) == 2


async def test_an_hourglass_of_an_earlier_process_is_taken_away(
    adapter, launch, start, simulator, inbox, general, alice, target
):
    question = simulator.post(general, alice, f"{simulator.bot.mention} hi")
    aim = target(await inbox.next())
    await adapter.busy(aim, "waiting", "")
    await launch.end()
    adapter = await start()
    await adapter.busy(aim, None, "")
    assert question.reactions in ({}, {"⏳": []})


async def test_a_sign_that_fails_is_passed_over(adapter, simulator, heard, dm, target):
    simulator.faults.fail_next(TYPING, 503)
    await adapter.busy(target(heard), "working", "")
    simulator.delete(dm.messages[int(heard.ref.id)])
    await adapter.busy(target(heard), "waiting", "")
    assert [each.status for each in simulator.journal.named(TYPING)] == [503]


def test_a_nonce_is_short_and_stable():
    assert nonce("x" * 300) == nonce("x" * 300) != nonce("y")
    assert len(nonce("x" * 300)) <= 25
