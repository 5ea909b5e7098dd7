"""The command `history`: pages, numbers that stay, what was said, and that it is one's own."""

from dataclasses import replace

import pytest

from core.command_handlers import CommandHandlers
from core.dify.client import Question
from core.messages import ButtonPressed, MessageRef, Whisper
from core.router import Route
from core.running import Stops
from core.sentences import say
from core.setup import Setup
from core.stopping import Stopping
from simulators.dify.state import Conversation, Message
from tests.core.parts import ANN, BOB, DM, THREAD, command, house

ID = "fake:ann"
LIST, SAID = "GET /conversations", "GET /messages"
NOON = 1_790_000_000  # 2026-09-21 14:13 UTC


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path) as home:
        setup = Setup(home.store, home.asides, home.apps, home.adapters, home.taking)
        stopping = Stopping(home.store, Stops(), home.line)
        routes = (Route("helpdesk"),)
        home.does = CommandHandlers(home.asides, home.apps, home.adapters, routes, setup, stopping)
        yield home


def keep(home, name, *turns, user=ID):
    """A conversation as Dify has kept it, with its questions and answers."""
    kept = Conversation(user, name, {}, "")
    for at, (query, answer) in enumerate(turns):
        message = Message(kept.id, user, query, {}, "", answer=answer, created_at=NOON + 60 * at)
        kept.messages.append(message)
    home.dify.apps["app-k"].conversations[kept.id] = kept
    return kept


def keep_many(home, count):
    return [keep(home, f"talk {number}") for number in range(1, count + 1)]


def keep_long(home, count, name="long"):
    return keep(home, name, *((f"Q{number}", f"A{number}") for number in range(1, count + 1)))


async def goes_on(home, conversation, place=DM):
    """The place talks in it now."""
    await home.asides.keep_inputs(place, "helpdesk", conversation.user, {})
    await home.asides.switch(place, "helpdesk", conversation.id)


async def given(home, text="", **more):
    whisper = await home.does.given(command("history", text, **{"place": DM, "identity": ID, **more}))
    assert isinstance(whisper, Whisper)
    assert len(whisper.markdown) <= 2_000
    assert all(len(button.key) <= 64 for button in whisper.buttons)
    return whisper


async def press(home, whisper, label, **more):
    [button] = [each for each in whisper.buttons if each.label == label]
    ref = MessageRef("fake", "w", "d", "whisper")
    what = {"place": DM, "identity": ID, **more}
    return await home.does.pressed(ButtonPressed(ref, ANN, button.key, **what))


def titles(whisper):
    return [line for line in whisper.markdown.splitlines() if line.startswith("- ")]


def labels(whisper):
    return [button.label for button in whisper.buttons]


def queries(whisper):
    lines = whisper.markdown.splitlines()
    return [line.partition("**")[2].partition("**")[0] for line in lines if line.startswith("**")]


async def test_the_list_goes_on_over_pages_by_words(home):
    keep_many(home, 45)
    first = await given(home)
    assert len(titles(first)) == 20
    assert titles(first)[0].startswith("- `1` talk 45 · 20")
    assert titles(first)[19].startswith("- `20` talk 26 ")
    assert "`page 2`" in first.markdown
    for words in ("page 2", "more", "PAGE 2"):
        second = await given(home, words)
        assert titles(second)[0].startswith("- `21` talk 25 ")
        assert titles(second)[19].startswith("- `40` talk 6 ")
    last = await given(home, "page 3")
    assert [each.split(" · ")[0] for each in titles(last)] == [
        f"- `{40 + n}` talk {6 - n}" for n in range(1, 6)
    ]
    assert "`page" not in last.markdown
    assert (await given(home, "page 99")) == last


async def test_the_list_goes_on_over_pages_by_buttons(home):
    keep_many(home, 45)
    first = await given(home)
    assert labels(first) == ["Older"]
    second = await press(home, first, "Older")
    assert second == await given(home, "page 2")
    assert labels(second) == ["Newer", "Older"]
    third = await press(home, second, "Older")
    assert labels(third) == ["Newer"]
    assert await press(home, third, "Newer") == second
    assert await press(home, second, "Newer") == first


