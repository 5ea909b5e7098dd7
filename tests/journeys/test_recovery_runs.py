"""A process dies while Dify's worker runs a chatflow or workflow (1.13): the run goes on without us.

So it is followed, never asked for again, and its text comes whole from Dify, whatever pieces were missed.
"""

import pytest
from shared import ATTACH, another, asked, kept, parked, says_only, serve, shows, stops

from simulators.dify.errors import DifyError
from simulators.dify.script import Answer, Fail, Gate, Pause

pytestmark = pytest.mark.faults

RUN_KINDS = ["advanced-chat", "workflow"]
TASK_STOP = "POST /workflows/tasks/{task_id}/stop"
PIECES = ["one ", "two ", "three ", "four ", "five"]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture(params=RUN_KINDS)
def mode(request, world):
    serve(world, request.param)
    return request.param


def refuse_first(dify, name, monkeypatch):
    """A proxy answers the first call of this name with 502."""
    serve_route, refusals = dify._serve, [DifyError.page(502, "<html>Bad gateway</html>")]

    async def serve(route, exchange):
        if route.name == name and refusals:
            raise refusals.pop()
        return await serve_route(route, exchange)

    monkeypatch.setattr(dify, "_serve", serve)


async def begun(chat, spot, gate):
    """An answer that people see the first word of."""
    spot.ask("count")
    gate.allow()
    return await shows(chat, spot.answers, "one")


async def test_a_run_is_followed_again_and_its_whole_text_shown(world, chat, spot, dify, gate, mode):
    dify.reply(Answer(PIECES, gate=gate))
    async with world.doomed():
        first = await begun(chat, spot, gate)
        await kept(world, chat, "run_id")
    gate.allow(2)
    await gate.passed(3)  # nobody listens
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        gate.finish()
        finished = await says_only(chat, spot.answers, "one two three four five")
    assert first is finished
    assert len(spot.answers()) == 1
    assert len(asked(dify)) == 1


async def test_a_run_that_ended_while_we_were_away_is_shown_whole(world, chat, dm, dify, gate, mode):
    dify.reply(Answer(PIECES, gate=gate))
    async with world.doomed():
        await begun(chat, dm, gate)
        await kept(world, chat, "run_id")
    gate.finish()
    await dify.ended()
    async with world.bot():
        await says_only(chat, dm.answers, "one two three four five")
        dm.ask("again")
        await shows(chat, dm.answers, "again", count=2)
    assert len(asked(dify)) == 2
    assert dify.runs[1].conversation is dify.runs[0].conversation  # a workflow has none


async def test_dify_1_13_is_asked_now_and_then_how_far_its_run_is(world, chat, dm, gate):
    async with another("1.13.0") as old:
        serve(world, "advanced-chat", old)
        old.reply(Answer(PIECES, gate=gate))
        async with world.doomed():
            await begun(chat, dm, gate)
            await kept(world, chat, "run_id")
        async with world.bot():
            await old.journal.wait(lambda: len(old.journal.named("GET /workflows/run/{workflow_run_id}")) > 2)
            gate.finish()
            await says_only(chat, dm.answers, "one two three four five")
        assert len(asked(old)) == 1


async def taken_without_an_id(world, chat, dm, dify, gate):
    """Dify said 200 and pings, but no worker has begun."""
    dify.reply(Answer(PIECES, gate=gate, begins=False))
    dm.ask("count")
    await dify.started()
    await kept(world, chat, "asked_at")


async def test_a_run_that_told_no_id_is_found_and_not_asked_for_again(world, chat, dm, dify, gate, mode):
    async with world.doomed():
        await taken_without_an_id(world, chat, dm, dify, gate)
    gate.finish()
    async with world.bot():
        await says_only(chat, dm.answers, "one two three four five")
    assert len(asked(dify)) == 1


async def test_a_run_that_told_no_id_is_waited_for(world, chat, dm, dify, gate, mode):
    looks = {"advanced-chat": "GET /messages", "workflow": "GET /workflows/run/{workflow_run_id}"}[mode]
    async with world.doomed():
        await taken_without_an_id(world, chat, dm, dify, gate)
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(looks))
        gate.finish()
        await says_only(chat, dm.answers, "one two three four five")
    assert len(asked(dify)) == 1


async def test_a_run_that_told_no_id_can_be_stopped(world, chat, dm, dify, gate, monkeypatch):
    monkeypatch.setattr("core.recovery.STOP_SECONDS", 0.2)
    serve(world, "workflow")
    async with world.doomed():
        await taken_without_an_id(world, chat, dm, dify, gate)
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        chat.react(dm.question, chat.alice, chat.stop_sign)
        await shows(chat, dm.answers, "Stopped.", within=3)
    assert len(asked(dify)) == 1


async def test_a_run_that_is_found_nowhere_may_be_asked_for_again(world, chat, dm, dify, gate, mode):
    async with world.doomed():
        await taken_without_an_id(world, chat, dm, dify, gate)
    dify.apps["app-other"].conversations.clear()
    dify.apps["app-other"].runs.clear()
    async with world.bot():
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
        assert len(asked(dify)) == 1
        chat.press(answer, chat.alice)
        await shows(chat, lambda: [each for each in dm.answers() if not chat.buttons(each)], "count")
    assert len(asked(dify)) == 2


