"""Conversations and messages that become turns: what is kept, and who finds what."""

import asyncio

import pytest

from core.messages import MessageRef, Place
from core.store.database import Database
from core.store.rows import Accepted, OpenTurn, State, Waiting, Wish
from core.store.store import Store
from tests.core.store.conftest import asked, enlist, fetch, message, post, row_of


async def test_an_accepted_message_comes_back_as_it_was(store, ledger):
    said = message()
    new = await store.accept(said, "helpdesk", enlist)
    turn = await ledger.claim(new.turn)
    assert turn.message == said
    assert (turn.state, turn.posts, turn.task_id, turn.text) == (State.QUEUED, (), "", "")
    assert (turn.fence, turn.asks, turn.stop) == (1, 0, Wish.NONE)
    conversation = turn.conversation
    assert (conversation.id, conversation.app) == (new.line, "helpdesk")
    assert (conversation.place, conversation.identity, conversation.dify_id) == (
        said.place,
        said.identity,
        "",
    )


async def test_the_same_message_twice_is_one_turn(store):
    assert await asked(store) is not None
    assert await asked(store) is None
    assert await asked(store, app="another") is None
    assert len(await store.open_turns()) == 1


async def test_the_same_message_from_many_sides_at_once_is_one_turn(store):
    taken = await asyncio.gather(*(asked(store) for _ in range(20)))
    assert sum(new is not None for new in taken) == 1


async def test_the_same_message_is_still_the_same_after_it_was_answered(store, ledger):
    new = await asked(store)
    await ledger.close(await ledger.claim(new.turn), "complete")
    assert await asked(store) is None


async def test_a_place_is_one_conversation_per_app(store):
    first, second = await asked(store, "q1"), await asked(store, "q2")
    other_app, other_thread = await asked(store, "q3", "sales"), await asked(store, "q4", thread="t2")
    assert first.line == second.line
    assert len({first.line, other_app.line, other_thread.line}) == 3


async def test_only_a_place_with_an_app_is_known(store):
    assert not await store.knows(message().place)
    await asked(store, app="")
    assert not await store.knows(message().place)
    await asked(store, "q2")
    assert await store.knows(message().place)
    assert not await store.knows(Place("chat", "w", "c", "elsewhere"))


async def test_a_turn_is_enlisted_in_its_own_transaction(store, database):
    seen = []

    async def look(connection, turn, line):
        counted = await connection.exec_driver_sql(f"SELECT count(*) FROM turns WHERE id = {turn}")
        seen.append((counted.scalar(), await fetch(database, "SELECT id FROM turns"), line))

    new = await store.accept(message(), "helpdesk", look)
    assert seen == [(1, [], new.line)]  # there for its own transaction, and for nobody else yet


async def test_a_turn_that_can_not_be_enlisted_is_none(store, database):
    async def refuse(*_):
        raise RuntimeError("no queue")

    with pytest.raises(RuntimeError, match="no queue"):
        await store.accept(message(), "helpdesk", refuse)
    assert await fetch(database, "SELECT id FROM turns UNION SELECT id FROM conversations") == []
    assert await asked(store) is not None


async def test_a_message_that_is_known_is_not_enlisted_again(store):
    await asked(store)

    async def refuse(*_):
        raise AssertionError("enlisted twice")

    assert await store.accept(message(), "helpdesk", refuse) is None


async def test_what_is_said_aside_waits_for_nobody(store):
    first = await asked(store)
    aside = await store.accept(message("q2"), "helpdesk", enlist, command=True, aside=True)
    another = await store.accept(message("q3"), "helpdesk", enlist, command=True, aside=True)
    assert len({first.line, aside.line, another.line}) == 3


async def test_a_stop_is_wished_where_it_is_accepted_and_knows_that_it_stops_something(store, ledger):
    running = await asked(store)
    stop = await store.accept(message("q2"), "helpdesk", enlist, command=True, aside=True, stops=running.turn)
    assert sorted(await store.wishes([running.turn, stop.turn])) == [
        (running.turn, Wish.STOP),
        (stop.turn, Wish.STOP),
    ]
    vain = await store.accept(message("q3"), "helpdesk", enlist, command=True, aside=True)
    assert (await ledger.claim(vain.turn)).stop is Wish.NONE


async def test_a_stop_that_comes_when_the_answer_has_just_ended_stops_nothing(store, ledger):
    ended = await asked(store)
    await ledger.close(await ledger.claim(ended.turn), "complete")
    late = await store.accept(message("q2"), "helpdesk", enlist, command=True, aside=True, stops=ended.turn)
    assert (await ledger.claim(late.turn)).stop is Wish.NONE


async def test_a_stop_that_comes_twice_is_wished_once(store, database):
    running = await asked(store)
    assert await store.accept(message("q2"), "helpdesk", enlist, stops=running.turn) is not None
    other = await asked(store, "q3")
    assert await store.accept(message("q2"), "helpdesk", enlist, stops=other.turn) is None
    assert await store.wishes([other.turn]) == []


