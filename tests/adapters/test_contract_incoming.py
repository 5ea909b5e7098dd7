"""What every adapter must tell of what people write and do, over the real SDKs of each platform."""

import re

import pytest

from bots.platforms import route_keys
from core.messages import (
    Addressed,
    Draft,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    Person,
    StopPressed,
    Target,
)
from tests.adapters.crew import able


async def test_a_direct_message(driver, bot):
    said = driver.whisper(driver.typed("is 1 < 2 && 3 > 2?"))
    heard = await bot.inbox.next()
    assert isinstance(heard, IncomingMessage)
    assert (heard.ref, heard.addressed, heard.text) == (said, Addressed.DIRECT, "is 1 < 2 && 3 > 2?")
    assert (heard.place.platform, heard.place.direct) == (driver.name, True)
    assert (heard.place.workspace, heard.place.channel) == (said.workspace, said.channel)
    assert (heard.author.id, heard.author.bot) == (driver.ids["alice"], False)
    assert (heard.files, heard.reply_to) == ((), "")


async def test_a_mention_in_a_channel(driver, bot):
    said = driver.mention(f"{driver.typed('<b> & so on')}, ask {driver.them['bob']}")
    heard = await bot.inbox.next()
    assert (heard.ref, heard.addressed) == (said, Addressed.MENTION)
    assert (heard.place.platform, heard.place.direct) == (driver.name, False)
    assert (heard.place.workspace, heard.place.channel) == (said.workspace, said.channel)
    assert re.fullmatch(r"<b> & so on, ask @(bob|ben)", heard.text, re.IGNORECASE)


async def test_what_follows_in_a_thread_is_of_the_same_conversation(driver, bot):
    question = driver.mention("hi")
    first = await bot.inbox.next()
    driver.follow(question, "and then?")
    followed = await bot.inbox.next()
    driver.follow(question, f"{driver.me} and now?", "alice")
    named = await bot.inbox.next()
    assert [each.addressed for each in (followed, named)] == [Addressed.FOLLOW, Addressed.MENTION]
    assert [each.text for each in (followed, named)] == ["and then?", "and now?"]
    assert followed.author.id == driver.ids["bob"]
    assert first.place == followed.place == named.place
    assert first.identity == followed.identity == named.identity


async def test_an_identity_is_a_person_in_private_and_else_a_place(driver, bot):
    driver.whisper("one")
    driver.whisper("two")
    driver.whisper("three", "bob")
    driver.mention("four")
    driver.mention("five")
    await bot.inbox.journal.wait(lambda: len({each.ref for each in bot.inbox.kept}) == 5)
    heard = {each.text: each.identity for each in bot.inbox.kept}
    assert heard["one"] == heard["two"]
    assert len(set(heard.values())) == 4
    assert driver.ids["alice"] in heard["one"]
    assert driver.ids["alice"] not in heard["four"]
    assert all(len(each) <= 255 for each in heard.values())


@pytest.mark.parametrize("where", ["whisper", "mention"])
async def test_facts_are_what_routes_may_restrict(driver, bot, where):
    said = getattr(driver, where)("hi")
    facts = (await bot.inbox.next()).facts
    assert set(facts) == route_keys(driver.name)
    assert all(type(values) is frozenset for values in facts.values())
    assert facts["users"] == {driver.ids["alice"]}
    assert said.channel in facts["channels"]


async def test_a_file_is_described(driver, bot):
    driver.whisper("look", file=("notes.txt", b"hello", "text/plain"))
    heard = await bot.inbox.next()
    [file] = heard.files
    assert (file.name, file.mime_type, file.size) == ("notes.txt", "text/plain", 5)
    assert file.id
    assert file.url.startswith("http://127.0.0.1")


@pytest.mark.parametrize("driver", able("reply"), indirect=True)
async def test_a_reply_says_what_it_answers(driver, bot):
    question = driver.mention("hi")
    await bot.inbox.next()
    driver.reply(question, f"{driver.me} and this?")
    assert (await bot.inbox.next()).reply_to == question.id


