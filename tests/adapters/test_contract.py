"""What every adapter must do, whatever its platform: over the real SDKs and sockets of each simulator."""

import asyncio
import gc
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bots.platforms import PLATFORMS, route_keys
from core.contract import Budget, Gone, RateLimited, Refused, Uncertain
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
from tests.adapters.contract import ADAPTERS, Bot, Driver, Inbox, Notes, eventually

SECRET = "the launch code is 0000"
PROMPT = 3  # seconds in which `run` has to end
STAGES = [(name, stage) for name, driver in ADAPTERS.items() for stage in driver.stages]


def able(what):
    return [name for name, driver in ADAPTERS.items() if what in driver.can]


@pytest.fixture(params=ADAPTERS)
async def driver(request):
    async with ADAPTERS[request.param]() as driver:
        yield driver


class Crew:
    """Starts adapters, and ends them when the test is over."""

    def __init__(self, driver):
        self.driver = driver
        self.bots = []

    def launch(self, **settings):
        adapter, inbox = self.driver.make(**settings), Inbox()
        bot = Bot(adapter, inbox, asyncio.create_task(adapter.run(inbox, Notes())))
        self.bots.append(bot)
        return bot

    async def start(self, **settings):
        bot = self.launch(**settings)
        await eventually(lambda: bot.adapter.status == "ok")
        return bot

    async def end(self):
        while self.bots:
            with suppress(Refused):
                await self.bots.pop().end()


@pytest.fixture
async def crew(driver):
    crew = Crew(driver)
    yield crew
    await crew.end()


@pytest.fixture
async def bot(crew):
    return await crew.start()


def test_every_adapter_is_in_the_registry():
    folder = Path(__file__).parents[2] / "adapters"
    there = {each.parent.name for each in folder.glob("*/adapter.py")}
    assert there == set(ADAPTERS) == set(PLATFORMS)


# ---- what people write


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


# ---- what people do


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


# ---- the connection


async def test_the_status_follows_the_connection(driver, crew):
    assert driver.make().status not in ("", "ok")
    bot = await crew.start()
    async with driver.unreachable():
        await eventually(lambda: bot.adapter.status != "ok")
        assert bot.adapter.status
    await eventually(lambda: bot.adapter.status == "ok")
    said = driver.whisper("back?")
    assert await bot.inbox.about(said)


@pytest.mark.parametrize(
    ("name", "wrong"), [(name, wrong) for name in ADAPTERS for wrong in ADAPTERS[name].wrong]
)
async def test_a_wrong_token_is_refused_with_what_to_do(name, wrong):
    async with ADAPTERS[name]() as driver:
        bot = Crew(driver).launch(**wrong)
        with pytest.raises(Refused, match=rf"{name}\.{next(iter(wrong))}\b") as refused:
            await asyncio.wait_for(bot.task, PROMPT)
        assert bot.adapter.status != "ok"
        findings = await bot.adapter.check()
        mends = [each.text for each in findings if not each.ok]
        assert any(f"{name}.{next(iter(wrong))}" in text for text in mends)
        for text in (str(refused.value), *mends):
            assert not any(secret in text for secret in (*wrong.values(), *driver.secrets))
        await bot.adapter.aclose()


async def test_check_is_content_with_a_good_setup(driver, crew):
    adapter = crew.launch().adapter
    findings = await adapter.check()
    assert findings
    assert [each for each in findings if not each.ok] == []
    assert all(each.subject and each.text for each in findings)


