"""What a line of the log is about: a turn's own tasks say the turn, and nobody says it after its end."""

import asyncio
import io
import logging
from contextlib import contextmanager

from bots.json_lines import JsonLines
from core.dispatch.local import LocalQueues
from core.dispatch.ownership import Ownership
from core.log_context import about, apart, facts
from core.running import Stops
from tests.core.parts import house


@contextmanager
def logged_as_json():
    """Every line from INFO on, as it is written."""
    out = io.StringIO()
    handler, root = logging.StreamHandler(out), logging.getLogger()
    handler.setFormatter(JsonLines())
    handler.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield out
    finally:
        root.removeHandler(handler)


async def test_tasks_of_a_turn_say_the_turn_and_it_ends_with_its_block():
    async def seen():
        return dict(facts())

    with apart():
        about(turn=7)
        assert await asyncio.create_task(seen()) == {"turn": 7}
        with apart():
            assert facts() == {}
        assert facts() == {"turn": 7}
    assert facts() == {}


async def test_the_next_turn_of_a_line_is_not_taken_for_the_one_before():
    seen, over = {}, asyncio.Event()

    async def run(turn, _tenure):
        seen[turn] = dict(facts())
        about(turn=turn)
        if turn == 3:
            over.set()
        return True

    queues = LocalQueues(run, None)
    for turn in (1, 2, 3):
        queues.submit(turn, line=1)
    async with asyncio.timeout(5):
        await over.wait()
    await queues.drain(1)
    assert seen == {1: {}, 2: {}, 3: {}}


async def test_a_turn_that_starts_says_what_it_is_and_no_word_of_it(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path) as home:
        turn = await home.turn()
        prepared = await home.app.question(turn, home.chat)
        with apart():
            Stops().enter(turn, Ownership())
            assert facts() == {
                "turn": turn.id, "trace": prepared.trace_id, "app": "helpdesk", "platform": "fake",
            }  # fmt: skip


async def test_a_turn_that_fails_inside_says_the_kind_of_error_and_not_its_text(caplog):
    caplog.set_level(logging.INFO)
    failed = asyncio.Event()

    async def run(turn, _tenure):
        about(turn=turn, trace="t-1")
        failed.set()
        raise RuntimeError("secret words")

    queues = LocalQueues(run, None)
    with logged_as_json() as out:
        queues.submit(5, line=1)
        async with asyncio.timeout(5):
            await failed.wait()
        await queues.drain(1)
    assert '"turn 5 was given up: RuntimeError"' in out.getvalue()
    assert '"turn": 5, "trace": "t-1"' in out.getvalue()
    assert "secret words" not in out.getvalue()
