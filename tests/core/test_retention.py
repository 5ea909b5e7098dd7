"""What is kept for how long, and what a sweep leaves alone."""

import asyncio
import time
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy import event, func, insert, select, update

from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.store import retention
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.marks import Marks
from core.store.ratings import Ratings
from core.store.retention import PARKED_SECONDS, Retention
from core.store.rows import State
from core.store.store import Store
from core.store.tables import conversations, posts, turns, votes
from tests.postgres import eventually, value

DAY = 24 * 3600.0
KEEP, IDLE = 90, 30
CHUNK = 20


class Kept:
    """A store, and how it is filled and looked at."""

    def __init__(self, database):
        self.database = database
        self.store, self.ledger = Store(database), Ledger(database)

    def retention(self, **settings):
        return Retention(self.database, **{"keep_days": KEEP, "idle_days": None, "pause": 0, **settings})

    async def sweep(self, **settings):
        await self.retention(**settings).sweep()

    async def asked(self, name, thread="t"):
        place, ref = Place("chat", "w", "c", thread), MessageRef("chat", "w", "c", name)
        words = IncomingMessage(
            ref, place, Person("ann"), "secret words", Addressed.MENTION, f"chat:{thread}"
        )

        async def enlist(*_):
            """No queue."""

        accepted = await self.store.accept(words, "helpdesk", enlist)
        turn = await self.ledger.claim(accepted.turn)
        await self.ledger.add_post(turn, 0, MessageRef("chat", "w", "c", f"a-{name}"))
        return turn

    async def answered(self, name, thread="t", *, days=0, dify_id="", outcome="complete"):
        """A turn that was closed (or parked) so many days ago."""
        turn = await self.asked(name, thread)
        await self.ledger.note_ids(
            turn, task_id="", message_id="m", run_id="", conversation_id=dify_id, asked_at=1.0
        )
        if outcome == "parked":
            await self.ledger.park(turn, "lost", "half of it")
        else:
            await self.ledger.close(turn, outcome)
        await self.age(turn, days)
        return turn

    async def age(self, turn, days):
        then = time.time() - days * DAY
        await self.execute(
            update(turns).where(turns.c.id == turn.id).values(queued_at=then, closed_at=then),
            update(conversations).where(conversations.c.id == turn.conversation.id).values(last_at=then),
        )

    async def execute(self, *statements):
        async def change(connection):
            for statement in statements:
                await connection.execute(statement)

        await self.database.write(change)

    async def all(self, *columns):
        async with self.database.begin() as connection:
            return [tuple(row) for row in await connection.execute(select(*columns).order_by(columns[0]))]

    async def questions(self):
        return [name for (name,) in await self.all(turns.c.message)]

    async def mappings(self):
        return dict(await self.all(conversations.c.thread, conversations.c.dify_id))


