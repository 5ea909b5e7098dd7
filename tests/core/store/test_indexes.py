"""The queries that run all the time read a handful of rows, however many there are."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, insert, select

from core.messages import MessageRef
from core.store.rows import Wish
from core.store.tables import conversations, turns
from tests.core.store.conftest import asked, message, post

OLD = 1000
QUESTION = message().ref
PLACE = message().place


@contextmanager
def reading(database):
    """The statements that are sent meanwhile, with their values."""
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        sent.append((statement, parameters))

    engine = database._reading.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def plan_of(database, call):
    """How the database would find what the statements of a call want."""
    with reading(database) as sent:
        await call
    plans = []
    async with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # for a handful it reads all
            await connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        prefix = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        for statement, parameters in sent:
            plan = await connection.exec_driver_sql(f"{prefix} {statement}", parameters)
            plans += [str(row[-1]) for row in plan]
    return "\n".join(plans)


def is_a_scan(line):
    """Whether a line of a plan says that a whole table is read."""
    return "Seq Scan" in line or ("SCAN" in line and "USING" not in line)


QUERIES = {
    "open turns": ("ix_turns_open", lambda store, *_: store.open_turns()),
    "running": ("ix_turns_open", lambda store, *_: store.running_at(PLACE, "ann")),
    "due": ("ix_turns_due", lambda _store, _ledger, ratings: ratings.due()),
    "question": ("", lambda store, *_: store.open_turn_at(QUESTION)),
    "conversation": ("", lambda store, *_: store.conversation_of(post())),
    "known place": ("", lambda store, *_: store.knows(PLACE)),
    "known post": ("", lambda _store, ledger, _ratings: ledger.is_known(post())),
    "wishes": ("", lambda store, *_: store.wishes([1, 2, 3])),
    "active": ("ix_conversations_last_at", lambda store, *_: store.active("chat", 60)),
    "votes": ("", lambda _store, _ledger, ratings: ratings.answer_at(post())),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_no_table_is_read_as_a_whole(store, ledger, ratings, database, name):
    index, query = QUERIES[name]
    await filled(store, ledger, ratings)
    plan = await plan_of(database, query(store, ledger, ratings))
    assert index in plan
    assert [line for line in plan.splitlines() if is_a_scan(line)] == []


async def filled(store, ledger, ratings):
    """Many rows that are done with, and a few of each kind that are not."""
    await store.database.write(_add_old_ones)
    for number in range(5):
        turn = await ledger.claim((await asked(store, f"q{number}")).turn)
        ref = MessageRef("chat", "w", "c", f"a{number}")
        await ledger.add_post(turn, 0, ref)
        await ratings.vote(turn.id, ref, "ann", "👍", "like")
        await store.wish_stop(turn.id, Wish.STOP)


async def _add_old_ones(connection):
    place = {"platform": "chat", "workspace": "w", "channel": "c", "identity": "i"}
    talks = [
        {**place, "thread": f"old {n}", "direct": False, "app": "helpdesk", "created_at": n, "last_at": n}
        for n in range(OLD)
    ]
    await connection.execute(insert(conversations), talks)
    first = (await connection.execute(select(func.min(conversations.c.id)))).scalar()
    told = [
        {**place, "conversation": first + n, "message": f"old {n}", "author": "ann", "state": "closed"}
        for n in range(OLD)
    ]
    await connection.execute(insert(turns), [{**turn, "queued_at": n} for n, turn in enumerate(told)])
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("ANALYZE")  # as its server does by itself; SQLite is never told


async def test_a_scan_would_be_seen(store, ledger, ratings, database):
    await filled(store, ledger, ratings)

    async def whole():
        async with database.begin() as connection:
            await connection.exec_driver_sql("SELECT * FROM turns WHERE author = 'bob'")

    assert [line for line in (await plan_of(database, whole())).splitlines() if is_a_scan(line)] != []
