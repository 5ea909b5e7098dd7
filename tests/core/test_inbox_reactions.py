"""Reactions that come a moment before it is kept where the answer stands: the last word counts."""

import pytest

from core.emojis import meanings
from core.feedback import Feedback
from core.inbox import Intake
from core.messages import IncomingReaction, Person
from core.metrics import Metrics
from core.responses import Responses
from core.running import Stops
from core.stopping import Stopping
from core.store.ratings import Ratings
from tests.core.parts import ANSWER, house


class Writing(Stops):
    """Some answer is being written all the time."""

    writing = True


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path) as home:
        yield home


async def test_a_reaction_taken_away_before_it_could_be_kept_does_not_come_back(home):
    ratings, stops = Ratings(home.database), Writing()
    feedback = Feedback(ratings, {}, meanings({"like": ["+1"]}), Metrics())
    stopping = Stopping(home.store, stops, home.line)
    intake = Intake(home.store, (), home.taking, feedback, stops, stopping, Responses({}, {}), {})
    turn = await home.turn(post=ANSWER.__class__("fake", "w", "c", "elsewhere"))

    async def react(person, *, added=True):
        await intake.reaction(IncomingReaction(ANSWER, Person(person), "👍", added))

    await react("ann")
    await react("bob", added=False)
    await react("bob")
    await react("eve")
    await home.ledger.add_post(turn, 0, ANSWER)
    await react("ann", added=False)

    async def cast():
        return [vote.person for vote in (await ratings.standing(turn.id))[1]]

    while not {"bob", "eve"} <= {*await cast()}:  # each look is a transaction: others run meanwhile
        pass
    await intake.aclose()
    assert sorted(await cast()) == ["bob", "eve"]