@pytest.fixture(params=["embedded_url", "postgres"])
def url(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def embedded_url(tmp_path):
    return f"sqlite:///{tmp_path}/parley.db"


@asynccontextmanager
async def opened(url, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", CHUNK)
    database = await Database.open(url)
    yield Kept(database)
    await database.aclose()


@pytest.fixture
async def kept(url, monkeypatch):
    async with opened(url, monkeypatch) as store:
        yield store


@pytest.fixture
async def embedded(embedded_url, monkeypatch):
    async with opened(embedded_url, monkeypatch) as store:
        yield store


@pytest.fixture
async def served(postgres, monkeypatch):
    async with opened(postgres, monkeypatch) as store:
        yield store


async def test_closed_turns_go_after_their_days_with_posts_and_votes(kept):
    old = await kept.answered("old", days=KEEP + 1)
    young = await kept.answered("young", days=KEEP - 1)
    for turn in (old, young):
        post = MessageRef("chat", "w", "c", f"a-{turn.message.ref.id}")
        await Ratings(kept.database).vote(turn.id, post, "bob", "+1", "like")
    await kept.sweep()
    assert await kept.questions() == ["young"]
    assert await kept.all(posts.c.message) == [("a-young",)]
    assert await kept.all(votes.c.turn) == [(young.id,)]


async def test_an_answer_that_is_an_annotation_stays_known_as_long_as_its_mark_stands(kept):
    """Only its row leads to the annotation: for taking the mark away, and for `forget`."""
    marks, pin = Marks(kept.database), "pushpin"
    turn = await kept.answered("old", days=KEEP + 1)
    post = MessageRef("chat", "w", "c", "a-old")
    await marks.mark(turn.id, post, "boss", pin)
    await marks.settle(turn.id, (await marks.of(turn.id)).marks, kept=True)
    await kept.sweep()
    assert await kept.questions() == ["old"]
    await marks.withdraw(turn.id, post, "boss", pin)
    await marks.settle(turn.id, (await marks.of(turn.id)).marks, kept=False)
    await kept.sweep()
    assert await kept.questions() == []


async def test_what_is_not_closed_stays_however_old(kept):
    queued, running = await kept.asked("queued"), await kept.asked("running")
    await kept.ledger.note_sending(running)
    for turn in (queued, running):
        await kept.age(turn, 1000)
    await kept.sweep()
    assert await kept.questions() == ["queued", "running"]
    assert [turn.turn for turn in await kept.store.open_turns()] == [queued.id, running.id]


async def filled(kept, count, *, days, state=State.CLOSED, first=1, queued_days=None):
    """Many turns of one conversation, straight into the table."""
    then = time.time() - days * DAY
    queued = then if queued_days is None else time.time() - queued_days * DAY
    [(conversation,)] = (await kept.all(conversations.c.id))[:1]
    row = {
        "conversation": conversation, "platform": "chat", "workspace": "w", "channel": "c", "author": "ann",
        "identity": "i", "state": state, "queued_at": queued, "closed_at": then,
    }  # fmt: skip
    await kept.execute(
        insert(turns).values([{**row, "message": f"x{number}"} for number in range(first, first + count)])
    )


async def test_more_than_a_chunk_goes_in_several_transactions(kept):
    young = await kept.answered("young")
    await filled(kept, 2 * CHUNK + 10, days=KEEP + 1)
    await kept.age(young, 0)
    sizes = []

    def counted(_connection, cursor, statement, *_):
        if statement.startswith("DELETE FROM turns"):
            sizes.append(cursor.rowcount)

    engine = kept.database._writing.sync_engine
    event.listen(engine, "after_cursor_execute", counted)
    await kept.sweep()
    assert await kept.questions() == ["young"]
    assert (sum(sizes), max(sizes)) == (2 * CHUNK + 10, CHUNK)


async def test_old_open_turns_at_the_front_do_not_keep_the_rest(kept):
    await kept.answered("old", days=KEEP + 1)
    await filled(kept, CHUNK + 1, days=KEEP + 5, state=State.QUEUED)
    await filled(kept, 1, days=KEEP + 1, first=CHUNK + 2)
    await kept.sweep()
    assert await kept.all(func.count(turns.c.id)) == [(CHUNK + 1,)]
    assert f"x{CHUNK + 2}" not in await kept.questions()


async def test_a_row_from_the_future_does_not_keep_the_rest(kept):
    ahead = await kept.answered("ahead")
    await kept.age(ahead, -1000)  # the clock was wrong for a while
    await kept.answered("old", days=KEEP + 1)
    await kept.sweep()
    assert await kept.questions() == ["ahead"]


async def steps_of(kept):
    """How much the database's engine does for a sweep that finds nothing."""
    steps = 0

    def tick():
        nonlocal steps
        steps += 1

    async def watched(connection):
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.set_progress_handler(tick, 10)

    async with kept.database.begin() as connection:
        await watched(connection)
    await kept.database.write(watched)
    await kept.sweep(idle_days=IDLE)
    return steps


async def test_nothing_to_do_costs_the_same_however_much_there_is(embedded):
    await embedded.answered("one", dify_id="d")
    await filled(embedded, 2 * CHUNK, days=1)
    few = await steps_of(embedded)
    for batch in range(10):
        await filled(embedded, 2 * CHUNK, days=1, first=(batch + 1) * 1000)
    assert few > 10
    assert await steps_of(embedded) < 1.1 * few


async def test_a_parked_question_is_erased_after_a_day(kept):
    hours = PARKED_SECONDS / 3600
    late = await kept.answered("late", days=(hours + 1) / 24, outcome="parked")
    fresh = await kept.answered("fresh", days=(hours - 1) / 24, outcome="parked")
    await kept.sweep()
    state = await kept.all(turns.c.id, turns.c.state, turns.c.outcome, turns.c.text, turns.c.fence)
    assert state == [(late.id, "closed", "lost", None, 1), (fresh.id, "parked", "lost", "half of it", 1)]
    questions = dict(await kept.all(turns.c.message, turns.c.question))
    assert questions["late"] is None
    assert questions["fresh"]["text"] == "secret words"


async def test_the_button_of_a_parked_question_works_until_then(kept):
    late = await kept.answered("late", days=2, outcome="parked")

    async def enlist(*_):
        """No queue."""

    assert (await kept.store.ask_again(MessageRef("chat", "w", "c", "a-late"), enlist)).turn == late.id
    await kept.sweep()  # asked again in time: it is open now, and stays
    assert (await kept.ledger.claim(late.id)).message.text == "secret words"


async def test_a_conversation_remembers_for_ever_unless_told_otherwise(kept):
    await kept.answered("old", days=10_000, dify_id="d-1")
    await kept.sweep()
    assert await kept.mappings() == {"t": "d-1"}


async def test_an_idle_conversation_begins_afresh(kept):
    await kept.answered("q1", "idle", days=IDLE + 1, dify_id="d-1")
    await kept.answered("q2", "busy", days=IDLE - 1, dify_id="d-2")
    await kept.sweep(idle_days=IDLE)
    assert await kept.mappings() == {"idle": "", "busy": "d-2"}
    assert await kept.questions() == ["q1", "q2"]


@pytest.mark.parametrize("parked", [False, True])
async def test_not_while_a_question_in_it_is_open(kept, parked):
    turn = await kept.answered("q1", days=IDLE + 1, dify_id="d-1")
    await (kept.answered("q2", outcome="parked") if parked else kept.asked("q2"))
    await kept.age(turn, IDLE + 1)
    await kept.sweep(idle_days=IDLE)
    assert await kept.mappings() == {"t": "d-1"}


async def test_idle_conversations_are_found_as_time_goes_by(kept):
    sweeper = kept.retention(idle_days=IDLE)
    first = await kept.answered("q1", "first", days=IDLE + 1, dify_id="d-1")
    second = await kept.answered("q2", "second", days=IDLE - 1, dify_id="d-2")
    await sweeper.sweep()
    await kept.age(second, IDLE + 0.5)
    await sweeper.sweep()
    assert await kept.mappings() == {"first": "", "second": ""}
    assert first.conversation.id != second.conversation.id


async def test_more_idle_conversations_than_a_chunk(kept):
    then = time.time() - (IDLE + 1) * DAY  # all of the same moment: their ids order them
    row = {
        "platform": "chat", "workspace": "w", "channel": "c", "direct": False, "app": "helpdesk",
        "identity": "i", "dify_id": "d", "created_at": then, "last_at": then,
    }  # fmt: skip
    await kept.execute(
        insert(conversations).values([{**row, "thread": f"t{number}"} for number in range(2 * CHUNK + 1)])
    )
    await kept.sweep(idle_days=IDLE)
    assert set((await kept.mappings()).values()) == {""}


async def test_conversations_that_nothing_is_left_of_go(kept):
    await kept.answered("q1", "forgotten", days=KEEP + 1, dify_id="")
    await kept.answered("q2", "mapped", days=KEEP + 1, dify_id="d-2")
    await kept.answered("q3", "recent", days=KEEP - 1, dify_id="")
    await kept.sweep()
    assert await kept.mappings() == {"mapped": "d-2", "recent": ""}
    await kept.sweep(idle_days=IDLE)
    assert await kept.mappings() == {"recent": ""}


async def test_two_sweeps_at_once_are_harmless(kept, url):
    await kept.answered("young", "t2", dify_id="d")
    await filled(kept, CHUNK + 10, days=KEEP + 1)
    beside = await Database.open(url, exclusive=False)
    await asyncio.gather(kept.sweep(idle_days=IDLE), Kept(beside).sweep(idle_days=IDLE))
    await beside.aclose()
    assert await kept.questions() == ["young"]
    assert await kept.mappings() == {"t2": "d"}


class Counted(Retention):
    """Counts its sweeps."""

    sweeps = 0
    changed = None

    async def sweep(self):
        try:
            await super().sweep()
        finally:
            self.sweeps += 1
            self.changed.set()

    async def swept(self, times):
        async with asyncio.timeout(5):
            while self.sweeps < times:
                await self.changed.wait()
                self.changed.clear()


@asynccontextmanager
async def sweeping(kept):
    sweeper = Counted(kept.database, keep_days=KEEP, idle_days=None, pause=0)
    sweeper.changed = asyncio.Event()
    task = asyncio.create_task(sweeper.run())
    yield sweeper
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_sweeps_soon_after_the_start_and_again(kept, monkeypatch):
    monkeypatch.setattr(retention, "START_SECONDS", 0)
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0)
    await kept.answered("old", days=KEEP + 1)
    async with sweeping(kept) as sweeper:
        await sweeper.swept(2)
    assert await kept.questions() == []


async def test_a_store_that_is_away_is_tried_again(embedded, monkeypatch, caplog):
    monkeypatch.setattr(retention, "START_SECONDS", 0)
    monkeypatch.setattr(retention, "RETRY_SECONDS", 0)
    await embedded.answered("old", days=KEEP + 1)
    async with embedded.database.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE turns RENAME TO away")
    async with sweeping(embedded) as sweeper:
        await sweeper.swept(1)
        async with embedded.database.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE away RENAME TO turns")
        while await embedded.questions():
            await sweeper.swept(sweeper.sweeps + 1)
    assert "old rows can't be removed now" in caplog.text


@asynccontextmanager
async def another_replica(url):
    """A transaction of somebody else's, committed at the end of the block."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield connection


async def test_who_comes_back_at_this_moment_is_not_lost(served, postgres):
    await served.answered("old", "t", days=KEEP + 1)
    async with another_replica(postgres) as other:
        await other.execute(
            "INSERT INTO turns (conversation, platform, workspace, channel, message, author, identity, state,"
            " outcome, task_id, message_id, run_id, rating_due, rating, queued_at)"
            " SELECT conversation, platform, workspace, channel, 'new', author, identity, 'queued', '', '',"
            " '', '', false, '', extract(epoch from now()) FROM turns"
        )
        async with asyncio.timeout(5):
            await served.sweep()  # waits for nobody
    assert await served.questions() == ["new"]


async def test_a_button_that_is_pressed_at_this_moment_counts(served, postgres):
    turn = await served.answered("late", days=2, outcome="parked")
    async with another_replica(postgres) as other:
        await other.execute("UPDATE turns SET state = 'queued', closed_at = NULL")
        sweep = asyncio.create_task(served.sweep())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        await eventually(lambda: value(postgres, waiting))
    await sweep
    assert (await served.ledger.claim(turn.id)).message.text == "secret words"