async def test_nothing_raises_where_nobody_answers(driver, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    async with driver.unreachable():
        findings = await bot.adapter.check()
        assert findings
        assert not any(each.ok for each in findings)
        names = await bot.adapter.names(heard)
        assert names.user
        assert names.channel
        for sign in ("waiting", "working", None):
            await bot.adapter.busy(Target(heard.place, heard.ref, heard.author, "key"), sign, "Wait.")


async def test_names_are_readable(driver, bot):
    driver.mention("hi")
    names = await bot.adapter.names(await bot.inbox.next())
    assert names.user.lower() in ("alice", "ada")
    assert names.channel == "general"
    driver.whisper("hi")
    heard = await bot.inbox.next()
    names = await bot.adapter.names(heard)
    assert names.user.lower() in ("alice", "ada")
    assert names.channel == heard.place.channel
    assert re.fullmatch(r"|[a-z]{2,3}(-[A-Za-z0-9]+)*", heard.locale)


async def test_it_leaves_at_once_and_leaves_nothing_open(driver, crew):
    before = asyncio.all_tasks()
    bot = await crew.start()
    driver.whisper("hi")
    heard = await bot.inbox.next()
    live = bot.adapter.live(Target(heard.place, heard.ref, heard.author, "key"))
    await live.show(Draft("Hel"))
    await bot.adapter.check()
    async with asyncio.timeout(PROMPT):
        await bot.leave()
    await eventually(lambda: not driver.connections)
    assert bot.adapter.status not in ("", "ok")
    await live.show(Draft("Hello", final=True))
    assert [each.text for each in driver.ours()] == ["Hello"]
    await bot.adapter.aclose()
    await eventually(lambda: not asyncio.all_tasks() - before)
    crew.bots.clear()
    del bot, live
    gc.collect()


async def test_it_leaves_at_once_while_nobody_answers(driver, crew):
    async with driver.unreachable():
        bot = crew.launch()
        first = bot.adapter.status
        await eventually(lambda: bot.adapter.status != first)
        async with asyncio.timeout(PROMPT):
            await crew.end()
    gc.collect()


async def test_malformed_events_are_survived(driver, bot):
    await driver.malformed(SECRET)
    said = driver.whisper("still there?")
    assert await bot.inbox.about(said)
    assert {each.ref for each in bot.inbox.kept} == {said}
    assert not bot.task.done()


async def test_neither_words_nor_tokens_are_logged(driver, bot, caplog):
    caplog.set_level(logging.INFO)
    bot.inbox.failures = 1
    await driver.malformed(SECRET)
    said = driver.whisper(SECRET)
    [heard, *_] = await bot.inbox.about(said)
    live = bot.adapter.live(Target(heard.place, said, heard.author, "key"))
    for kind in ("limited", "reply lost", "not done"):
        with driver.trouble(kind), suppress(RateLimited, Uncertain):
            await live.show(Draft(f"{SECRET} {kind}"))
    driver.close(said)
    with pytest.raises(Gone):
        await live.show(Draft(f"{SECRET} {SECRET}"))
    async with driver.unreachable():
        await eventually(lambda: bot.adapter.status != "ok")
    await eventually(lambda: bot.adapter.status == "ok")
    assert caplog.records
    for secret in (SECRET, *driver.secrets):
        assert secret not in caplog.text


# ---- what we write


@dataclass
class Stage:
    """A question that was asked in one of the ways a platform has, and what is needed to answer it."""

    driver: Driver
    crew: Crew
    bot: Bot
    target: Target
    settings: dict

    def live(self, posted=None):
        return self.bot.adapter.live(self.target, posted)

    def only(self):
        """What the single message of ours looks like."""
        [message] = self.driver.ours()
        return message


@pytest.fixture(params=STAGES, ids="-".join)
async def stage(request):
    name, kind = request.param
    settings, where = ADAPTERS[name].stages[kind]
    async with ADAPTERS[name]() as driver:
        crew = Crew(driver)
        bot = await crew.start(**settings)
        (driver.whisper if where == "direct" else driver.mention)("What is love?")
        heard = await bot.inbox.next()
        target = Target(heard.place, heard.ref, heard.author, "turn-1:0")
        yield Stage(driver, crew, bot, target, settings)
        await crew.end()


async def persist(live, draft):
    """Show a draft until it is known to be shown; returns how often that was uncertain."""
    for failures in range(10):
        with suppress(Uncertain):
            receipt = await live.show(draft)
            assert receipt.ref == live.ref
            return failures
    raise AssertionError("never shown")


async def test_before_it_runs_an_adapter_asks_nobody(driver, crew, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    calls = len(driver.journal.calls)
    adapter = driver.make()
    live = adapter.live(Target(heard.place, heard.ref, heard.author, "key"))
    assert (live.ref, adapter.name) == (None, driver.name)
    budget = live.budget(Draft("Hello"))
    assert isinstance(budget, Budget)
    assert budget.key.startswith(driver.name)
    assert budget.calls > 0 < budget.seconds
    assert live.budget(Draft("Hello")) == budget
    limits = adapter.limits(heard.place)
    assert 0 < adapter.measure("Hello") < limits.page_length
    assert limits.page_seconds > 60
    assert limits.question_length > 1000
    assert len(driver.journal.calls) == calls
    await adapter.aclose()


async def test_a_message_grows_and_is_closed(stage):
    live = stage.live()
    texts = ["Love", "Love is", "Love is all."]
    for text in texts:
        receipt = await live.show(Draft(text, final=text == texts[-1]))
        shown = stage.only()
        assert (shown.text, shown.ref) == (text, live.ref)
        assert receipt.ref == live.ref
        assert receipt.allowance is None or receipt.allowance.remaining >= 0
        assert live.budget(Draft("more")).key.startswith(stage.driver.name)
    assert list(shown.states) == texts
    assert not shown.growing
    assert not shown.previews


async def test_an_answer_that_is_ready_at_once_is_one_message(stage):
    await stage.live().show(Draft("Love is all.", final=True, notices=("Memory starts afresh.",)))
    shown = stage.only()
    assert (shown.text, list(shown.notices)) == ("Love is all.", ["Memory starts afresh."])
    assert not shown.growing
    assert not shown.previews


@pytest.mark.parametrize("final", [False, True])
async def test_the_same_draft_twice_is_one_message(stage, final):
    live = stage.live()
    for _ in range(3):
        await live.show(Draft("Love", final=final, notices=("Stopped.",) if final else ()))
    shown = stage.only()
    assert (shown.text, list(shown.states)) == ("Love", ["Love"] if not final else list(shown.states)[:1])


async def test_notices_stand_apart_from_the_text(stage):
    live = stage.live()
    await live.show(Draft("```py\nx = 1"))
    notices = ("Stopped by Alice.", f"Ask {stage.driver.them['bob']} again.")
    await live.show(Draft("```py\nx = 12", final=True, notices=notices))
    shown = stage.only()
    assert shown.text == "```py\nx = 12\n```"
    assert shown.notices[0] == "Stopped by Alice."
    assert len(shown.notices) == 2
    assert not shown.pings


@pytest.mark.parametrize("begun", [False, True])
async def test_notices_alone_are_shown(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft(""))
    await live.show(Draft("", final=True, notices=("Dify does not answer.",)))
    shown = stage.only()
    assert list(shown.notices) == ["Dify does not answer."]
    assert shown.text in ("", "…")


@pytest.mark.parametrize("final", [False, True])
async def test_a_redraw_replaces_what_was_shown(stage, final):
    live = stage.live()
    await live.show(Draft("Something rude"))
    await live.show(Draft("Sorry.", redraw=True, final=final))
    assert stage.only().text == "Sorry."
    await live.show(Draft("Sorry. Again.", final=True))
    shown = stage.only()
    assert (shown.text, shown.growing) == ("Sorry. Again.", False)


@pytest.mark.parametrize("closed", [False, True])
async def test_after_a_restart_the_message_is_written_on(stage, closed):
    posted = (await stage.live().show(Draft("Love", final=closed))).ref
    await stage.crew.end()
    stage.bot = await stage.crew.start(**stage.settings)
    live = stage.live(posted)
    assert live.ref == posted
    for text in ("Love is", "Love is all."):
        assert (await live.show(Draft(text, final=text.endswith(".")))).ref == posted
        assert (stage.only().text, stage.only().ref) == (text, posted)
    assert not stage.only().growing


@pytest.mark.parametrize("kind", ["reply lost", "not done"])
@pytest.mark.parametrize("final", [False, True])
async def test_an_uncertain_post_is_one_message(stage, kind, final):
    live = stage.live()
    with stage.driver.trouble(kind):
        assert await persist(live, Draft("Love", final=final)) > 0
    assert (stage.only().text, stage.only().ref) == ("Love", live.ref)
    await live.show(Draft("Love is all.", final=True))
    assert (stage.only().text, stage.only().growing) == ("Love is all.", False)


@pytest.mark.parametrize("kind", ["reply lost", "not done"])
@pytest.mark.parametrize("final", [False, True])
async def test_an_uncertain_edit_shows_the_text_once(stage, kind, final):
    live = stage.live()
    await live.show(Draft("Love"))
    with stage.driver.trouble(kind):
        assert await persist(live, Draft("Love is all.", final=final)) > 0
    assert stage.only().text == "Love is all."
    await live.show(Draft("Love is all. Yes.", final=True, notices=("Stopped.",)))
    assert (stage.only().text, stage.only().growing) == ("Love is all. Yes.", False)
    assert list(stage.only().notices) == ["Stopped."]


async def test_a_lost_post_of_one_page_is_not_taken_for_another(stage):
    await stage.live().show(Draft("page one", final=True))
    stage.target = Target(stage.target.place, stage.target.question, stage.target.asker, "turn-1:1")
    live = stage.live()
    with stage.driver.trouble("reply lost"):
        await persist(live, Draft("page two"))
    await live.show(Draft("page two.", final=True))
    assert [each.text for each in stage.driver.ours()] == ["page one", "page two."]


@pytest.mark.parametrize("begun", [False, True])
async def test_a_rate_limit_is_told_and_nothing_is_done(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft("Love"))
    before = stage.driver.ours()
    with stage.driver.trouble("limited"):
        with pytest.raises(RateLimited) as limited:
            await asyncio.wait_for(live.show(Draft("Love is")), 1)
        assert limited.value.retry_after == stage.driver.wait
        assert stage.driver.ours() == before
    await live.show(Draft("Love is all.", final=True))
    assert stage.only().text == "Love is all."


async def test_a_deleted_message_is_gone(stage):
    live = stage.live()
    await live.show(Draft("Love"))
    stage.driver.delete(live.ref)
    with pytest.raises(Gone) as gone:
        await live.show(Draft("Love is"))
    assert str(gone.value)
    await live.remove()
    assert stage.driver.ours() == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_channel_that_is_gone(stage, begun):
    live = stage.live()
    if begun:
        await live.show(Draft("Love"))
    stage.driver.close(stage.target.question)
    with pytest.raises(Gone) as gone:
        await live.show(Draft("Love is", final=True))
    assert str(gone.value)


@pytest.mark.parametrize("final", [False, True])
async def test_a_removed_message_is_removed_once(stage, final):
    live = stage.live()
    await live.remove()
    await live.show(Draft("Love", final=final))
    await live.remove()
    assert stage.driver.ours() == []
    await live.remove()


PIECES = {
    "fences": "Look {n}:\n\n```python\nprint({n}, '<b>')\n```\n\n",
    "tables": "| Name {n} | 数量 |\n|:---|---:|\n| **x** | `{n}` |\n| a cell | [a](https://a.b/{n}) |\n\n",
    "links": "see [the docs {n}](https://example.com/a_(b)?n={n}&x=1) and <https://a.b/{n}|this>, ",
    "cjk": "第{n}条：愛とは何か、日本語で説明してください。",
    "emoji": "👍🏽👩‍👩‍👧‍👦 {n} & < > ",
    "mentions": "<!channel> @everyone <@{id}> <@&{id}> {n}\n",
    "markup": "#### H {n}\n> *a* __b__ ~~c~~ \\* `<@{id}>` ![i](https://a.b/{n}.png)\n- [ ] x\n",
}


def filled(adapter, place, piece):
    """As many pieces as a page holds, and how many that are."""
    text, number, length = "", 100, adapter.limits(place).page_length
    while adapter.measure(more := text + piece.replace("{n}", str(number))) <= length:
        text, number = more, number + 1
    return text, range(100, number)


@pytest.mark.parametrize("kind", PIECES)
async def test_a_full_page_fits_and_pings_nobody(stage, kind):
    driver = stage.driver
    piece = PIECES[kind].replace("{id}", re.sub(r"\D*(\w+)>", r"\1", driver.them["bob"].removeprefix("<@")))
    text, numbers = filled(stage.bot.adapter, stage.target.place, piece)
    assert len(numbers) > 5
    live = stage.live()
    await live.show(Draft(text[: len(text) // 2]))
    await live.show(Draft(text))
    await live.show(Draft(text, final=True))
    shown = stage.only()
    assert [number for number in numbers if str(number) not in shown.text] == []
    assert shown.text.count("```") % 2 == 0
    assert not shown.pings
    assert not shown.previews


async def test_an_open_fence_is_readable_while_it_grows(stage):
    live = stage.live()
    for text in ("Look:\n```py\nx = 1", "Look:\n```py\nx = 12\n", "Look:\n```py\nx = 12\n```\nSo."):
        await live.show(Draft(text))
        assert stage.only().text.removesuffix("```").rstrip("\n") == text.removesuffix("```").rstrip("\n")
    await live.show(Draft("Look:\n```py\nx = 12\n```\nSo.\n```\ny", final=True))
    assert stage.only().text == "Look:\n```py\nx = 12\n```\nSo.\n```\ny\n```"


# ---- signs


@pytest.mark.parametrize("where", ["whisper", "mention"])
async def test_a_sign_is_shown_and_taken_away(driver, bot, where):
    getattr(driver, where)("hi")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    for _ in range(2):
        await bot.adapter.busy(target, "waiting", "You are next.")
        assert driver.signs(target)
    calls = len(driver.journal.calls)
    await bot.adapter.busy(target, "working", "Thinking …")
    assert len(driver.journal.calls) > calls
    for _ in range(2):
        await bot.adapter.busy(target, None, "")
        assert not driver.signs(target)
    assert driver.ours() == []


async def test_a_sign_that_fails_is_passed_over_and_comes_back(driver, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    with driver.failing():
        for sign in ("waiting", "working", "waiting", None, "working", None):
            await bot.adapter.busy(target, sign, "Wait.")
    driver.mention("again")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    await bot.adapter.busy(target, "waiting", "You are next.")
    assert driver.signs(target)
