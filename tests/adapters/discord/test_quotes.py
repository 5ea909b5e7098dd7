"""What a person chose to ask is written down in their name, once, where the conversation takes place."""

import pytest

from core.contract import Gone, Uncertain
from core.messages import Draft, Person, Place

POST = "POST /channels/{channel_id}/messages"


@pytest.fixture
async def heard(adapter, simulator, inbox, general, alice):
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    return await inbox.next()


async def test_it_stands_in_the_thread_with_the_name(adapter, simulator, heard, target):
    shown = (await adapter.live(target(heard)).show(Draft("Hello", final=True))).ref
    where = await adapter.quote(heard.place, Person("1", "Al *ice*"), "What **else**? @everyone", "k1")
    message = simulator.world.channel(int(heard.ref.id)).messages[int(where.id)]
    assert where.channel == shown.channel
    assert message.content.replace("\u200b", "") == "**Al \\*ice\\***: What **else**? @everyone"
    assert (message.mention_everyone, message.allowed_mentions) == (False, {"parse": []})
    assert [each.ref for each in await adapter.find(target(heard))] == [shown]


async def test_a_repetition_is_posted_once(adapter, simulator, alice):
    dm = simulator.dm(alice)
    place = Place("discord", "", str(dm.id), direct=True)
    simulator.lose_reply_next(POST)
    with pytest.raises(Uncertain):
        await adapter.quote(place, Person("1", "Al"), "hi", "k1")
    await adapter.quote(place, Person("1", "Al"), "hi", "k1")
    await adapter.quote(place, Person("1", "Al"), "hi", "k2")
    assert len(dm.messages) == 2


async def test_without_a_thread_it_stands_in_the_channel(adapter, heard, general):
    where = await adapter.quote(heard.place, Person("1", "Al"), "x" * 3000, "k1")
    assert where.channel == str(general.id)
    assert len(general.messages[int(where.id)].content) <= 2000
    with pytest.raises(Gone):
        await adapter.quote(Place("discord", "", "5", direct=True), Person("1", "Al"), "hi", "k3")
