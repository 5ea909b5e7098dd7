"""How far a turn is: claims and their fences, what each save keeps, and what leaves the row at the end."""

import asyncio
import logging
from dataclasses import replace

import pytest

from core.errors import Superseded
from core.store.rows import State, Wish
from tests.core.store.conftest import WORDS, asked, fetch, post, row_of

IDS = {"task_id": "task", "message_id": "msg", "run_id": "run", "conversation_id": "conv", "asked_at": 5.0}
SAVES = {
    "sending": lambda ledger, turn: ledger.note_sending(turn),
    "unsent": lambda ledger, turn: ledger.note_unsent(turn),
    "ids": lambda ledger, turn: ledger.note_ids(turn, **IDS),
    "cut": lambda ledger, turn: ledger.note_cut(turn),
    "text": lambda ledger, turn: ledger.note_text(turn, "what the older one saw"),
    "park": lambda ledger, turn: ledger.park(turn, "lost", "half"),
    "close": lambda ledger, turn: ledger.close(turn, "complete"),
}
END = {name: SAVES[name] for name in ("park", "close")}


async def claimed(store, ledger, name="q1", **more):
    return await ledger.claim((await asked(store, name, **more)).turn)


def test_every_save_of_a_turn_is_among_those_that_are_tried():
    from core.store.ledger import Ledger  # noqa: PLC0415 (looked into)

    saves = {name for name in vars(Ledger) if name.startswith("note_") or name in END}
    assert saves == {name if name in END else f"note_{name}" for name in SAVES}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
async def test_a_save_of_an_older_claim_changes_nothing(store, ledger, database, save):
    older = await claimed(store, ledger)
    newer = await ledger.claim(older.id)
    await ledger.note_sending(newer)
    await ledger.note_text(newer, "what the newer one shows")
    before = [await row_of(database, older.id), await fetch(database, "SELECT * FROM conversations")]
    with pytest.raises(Superseded):
        await save(ledger, older)
    assert [await row_of(database, older.id), await fetch(database, "SELECT * FROM conversations")] == before
    await save(ledger, newer)
    assert await row_of(database, older.id) != before[0]


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
async def test_a_turn_whose_row_is_gone_can_not_be_saved(store, ledger, database, save):
    turn = await claimed(store, ledger)
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM turns"))
    with pytest.raises(Superseded):
        await save(ledger, turn)


