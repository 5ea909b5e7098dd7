"""Runs that wait for a person: the form stands under the answer, and the rest comes there too."""

import pytest
from shared import another, asked, kept, serve, shows, told

from simulators.dify.script import Answer, Gate, Node, Pause

DECIDE = "POST /form/human_input/{form_token}"
PLAIN = Pause(content="Shall I **go on**?", inputs=())
WAITS = "waits for a decision"
MODES = ["advanced-chat", "workflow"]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture(params=MODES)
def mode(request, world):
    serve(world, request.param)
    return request.param


@pytest.fixture
def chatflow(world):
    serve(world, "advanced-chat")


def run_with(*pauses, gate=None):
    """An answer with these pauses in it."""
    steps = ["Before. "]
    for number, pause in enumerate(pauses, 1):
        steps += [Node(), pause, Node(), f"After {number}. "]
    return Answer(steps, gate=gate)


async def waiting(world, chat, find, text="go on"):
    """Wait until the newest answer waits for a person, and can be decided; gives its message."""
    answer = await shows(chat, find, text)
    await chat.journal.wait(lambda: chat.buttons(answer) == ["Approve", "Reject"])
    await kept(world, chat, "state = 'parked'")
    return answer


def decisions(dify):
    return [(call.args["action"], call.args["inputs"]) for call in dify.journal.named(DECIDE)]


async def goes_on(chat, find, answer, *texts):
    """Wait until the whole text stands in the same message, without a button."""
    await chat.journal.wait(lambda: all(each in chat.text(answer) for each in texts))
    await chat.journal.wait(lambda: not chat.buttons(answer))
    assert WAITS not in chat.text(answer)
    assert find() == [answer]


async def test_a_press_decides_and_the_rest_comes_into_the_same_message(world, chat, spot, dify, mode):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        assert "Before." in chat.text(answer)
        assert WAITS in chat.text(answer)
        spot.press(answer, "Approve")
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
        assert "go on" not in chat.text(answer)
        spot.ask("and now")
        await shows(chat, spot.answers, "and now", count=2)
    assert decisions(dify) == [("approve", {})]
    assert len(asked(dify)) == 2
    assert chat.whispers(chat.alice) == []


async def test_where_something_is_to_be_filled_in_a_press_asks_for_it_first(world, chat, spot, dify, mode):
    dify.reply(run_with(Pause()))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers, "approve")
        form = await spot.open(answer, "Reject")
        assert list(form.kinds.values()) == ["paragraph"]
        assert decisions(dify) == []
        [field] = form.kinds
        form.send({field: "not like this"})
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == [("reject", {"note": "not like this"})]
    assert len(asked(dify)) == 1


async def test_a_form_that_was_opened_before_a_restart_can_be_sent_after_it(
    world, chat, spot, dify, chatflow
):
    dify.reply(run_with(Pause()))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers, "approve")
        form = await spot.open(answer, "Approve")
    async with world.bot():
        [field] = form.kinds
        form.send({field: "as it is"})
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == [("approve", {"note": "as it is"})]
    assert len(asked(dify)) == 1