async def test_a_press_is_answered_with_the_user_of_who_pressed(home):
    keep_many(home, 21)
    first = await given(home)
    theirs = await press(home, first, "Older", identity="fake:bob", place=replace(DM, channel="e"))
    assert theirs.markdown == say("history_empty", "en")
    assert {call.args["user"] for call in home.dify.journal.named(LIST)} == {ID, "fake:bob"}


async def test_a_press_whose_place_is_not_known_is_too_late(home):
    keep_many(home, 21)
    assert (await press(home, await given(home), "Older", place=None)).markdown == say("too_late", "en")


async def test_a_press_speaks_the_persons_language(home):
    keep_many(home, 21)
    whisper = await press(home, await given(home), "Older", locale="ja-JP")
    assert labels(whisper) == ["新しいもの"]


async def test_numbers_count_over_all_pages(home):
    kept = keep_many(home, 130)
    assert "talk 9" in (await given(home, "switch 122")).markdown
    assert (await home.asides.conversation(DM, "helpdesk")).dify_id == kept[8].id
    asked = [(call.args["limit"], call.args.get("last_id")) for call in home.dify.journal.named(LIST)]
    assert asked == [("100", None), ("22", kept[30].id)]
    assert "- `122` **talk 9** · 20" in (await given(home, "page 7")).markdown
    sure = await given(home, "delete 130")
    assert kept[0].id in home.dify.apps["app-k"].conversations  # a number alone deletes nothing
    await press(home, sure, "Delete")
    await press(home, sure, "Delete")  # each replica hears it
    assert len(home.dify.apps["app-k"].conversations) == 129
    assert kept[0].id not in home.dify.apps["app-k"].conversations


async def test_a_number_stays_where_its_conversation_is_renamed_named_or_talked_in(home):
    kept = keep_many(home, 5)
    await given(home, "rename 4 Cats")
    await given(home, "rename 4 All the cats")
    assert [one.name for one in kept] == ["talk 1", "All the cats", "talk 3", "talk 4", "talk 5"]
    await given(home, "name 5")
    assert kept[0].name != "All the cats"
    kept[2].touch()
    assert "All the cats" in (await given(home, "switch 4")).markdown


@pytest.mark.parametrize(
    "text", ["switch 201", "delete 999999", "show 201", "rename x y", "switch", "name 0"]
)
async def test_there_are_numbers_for_two_hundred(home, text):
    kept = keep_many(home, 205)
    assert (await given(home, text)).markdown == say("history_number", "en", most=200)
    assert len(home.dify.apps["app-k"].conversations) == len(kept)
    assert labels(await given(home, "page 10")) == ["Newer"]
    assert await given(home, "page 11") == await given(home, "page 10")


async def test_where_there_are_none_any_number_says_so(home):
    assert (await given(home, "switch 1")).markdown == say("history_empty", "en")
    assert await given(home) == Whisper(say("history_empty", "en"))


async def test_show_tells_what_was_said_oldest_first_with_its_dates(home):
    keep(home, "All the cats", ("What is a cat?", "<think>hm</think>A **small** animal."), ("And a dog?", ""))
    keep(home, "Dogs", ("Hi", "Woof"))
    assert (await given(home, "show 2")).markdown == (
        "### All the cats\n"
        "**What is a cat?** · 2026-09-21 14:13\nA small animal.\n\n"
        "**And a dog?** · 2026-09-21 14:14\n(no answer was kept)"
    )


async def test_show_alone_is_the_current_conversation(home):
    assert (await given(home, "show")).markdown == say("nothing_here", "en")
    old = keep(home, "Cats", ("What is a cat?", "An animal."))
    keep(home, "Dogs", ("Hi", "Woof"))
    await goes_on(home, old)
    assert (await given(home, "show")).markdown == "**What is a cat?** · 2026-09-21 14:13\nAn animal."