async def test_the_same_event_twice_is_the_same_message(driver, bot):
    said = [driver.whisper("hi"), driver.mention("ho")]
    for ref in said:
        await bot.inbox.about(ref)
        driver.repeat(ref)
    driver.whisper("the end")
    driver.mention("the end")
    await bot.inbox.journal.wait(lambda: sum(each.text == "the end" for each in bot.inbox.kept) >= 2)
    await driver.settled()
    assert len({each.ref for each in bot.inbox.kept}) == 4
    for ref in said:
        assert len(set(map(repr, await bot.inbox.about(ref)))) == 1


async def test_only_people_are_heard(driver, bot):
    asked = [driver.whisper("hi"), driver.mention("ho")]
    for ref in asked:
        [heard, *_] = await bot.inbox.about(ref)
        live = bot.adapter.live(Target(heard.place, ref, heard.author, ref.id))
        for text in ("Hello", f"Hello {driver.me}"):
            await live.show(Draft(text, final=text != "Hello"))
    driver.noise(asked[1])
    driver.chatter("talk among people")
    said = [*asked, driver.whisper("end"), driver.mention("end"), driver.follow(asked[1], "end")]
    for ref in said:
        await bot.inbox.about(ref)
    await driver.settled()
    assert {each.ref for each in bot.inbox.kept} == set(said)


async def test_reactions_on_any_message(driver, bot):
    asked = driver.whisper("hi")
    heard = await bot.inbox.next()
    answer = (await bot.adapter.live(Target(heard.place, asked, heard.author, "key")).show(Draft("Yes"))).ref
    for ref in (answer, asked):
        emoji = driver.react(ref)
        added = await bot.inbox.next()
        driver.unreact(ref)
        taken = await bot.inbox.next()
        assert isinstance(added, IncomingReaction)
        assert isinstance(taken, IncomingReaction)
        assert [(each.ref, each.emoji, each.added) for each in (added, taken)] == [
            (ref, emoji, True),
            (ref, emoji, False),
        ]
        assert {(each.author.id, each.author.bot) for each in (added, taken)} == {
            (driver.ids["alice"], False)
        }


async def test_reactions_of_bots_are_told_apart_and_our_own_never_come(driver, bot):
    asked = driver.mention("hi")
    await bot.inbox.next()
    for who in ("us", "robot", "bob"):
        driver.react(asked, who)
    heard = [await bot.inbox.next(), await bot.inbox.next()]
    await driver.settled()
    assert {each.author.id: each.author.bot for each in heard} == {
        driver.ids["robot"]: True,
        driver.ids["bob"]: False,
    }


@pytest.mark.parametrize("where", ["whisper", "mention"])
async def test_deleted_messages_of_people_and_of_ours(driver, bot, where):
    asked = getattr(driver, where)("hi")
    heard = await bot.inbox.next()
    answer = (await bot.adapter.live(Target(heard.place, asked, heard.author, "key")).show(Draft("Yes"))).ref
    for ref in (asked, answer):
        driver.delete(ref)
        assert await bot.inbox.next() == MessageDeleted(ref)


@pytest.mark.parametrize("driver", able("stop"), indirect=True)
async def test_the_platforms_stop_names_the_place(driver, bot):
    driver.whisper("hi")
    heard = await bot.inbox.next()
    driver.press_stop(heard)
    assert await bot.inbox.next() == StopPressed(heard.place, Person(heard.author.id))


@pytest.mark.parametrize("kind", ["message", "reaction", "action"])
async def test_what_could_not_be_stored_comes_again(driver, bot, kind, caplog):
    asked = driver.whisper("hi")
    await bot.inbox.next()
    bot.inbox.failures = 2
    {"message": driver.repeat, "reaction": driver.react, "action": driver.delete}[kind](asked)
    await bot.inbox.journal.wait(lambda: len(bot.inbox.kept) == 2)
    assert bot.inbox.failures == 0
    assert bot.inbox.kept[1].ref == asked
    assert "the store is full" not in caplog.text
