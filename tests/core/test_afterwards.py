"""What is done after an answer stands: suggestions are kept and shown, and a last look takes none away."""

import asyncio
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from core.afterwards import Afterwards, Shown, Story
from core.closing import Closing
from core.lanes import Lanes
from core.messages import Button
from core.store.tables import turns
from simulators.dify.state import Message
from tests.core.fakes import FakeAdapter
from tests.core.parts import ANSWER, house

NEXT = ("And then?", "Why?")
RETRY = Button("retry", "Ask again")


class Written(Afterwards):
    """Remembers what messages were made to look like, instead of writing it."""

    def __init__(self, asides):
        super().__init__(asides, None)
        self.shown = []

    async def show(self, story, shown, *, closed=False):
        self.shown.append([button.label for button in shown.buttons])

    async def over(self):
        for task in list(self._tasks):
            await task


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, features={"suggestions": NEXT}) as home:
        yield home


async def told(home, *, lease=0.0, fence=1, gone=None, outcome="complete"):
    turn = await home.answered(message_id="m")
    home.dify.apps["app-k"].messages["m"] = Message("c", "fake:w:c:t", "Why?", {}, "r", id="m")
    turn = SimpleNamespace(
        id=turn.id,
        queued_at=turn.queued_at,
        fence=fence,
        message=turn.message,
        conversation=turn.conversation,
    )
    running = SimpleNamespace(turn=turn, ownership=SimpleNamespace(lease=lease))
    story = Story(running, SimpleNamespace(gone=gone), home.chat, home.app)
    after = Written(home.asides)
    after.begin(
        story, Closing("It is late.", (), outcome, message_id="m"), Shown("It is late.", (), (RETRY,))
    )
    await after.over()
    return after.shown


async def test_what_is_suggested_stands_before_the_other_buttons(home):
    assert await told(home) == [[*NEXT, "Ask again"]]


async def test_the_last_look_at_an_answer_that_was_taken_over_keeps_the_suggestions(home):
    assert await told(home, lease=0.01, fence=2) == [[*NEXT, "Ask again"]] * 2


async def test_without_suggestions_it_is_the_same_as_before(home):
    home.dify.apps["app-k"].suggestions = ()
    assert await told(home, lease=0.01, fence=2) == [["Ask again"]]


async def test_where_dify_fails_the_answer_stays_as_it_is(home):
    home.dify.apps["app-k"].suggestions = None
    assert await told(home) == []


@pytest.mark.parametrize("how", [{"gone": "deleted"}, {"outcome": "failed"}])
async def test_an_answer_that_is_gone_or_failed_gets_none(home, how):
    assert await told(home, **how) == []
    assert not home.dify.journal.named("GET /messages/{message_id}/suggested")


class Guarded(FakeAdapter):
    """Asks the guard before each call that writes, as platforms' adapters do."""

    def live(self, target, posted=None, guard=None):
        message = super().live(target, posted)
        show = message.show

        async def guarded(draft):
            await guard()
            return await show(draft)

        message.show = guarded
        return message


async def fence_is(home, turn, fence):
    async def change(connection):
        await connection.execute(update(turns).where(turns.c.id == turn.id).values(fence=fence))

    await home.database.write(change)


@pytest.mark.parametrize(("fence", "edits"), [(2, 1), (3, 0)], ids=["it stands", "it was begun anew"])
async def test_the_last_look_never_covers_what_came_after_it(home, fence, edits):
    turn, chat = await home.answered(message_id="m"), Guarded()
    await fence_is(home, turn, fence)
    taken = SimpleNamespace(
        id=turn.id, queued_at=turn.queued_at, fence=2, message=turn.message, conversation=turn.conversation
    )

    async def check():
        """The process is alive."""

    running = SimpleNamespace(turn=taken, ownership=SimpleNamespace(lease=0.01), check=check)
    reply = SimpleNamespace(gone=None, refs=(ANSWER,), steps=())
    home.app = None
    after = Afterwards(home.asides, Lanes(asyncio.get_running_loop().time))
    after.begin(Story(running, reply, chat, None), Closing("Old.", (), "lost"), Shown("Old.", (), (RETRY,)))
    await asyncio.wait(list(after._tasks))
    assert len(chat.calls) == edits