async def test_two_lost_runs_of_one_person_are_not_taken_for_each_other(slack_world, dify):
    """In direct messages all threads of a person have the same `user` at Dify."""
    serve(slack_world, "workflow")
    slack = slack_world.slack
    alice = slack.add_user("alice")
    here, gate = slack.dm(alice), Gate()
    dify.script = lambda run: Answer([f"re: {run.inputs['question']}"], gate=gate, begins=False)

    def answer_to(question):
        return [m.shown for m in slack.world.thread(here, question.ts) if m.bot_id]

    async with slack_world.doomed():
        questions = [slack.post(here, alice, text) for text in ("one", "two")]
        await dify.started(2)
    gate.finish()
    async with slack_world.bot():
        await slack.journal.wait(lambda: all(answer_to(each) for each in questions))
    assert [answer_to(each) for each in questions] == [["re: one"], ["re: two"]]


PAUSED = {
    "1.13.0": ("waits for a person's decision", []),
    "1.16.1": ("waits for a decision", ["Approve", "Reject"]),
}


@pytest.mark.parametrize("version", PAUSED)
async def test_a_run_that_paused_while_we_were_away_is_said_to_wait(world, chat, dm, gate, version):
    said, buttons = PAUSED[version]
    async with another(version) as dify:
        serve(world, "advanced-chat", dify)
        dify.reply(Answer(["one ", Pause(), "two"], gate=gate))
        async with world.doomed():
            await begun(chat, dm, gate)
            await kept(world, chat, "run_id")
        gate.finish()
        await dify.journal.wait(lambda: dify.runs[0].status == "paused")
        async with world.bot():
            answer = await shows(chat, dm.answers, said)
        assert "one" in chat.text(answer)
        assert chat.buttons(answer) == buttons
        assert len(asked(dify)) == 1


async def test_a_run_that_failed_while_we_were_away_is_said_to_have_failed(world, chat, dm, dify, gate, mode):
    dify.reply(Answer(["one ", Fail()], gate=gate))
    async with world.doomed():
        await begun(chat, dm, gate)
        await kept(world, chat, "run_id")
    gate.finish()
    await dify.ended()
    async with world.bot():
        answer = await shows(chat, dm.answers, "failed while answering")
        await parked(world, chat, answer)
    assert len(asked(dify)) == 1


async def test_what_people_had_seen_stays_where_no_more_is_found(world, chat, dm, dify, gate, mode):
    dify.reply(Answer(["one ", Fail()], gate=gate))
    async with world.doomed():
        await begun(chat, dm, gate)
        await kept(world, chat, "run_id")
    gate.finish()
    await dify.ended()
    async with world.bot():
        answer = await shows(chat, dm.answers, "failed while answering")
    assert chat.text(answer).startswith("one")


async def test_a_run_that_was_stopped_while_we_were_away_keeps_its_text(world, chat, dm, dify, gate):
    serve(world, "advanced-chat")
    dify.reply(Answer(PIECES, gate=gate))
    async with world.doomed():
        await begun(chat, dm, gate)
        gate.allow()
        await shows(chat, dm.answers, "two")
        await kept(world, chat, "run_id")
    dify.runs[0].stop_asked.set()
    await dify.ended()
    async with world.bot():
        answer = await shows(chat, dm.answers, "Stopped.")
    assert "one two" in chat.text(answer)
    assert len(asked(dify)) == 1


async def test_a_run_being_followed_can_be_stopped(world, chat, dm, dify, gate, mode):
    dify.reply(Answer(PIECES, gate=gate))
    async with world.doomed():
        question = dm.ask("count")
        gate.allow()
        await shows(chat, dm.answers, "one")
        await kept(world, chat, "run_id")
        await kept(world, chat, "text")
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        chat.react(question, chat.alice, chat.stop_sign)
        await dify.journal.wait(lambda: stops(dify) + dify.journal.named(TASK_STOP))
        answer = await shows(chat, dm.answers, "Stopped.")
    assert dify.runs[0].status == "stopped"
    assert "one" in chat.text(answer)
    assert len(asked(dify)) == 1


async def test_a_stop_that_is_refused_at_first_is_sent_again(world, chat, dm, dify, gate, monkeypatch):
    serve(world, "advanced-chat")
    dify.reply(Answer(PIECES, gate=gate))
    refuse_first(dify, "POST /chat-messages/{task_id}/stop", monkeypatch)
    async with world.doomed():
        question = dm.ask("count")
        gate.allow()
        await shows(chat, dm.answers, "one")
        await kept(world, chat, "run_id")
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        chat.react(question, chat.alice, chat.stop_sign)
        await shows(chat, dm.answers, "Stopped.", within=3)
    assert dify.runs[0].status == "stopped"


async def test_a_run_whose_worker_died_is_given_up_at_last(world, chat, dm, gate, monkeypatch):
    monkeypatch.setattr("core.recovery.RUN_SECONDS", 0.5)
    monkeypatch.setattr("core.recovery.STOP_SECONDS", 0.2)
    async with another("1.13.0") as old:
        serve(world, "advanced-chat", old)
        old.reply(Answer(PIECES, gate=gate))
        async with world.doomed():
            await begun(chat, dm, gate)
            await kept(world, chat, "run_id")
        async with world.bot():
            answer = await shows(chat, dm.answers, "broke off")
            await parked(world, chat, answer)
        assert len(asked(old)) == 1


async def test_a_stop_that_dify_does_not_heed_is_not_waited_for_long(world, chat, dm, gate, monkeypatch):
    monkeypatch.setattr("core.recovery.STOP_SECONDS", 0.2)
    async with another("1.13.0") as old:
        serve(world, "advanced-chat", old)
        old.stop_lag = 60
        old.reply(Answer(PIECES, gate=gate))
        async with world.doomed():
            question = dm.ask("count")
            gate.allow()
            await shows(chat, dm.answers, "one")
            await kept(world, chat, "run_id")
        async with world.bot():
            await old.journal.wait(lambda: old.journal.named("GET /workflows/run/{workflow_run_id}"))
            chat.react(question, chat.alice, chat.stop_sign)
            await shows(chat, dm.answers, "Stopped.")