async def test_a_cut_is_no_wish_of_anybody_and_ends_with_the_next_asking(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_cut(turn)
    assert await store.wishes([turn.id]) == []
    turn = await ledger.claim(turn.id)
    assert turn.stop is Wish.CUT
    await ledger.note_sending(turn)
    assert (await ledger.claim(turn.id)).stop is Wish.NONE


async def test_a_cut_that_came_too_late_is_taken_back(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_cut(turn)
    await ledger.note_cut(turn, cut=False)
    assert (await ledger.claim(turn.id)).stop is Wish.NONE


async def test_a_cut_does_not_hide_a_stop(store, ledger):
    turn = await claimed(store, ledger)
    await store.wish_stop(turn.id, Wish.STOP)
    await ledger.note_cut(turn)
    await ledger.note_sending(turn)
    assert await store.wishes([turn.id]) == [(turn.id, Wish.STOP)]


async def test_every_claim_is_a_newer_one(store, ledger):
    new = await asked(store)
    fences = [(await ledger.claim(new.turn)).fence for _ in range(3)]
    assert fences == [1, 2, 3]


async def test_of_many_claims_at_once_each_has_its_own_fence(store, ledger):
    new = await asked(store)
    turns = await asyncio.gather(*(ledger.claim(new.turn) for _ in range(10)))
    assert sorted(turn.fence for turn in turns) == list(range(1, 11))


@pytest.mark.parametrize("end", END.values(), ids=END)
async def test_a_turn_that_is_over_can_not_be_claimed(store, ledger, database, end):
    turn = await claimed(store, ledger)
    await end(ledger, turn)
    assert await ledger.claim(turn.id) is None
    assert (await row_of(database, turn.id))["fence"] == 1


async def test_a_turn_that_is_not_there_can_not_be_claimed(ledger):
    assert await ledger.claim(99) is None


async def test_a_claim_that_is_not_confirmed_changes_nothing(store, ledger, database):
    turn = await claimed(store, ledger)

    async def denied(connection):
        return False

    async def confirmed(connection):
        return True

    with pytest.raises(Superseded):
        await ledger.claim(turn.id, denied)
    assert (await row_of(database, turn.id))["fence"] == 1
    await ledger.note_text(turn, "still ours")
    assert (await ledger.claim(turn.id, confirmed)).fence == 2


async def test_what_is_sent_may_have_an_answer_and_the_ids_of_an_earlier_one_go(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_sending(turn)
    await ledger.note_ids(turn, **IDS)
    first = await ledger.claim(turn.id)
    assert (first.state, first.asks, first.asked_at) == (State.RUNNING, 1, 5.0)
    assert (first.task_id, first.message_id, first.run_id) == ("task", "msg", "run")
    assert first.sent_at > 1_700_000_000
    await ledger.note_sending(first)
    second = await ledger.claim(turn.id)
    assert (second.state, second.asks, second.asked_at) == (State.RUNNING, 2, None)
    assert (second.task_id, second.message_id, second.run_id) == ("", "", "")
    assert second.conversation.dify_id == "conv"


async def test_what_dify_did_not_take_was_not_asked(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_sending(turn)
    await ledger.note_unsent(turn)
    again = await ledger.claim(turn.id)
    assert (again.state, again.asks) == (State.QUEUED, 0)


async def test_ids_that_come_late_do_not_erase_the_conversation(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_ids(turn, **{**IDS, "message_id": "", "run_id": ""})
    await ledger.note_ids(turn, **{**IDS, "conversation_id": ""})
    again = await ledger.claim(turn.id)
    assert (again.message_id, again.conversation.dify_id) == ("msg", "conv")


async def test_the_text_that_is_shown_comes_back(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.note_text(turn, "so far 🧵")
    await ledger.note_text(turn, "so far 🧵 and further")
    assert (await ledger.claim(turn.id)).text == "so far 🧵 and further"


async def test_closing_erases_the_question_and_the_answer_and_keeps_the_ids(store, ledger, database):
    turn = await claimed(store, ledger)
    await ledger.note_ids(turn, **IDS)
    await ledger.note_text(turn, "the secret answer")
    await ledger.add_post(turn, 0, post("a1"))
    assert WORDS in await everything(database)
    await ledger.close(turn, "complete")
    assert await store.open_turns() == []
    left = await everything(database)
    for erased in (WORDS, "Ann Example", "plan.pdf", "the secret answer"):
        assert erased not in left
    for kept in ("task", "msg", "run", "conv", "a1", "complete", "closed"):
        assert f"'{kept}'" in left
    assert (await row_of(database, turn.id))["closed_at"] > 1_700_000_000


async def everything(database):
    tables = ("conversations", "turns", "posts", "votes", "notes")
    return "\n".join(
        [str([tuple(row) for row in await fetch(database, f"SELECT * FROM {table}")]) for table in tables]
    )


async def test_a_parked_turn_keeps_its_question_and_what_there_is_of_its_answer(store, ledger, database):
    turn = await claimed(store, ledger)
    await ledger.park(turn, "lost", "half of it")
    row = await row_of(database, turn.id)
    assert (row["state"], row["outcome"], row["text"]) == ("parked", "lost", "half of it")
    assert WORDS in str(row["question"])
    assert await store.open_turns() == []


async def test_posts_come_back_by_their_pages_and_what_is_told_twice_is_kept_once(store, ledger):
    turn = await claimed(store, ledger)
    for page in (1, 0, 2, 1):
        await ledger.add_post(turn, page, post(f"a{page}"))
    assert (await ledger.claim(turn.id)).posts == (post("a0"), post("a1"), post("a2"))


async def test_a_message_is_kept_whoever_has_the_turn_now_and_its_text_only_from_the_last(store, ledger):
    older = await claimed(store, ledger)
    newer = await ledger.claim(older.id)
    await ledger.add_post(newer, 0, post("a1"), "what the newer one shows")
    await ledger.add_post(older, 1, post("a2"), "what the older one saw")
    turn = await ledger.claim(older.id)
    assert (turn.posts, turn.text) == ((post("a1"), post("a2")), "what the newer one shows")


async def test_a_turn_that_got_the_id_of_a_deleted_one_is_another(store, ledger, database):
    """SQLite gives the highest id out again."""
    gone = await claimed(store, ledger)
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM turns"))
    again = await claimed(store, ledger, "q2")
    mistaken = replace(gone, id=again.id)
    for save in (*SAVES.values(), lambda ledger, turn: ledger.add_post(turn, 0, post())):
        with pytest.raises(Superseded):
            await save(ledger, mistaken)
    assert (await ledger.claim(again.id)).posts == ()


async def test_only_messages_of_ours_are_known(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.add_post(turn, 0, post())
    assert await ledger.is_known(post())
    assert not await ledger.is_known(post("a2"))
    assert not await ledger.is_known(turn.message.ref)


async def test_an_answer_of_another_turn_in_the_channel_is_anothers(store, ledger):
    first, second = await claimed(store, ledger, "q1"), await claimed(store, ledger, "q2", thread="t2")
    elsewhere = await claimed(store, ledger, "q3", channel="c2")
    await ledger.note_ids(first, **IDS)
    for found in ("msg", "run"):
        assert await ledger.is_anothers(second, found)
        assert not await ledger.is_anothers(first, found)
        assert not await ledger.is_anothers(elsewhere, found)
    assert not await ledger.is_anothers(second, "task")
    await ledger.close(first, "complete")
    assert await ledger.is_anothers(second, "msg")  # however long ago


async def test_a_conversation_at_dify_is_ours_where_it_was_asked(store, ledger):
    first, second = await claimed(store, ledger, "q1"), await claimed(store, ledger, "q2", thread="t2")
    elsewhere = await claimed(store, ledger, "q3", channel="c2")
    await ledger.note_ids(first, **IDS)
    assert await ledger.is_mapped(first, "conv")
    assert await ledger.is_mapped(second, "conv")
    assert not await ledger.is_mapped(elsewhere, "conv")
    assert not await ledger.is_mapped(second, "msg")


async def test_forgetting_the_memory_drops_only_the_mapping(store, ledger):
    turn, other = await claimed(store, ledger), await claimed(store, ledger, "q2", thread="t2")
    await ledger.note_ids(turn, **IDS)
    await ledger.note_ids(other, **{**IDS, "conversation_id": "conv2"})
    await ledger.forget_memory(turn)
    turn, other = await ledger.claim(turn.id), await ledger.claim(other.id)
    assert (turn.conversation.dify_id, turn.message_id) == ("", "msg")
    assert other.conversation.dify_id == "conv2"


async def test_who_does_not_have_the_turn_any_more_does_not_forget_the_memory(store, ledger):
    older = await claimed(store, ledger)
    newer = await ledger.claim(older.id)
    await ledger.note_ids(newer, **IDS)
    with pytest.raises(Superseded):
        await ledger.forget_memory(older)
    assert (await ledger.claim(newer.id)).conversation.dify_id == "conv"


async def test_a_question_that_can_not_be_read_stays_and_is_not_shown_in_the_log(
    store, ledger, database, caplog
):
    new = await asked(store)
    other = '{"words": "the secret words of Ann"}'
    change = f"UPDATE turns SET question = '{other}'"
    await database.write(lambda connection: connection.exec_driver_sql(change))
    with caplog.at_level(logging.INFO):
        assert await ledger.claim(new.turn) is None
    assert "can't be read" in caplog.text
    assert WORDS not in caplog.text
    assert [waiting.turn for waiting in await store.open_turns()] == [new.turn]


async def test_a_message_that_is_none_of_the_answers_any_more_is_nobodys(store, ledger):
    turn = await claimed(store, ledger)
    await ledger.add_post(turn, 0, post("a1"))
    await ledger.add_post(turn, 1, post("a2"))
    await ledger.drop_post(turn, post("a2"))
    assert await store.open_turn_at(post("a2")) is None
    assert (await store.open_turn_at(post("a1"))).turn == turn.id