async def test_a_message_of_ours_leads_to_its_conversation_and_open_turn(store, ledger):
    new = await asked(store)
    turn = await ledger.claim(new.turn)
    posts = [post("a1"), post("a2")]
    for page, ref in enumerate(posts):
        await ledger.add_post(turn, page, ref)
    assert await store.conversation_of(posts[1]) == turn.conversation
    for ref in (*posts, message().ref):
        assert await store.open_turn_at(ref) == OpenTurn(new.turn, "ann")
    stranger = post("a3")
    assert await store.conversation_of(stranger) is None
    assert await store.open_turn_at(stranger) is None
    await ledger.close(turn, "complete")
    assert await store.open_turn_at(posts[0]) is None
    assert await store.conversation_of(posts[0]) == turn.conversation


@pytest.mark.parametrize("other", [{"platform": "x"}, {"workspace": "x"}, {"channel": "x"}])
async def test_ids_of_messages_count_only_with_their_channel(store, ledger, other):
    new = await asked(store)
    parts = {"platform": "chat", "workspace": "w", "channel": "c", "id": "a1"}
    await ledger.add_post(await ledger.claim(new.turn), 0, MessageRef(**parts))
    elsewhere = MessageRef(**(parts | other))
    assert await store.open_turn_at(elsewhere) is None
    assert await store.conversation_of(elsewhere) is None
    assert not await ledger.is_known(elsewhere)
    assert await ledger.is_known(MessageRef(**parts))


async def test_a_restart_finds_every_turn_that_is_to_be_run_oldest_first(url):
    database = await Database.open(url)
    store, ledger = Store(database), ledger_of(database)
    news = [await asked(store, f"q{number}", thread=f"t{number % 2}") for number in range(5)]
    await ledger.note_sending(await ledger.claim(news[1].turn))
    await ledger.close(await ledger.claim(news[2].turn), "failed")
    await ledger.park(await ledger.claim(news[3].turn), "lost", "half")
    await database.aclose()
    database = await Database.open(url)
    found = await Store(database).open_turns()
    await database.aclose()
    assert found == [Waiting(news[number].turn, news[number].line, "chat") for number in (0, 1, 4)]


def ledger_of(database):
    from core.store.ledger import Ledger  # noqa: PLC0415 (of the second opening, not the fixture's)

    return Ledger(database)


async def test_a_message_that_was_accepted_after_its_caller_was_gone_is_a_turn_all_the_same(store):
    accepting = asyncio.create_task(asked(store))
    await asyncio.sleep(0)  # it is handed to the writer, and then given up
    accepting.cancel()
    await asyncio.gather(accepting, return_exceptions=True)
    again = await asked(store)
    assert [waiting.turn for waiting in await store.open_turns()] == [1]
    assert again in {None, Accepted(1, 1)}


async def test_notes_are_kept_and_replaced(store):
    assert await store.get("commands") is None
    await store.put("commands", "one")
    await store.put("commands", "two")
    assert await store.get("commands") == "two"


async def test_a_conversation_is_deleted_with_its_turns_and_what_hangs_on_them(
    store, ledger, ratings, database
):
    new = await asked(store)
    await ledger.add_post(await ledger.claim(new.turn), 0, post())
    await ratings.vote(new.turn, post(), "bob", "👍", "like")
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM conversations"))
    for table in ("turns", "posts", "votes"):
        assert await fetch(database, f"SELECT * FROM {table}") == []


async def test_names_and_ids_may_be_long(store, ledger, ratings):
    ids = {name: f"{name}-" + "".join(chr(33 + (n * 7) % 90) for n in range(300)) for name in "qtcap"}
    said = message(ids["q"], thread=ids["t"], channel=ids["c"], author=ids["a"])
    new = await store.accept(said, ids["a"], enlist)
    turn = await ledger.claim(new.turn)
    ref = MessageRef("chat", "w", ids["c"], ids["p"])
    await ledger.add_post(turn, 0, ref)
    await ledger.note_ids(
        turn, task_id=ids["q"], message_id=ids["p"], run_id=ids["t"], conversation_id=ids["a"], asked_at=1.0
    )
    await ratings.vote(turn.id, ref, ids["a"], ids["p"], "like")
    again = await ledger.claim(new.turn)
    assert (again.message, again.posts, again.run_id) == (said, (ref,), ids["t"])
    assert again.conversation.dify_id == ids["a"]
    [vote] = (await ratings.standing(turn.id))[1]
    assert vote.person == ids["a"]


@pytest.mark.parametrize("text", ["before\x00after", "\x00", "an \\u0000 escaped one", "half a \ud83d pair"])
async def test_characters_that_a_database_may_not_like_are_no_reason_to_lose_a_question(store, ledger, text):
    new = await asked(store, text=text)
    turn = await ledger.claim(new.turn)
    assert turn.message.text == text


@pytest.mark.parametrize("text", ["before\x00after", "\x00"])
async def test_an_answers_text_is_kept_without_the_character_that_postgresql_lacks(store, ledger, text):
    new = await asked(store)
    turn = await ledger.claim(new.turn)
    await ledger.note_text(turn, text)
    assert (await ledger.claim(new.turn)).text == text.replace("\x00", "")
    await ledger.park(await ledger.claim(new.turn), "lost", text)
    assert [await store.open_turns(), (await store.open_turn_at(message().ref)).turn] == [[], new.turn]


async def test_the_row_says_when_and_what(store, database):
    new = await asked(store)
    row = await row_of(database, new.turn)
    assert (row["author"], row["identity"], row["message"]) == ("ann", "chat:w:c:t", "q1")
    assert row["queued_at"] > 1_700_000_000
    assert (row["fence"], bool(row["command"]), row["sent_at"]) == (0, False, None)