async def test_what_was_said_before_is_paged_back(home):
    keep_long(home, 25)
    last = await given(home, "show 1")
    assert queries(last) == [f"Q{number}" for number in range(16, 26)]
    assert "`show 1 2`" in last.markdown
    before = await press(home, last, "Older")
    assert queries(before) == [f"Q{number}" for number in range(6, 16)]
    assert queries(await given(home, "show 1 2")) == queries(before)
    assert labels(before) == ["Newer", "Older"]
    first = await press(home, before, "Older")
    assert queries(first) == [f"Q{number}" for number in range(1, 6)]
    assert labels(first) == ["Newer"]
    assert queries(await press(home, first, "Newer")) == queries(before)
    assert queries(await given(home, "show 1 99")) == queries(first)


async def test_two_hundred_turns_can_be_read_back(home):
    keep_long(home, 205)
    oldest = await given(home, "show 1 20")
    assert queries(oldest) == [f"Q{number}" for number in range(6, 16)]
    assert labels(oldest) == ["Newer"]
    assert [call.args["limit"] for call in home.dify.journal.named(SAID)] == ["100", "100"]


async def test_a_button_stays_with_its_conversation_when_numbers_move(home):
    keep_long(home, 12)
    whisper = await given(home, "show 1")
    keep_long(home, 12, "newer")
    keep(home, "newest", ("Hi", "Hello"))
    assert queries(await press(home, whisper, "Older")) == ["Q1", "Q2"]


async def test_only_ones_own_conversations_are_shown(home):
    theirs = keep(home, "Bob's", ("a secret", "hidden"), user="fake:bob")
    assert (await given(home, f"show {theirs.id}")).markdown == say("history_gone", "en")
    assert (await given(home, "show 1")).markdown == say("history_empty", "en")
    ref = MessageRef("fake", "w", "d", "whisper")
    forged = ButtonPressed(ref, ANN, f"history:show:{theirs.id}:1", place=DM, identity=ID)
    assert (await home.does.pressed(forged)).markdown == say("history_gone", "en")
    assert {call.args["user"] for call in home.dify.journal.named(SAID)} == {ID}


async def test_a_shared_place_shows_the_conversations_of_the_place(home):
    shared = keep(home, "Ours", ("Hi all", "Hello"), user="fake:w:c:t")
    keep(home, "Ann's own", ("a secret", "hidden"))
    await goes_on(home, shared, THREAD)
    where = {"place": THREAD, "identity": "fake:w:c:t", "author": BOB}
    assert ["Ours" in line for line in titles(await given(home, **where))] == [True]
    assert queries(await given(home, "show", **where)) == ["Hi all"]


async def test_one_that_was_deleted_meanwhile_is_gone(home):
    kept = keep_long(home, 12)
    whisper = await given(home, "show 1")
    del home.dify.apps["app-k"].conversations[kept.id]
    assert (await press(home, whisper, "Older")).markdown == say("history_gone", "en")


async def test_one_in_which_nothing_was_said_says_so(home):
    keep(home, "Empty")
    assert (await given(home, "show 1")).markdown == say("history_nothing_said", "en")


async def test_a_long_talk_stays_within_one_message(home):
    keep(home, "long", *[("question " * 500, "answer **bold** " * 5_000)] * 12)
    whisper = await given(home, "show 1")
    assert len(queries(whisper)) == 10
    assert len(whisper.markdown) <= home.chat.limits(DM).page_length + 100
    keep_many(home, 25)
    for one in home.dify.apps["app-k"].conversations.values():
        one.name = "a long title " * 20
    assert len(titles(await given(home))) == 20


async def test_what_dify_answers_now_can_be_shown_at_once(home):
    home.dify.reply("Because.")
    async with home.app.dify.client.ask(Question("Why?", ID), run=False) as events:
        [event async for event in events]
    assert (await given(home, "show 1")).markdown.endswith("\nBecause.")