async def test_who_may_not_decide_is_told_so_alone(world, chat, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        question = chat.mention(chat.alice, "do it")
        answer = await waiting(world, chat, lambda: chat.in_thread(question))
        chat.press(answer, chat.bob, "Approve")
        await told(chat, chat.bob, "You can't decide this")
        assert decisions(dify) == []
        assert chat.whispers(chat.alice) == []
        chat.press(answer, chat.alice, "Reject")
        await goes_on(chat, lambda: chat.in_thread(question), answer, "After 1.")
    assert decisions(dify) == [("reject", {})]


@pytest.mark.parametrize("rule", ["channel", "admins"])
async def test_a_colleague_may_decide_where_the_rule_says_so(world, chat, dify, chatflow, rule):
    dify.reply(run_with(PLAIN))
    world.settings["apps__support__human_input"] = rule
    world.settings["admins"] = [f"{chat.name}:{chat.bob.id}"] if rule == "admins" else []
    async with world.bot():
        question = chat.mention(chat.alice, "do it")
        answer = await waiting(world, chat, lambda: chat.in_thread(question))
        if rule == "admins":
            chat.press(answer, chat.alice, "Reject")
            await told(chat, chat.alice, "You can't decide this")
        chat.press(answer, chat.bob, "Approve")
        await goes_on(chat, lambda: chat.in_thread(question), answer, "After 1.")
    assert decisions(dify) == [("approve", {})]


async def test_people_that_the_rule_names_may_decide(world, chat, dify, chatflow):
    """Buttons and form, both by a role or an id that the platform tells with them."""
    dify.reply(run_with(Pause()))
    if chat.name == "discord":
        rule = {"roles": [chat.server.add_role(chat.channel.guild, "staff", chat.bob)]}
    else:
        rule = {"users": [chat.bob.id]}
    world.settings["apps__support__human_input"] = {chat.name: rule}
    async with world.bot():
        question = chat.mention(chat.alice, "do it")
        answer = await waiting(world, chat, lambda: chat.in_thread(question), "approve")
        chat.press(answer, chat.alice, "Approve")
        await told(chat, chat.alice, "You can't decide this")
        chat.press(answer, chat.bob, "Reject")
        form = await chat.dialog(chat.bob)
        [field] = form.kinds
        form.send({field: "no"})
        await goes_on(chat, lambda: chat.in_thread(question), answer, "After 1.")
    assert decisions(dify) == [("reject", {"note": "no"})]


async def test_pressed_twice_decides_once(world, chat, dm, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        dm.press(answer, "Approve")
        dm.press(answer, "Reject")
        await goes_on(chat, dm.answers, answer, "After 1.")
    assert len([call for call in dify.journal.named(DECIDE) if call.status == 200]) == 1
    assert len(asked(dify)) == 1


async def test_a_press_the_moment_the_buttons_are_seen_counts(world, chat, spot, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        [answer] = await chat.journal.wait(
            lambda: [m for m in spot.answers() if "Approve" in chat.buttons(m)]
        )
        spot.press(answer, "Approve")
        await goes_on(chat, spot.answers, answer, "After 1.")
    assert decisions(dify) == [("approve", {})]
    assert chat.whispers(chat.alice) == []


@pytest.mark.parametrize("kind", ["bot", "doomed"])
async def test_the_bot_may_restart_while_the_run_waits(world, chat, spot, dify, mode, kind):
    dify.reply(run_with(PLAIN))
    async with getattr(world, kind)():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
    async with world.bot():
        spot.press(answer, "Approve")
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == [("approve", {})]
    assert len(asked(dify)) == 1


async def test_a_kill_between_the_decision_and_the_rest(world, chat, spot, dify, gate, mode):
    dify.reply(run_with(PLAIN, gate=gate))
    gate.allow(3)
    async with world.doomed():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        spot.press(answer, "Approve")
        await dify.journal.wait(lambda: decisions(dify))
        await kept(world, chat, "state = 'running'")
    gate.finish()
    async with world.bot():
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert len(decisions(dify)) == 1
    assert len(asked(dify)) == 1


async def test_a_decision_whose_reply_is_lost_counts_once(world, chat, dm, dify, chatflow, monkeypatch):
    dify.reply(run_with(PLAIN))
    serve_route, lost = dify._serve, []

    async def cut(route, exchange):
        response = await serve_route(route, exchange)
        if route.name == DECIDE and not lost:
            lost.append(exchange.record(200))
            exchange.request.transport.abort()
        return response

    monkeypatch.setattr(dify, "_serve", cut)
    monkeypatch.setattr("core.decisions.LOOK_SECONDS", 0.1)
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        dm.press(answer, "Approve")
        await goes_on(chat, dm.answers, answer, "After 1.")
    assert lost
    assert dify.runs[0].form.action == "approve"
    assert len(asked(dify)) == 1


async def test_what_is_decided_elsewhere_goes_on_too(world, chat, spot, dify, mode, monkeypatch):
    monkeypatch.setattr("core.decisions.LOOK_SECONDS", 0.1)
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        form = dify.runs[0].form
        form.action = "reject"
        form.submitted.set()
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == []
    assert len(asked(dify)) == 1


async def test_a_second_pause_is_asked_like_the_first(world, chat, spot, dify, mode):
    second = Pause(content="And the *second*?", inputs=())
    dify.reply(run_with(PLAIN, second))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        spot.press(answer, "Approve")
        await waiting(world, chat, spot.answers, "second")
        assert "Shall I" not in chat.text(answer)
        spot.press(answer, "Reject")
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.", "After 2.")
    assert decisions(dify) == [("approve", {}), ("reject", {})]
    assert len(asked(dify)) == 1


async def test_a_decision_that_comes_too_late_is_said_to_be(world, chat, dm, dify, chatflow, monkeypatch):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        dify.runs[0].form.expires_at = 0
        dm.press(answer, "Approve")
        await told(chat, chat.alice, "too late to decide")
    assert len(asked(dify)) == 1


async def test_a_form_whose_time_is_over_goes_on_as_dify_does(world, chat, spot, dify, mode, monkeypatch):
    monkeypatch.setattr("core.decisions.LOOK_SECONDS", 0.1)
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        dify.runs[0].form.expires_at = 0
        await kept(world, chat, "state = 'running'")
        dify.runs[0].form.submitted.set()  # Dify takes the branch for it a moment later
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert len(asked(dify)) == 1


async def test_questions_go_on_while_a_run_waits(world, chat, dm, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        dm.ask("something else")
        await shows(chat, dm.answers, "You said: something else", count=2)
        dm.press(answer, "Approve")
        await chat.journal.wait(lambda: "After 1." in chat.text(answer))
    assert len(asked(dify)) == 2


async def test_a_form_that_is_answered_elsewhere_has_no_button(world, chat, dm, dify, chatflow):
    dify.reply(run_with(Pause(inputs=(), with_token=False)))
    async with world.bot():
        dm.ask("do it")
        answer = await shows(chat, dm.answers, "waits for a person's decision")
    assert not chat.buttons(answer)


async def test_dify_1_14_is_the_first_that_can_be_answered(world, chat, dm):
    async with another("1.14.0") as dify:
        serve(world, "advanced-chat", dify)
        dify.reply(run_with(PLAIN))
        async with world.bot():
            dm.ask("do it")
            answer = await waiting(world, chat, dm.answers)
            dm.press(answer, "Approve")
            await goes_on(chat, dm.answers, answer, "Before.", "After 1.")
        assert len(asked(dify)) == 1
