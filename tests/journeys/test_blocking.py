"""Answers asked for as a whole, behind a proxy that does not wait so long: Dify goes on, so they are found.

Cloudflare gives up after 100 s (524), others say 504. The page comes from the proxy: Dify has the question.
"""

import pytest
from proxies import Proxy
from shared import ATTACH, another, asked, kept, parked, saved_but_untold, says_only, serve, shows

from simulators.dify.script import Answer, Fail, Gate, Pause

pytestmark = pytest.mark.faults

WHOLE = {"apps__support__response": "blocking"}
KEPT = ["chat", "advanced-chat", "workflow"]  # whose answers can be looked up
RUN_KINDS = ["advanced-chat", "workflow"]
PIECES = ["All ", "of it."]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
async def proxy(dify):
    async with Proxy(dify) as proxy:
        yield proxy


@pytest.fixture(params=KEPT)
def mode(request, world, proxy):
    behind(world, proxy, request.param)
    return request.param


def behind(world, proxy, mode):
    """From now on the bot speaks for an app of this kind, through the proxy."""
    serve(world, mode)
    world.settings["dify__base_url"] = proxy.base_url


async def given_up(dify, proxy, status=524, number=1):
    """Wait until Dify works at the question of this number; then the proxy waits no longer."""
    await dify.started(number)
    proxy.give_up(status)


async def looked_for(dify, mode):
    """Wait until the answer has been looked for, for longer than one looks without any sign of it."""
    if mode == "workflow":
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        return
    await dify.journal.wait(lambda: len(dify.journal.named("GET /messages")) > 15)


@pytest.mark.parametrize("status", [504, 524])
async def test_the_first_answer_of_a_conversation_is_found(
    world, chat, spot, dify, gate, proxy, mode, status
):
    dify.reply(Answer(PIECES, gate=gate))
    async with world.bot(**WHOLE):
        spot.ask("count")
        await given_up(dify, proxy, status)
        await looked_for(dify, mode)
        gate.finish()
        answer = await says_only(chat, spot.answers, "All of it.")
        assert spot.answers() == [answer]
        assert not chat.buttons(answer)
        assert len(asked(dify)) == 1
        spot.ask("and then?")  # its conversation goes on
        await shows(chat, spot.answers, "and then?", count=2)
    assert [call.args["response_mode"] for call in asked(dify)] == ["blocking"] * 2
    assert dify.runs[1].conversation is dify.runs[0].conversation  # a workflow has none
    assert "secret-host" not in repr([call.args for call in chat.journal.calls])


async def test_an_answer_of_a_conversation_that_is_known_is_found(world, chat, dm, dify, gate, proxy, mode):
    dify.reply("Hello.", Answer(PIECES, gate=gate))
    async with world.bot(**WHOLE):
        dm.ask("hello")
        await says_only(chat, dm.answers, "Hello.")
        dm.ask("hello")  # the same words: the answer before is another's
        await given_up(dify, proxy, number=2)
        gate.finish()
        answer = await says_only(chat, dm.answers, "All of it.", count=2)
    assert not chat.buttons(answer)
    assert len(dm.answers()) == 2
    assert len(asked(dify)) == 2


@pytest.mark.parametrize("kind", KEPT)
async def test_an_answer_of_an_old_dify_is_found(world, chat, dm, gate, kind, monkeypatch):
    monkeypatch.setattr("core.asking.LOOK_AFTER_BREAK_SECONDS", 10)  # 0.15 lists a run once it has ended
    async with another("0.15.8") as old, Proxy(old) as proxy:
        serve(world, kind, old)
        world.settings["dify__base_url"] = proxy.base_url
        old.reply(Answer(PIECES, gate=gate))
        async with world.bot(**WHOLE):
            dm.ask("count")
            await given_up(old, proxy)
            gate.finish()
            answer = await says_only(chat, dm.answers, "All of it.")
        assert not chat.buttons(answer)
        assert len(asked(old)) == 1


async def test_a_completion_is_kept_nowhere_and_said_to_be_lost(world, chat, dm, dify, gate, proxy):
    """Dify keeps its answer, and has no call that gives it."""
    behind(world, proxy, "completion")
    dify.reply(Answer(PIECES, gate=gate), "All of it.")
    async with world.bot(**WHOLE):
        dm.ask("count")
        await given_up(dify, proxy)
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
        assert len(asked(dify)) == 1
        gate.finish()
        chat.press(answer, chat.alice)
        assert await says_only(chat, dm.answers, "All of it.") is answer
    assert len(asked(dify)) == 2


@pytest.mark.parametrize("how", [Fail(), Fail.rate_limited()])
async def test_an_answer_that_failed_meanwhile_is_said_to_have_failed(
    world, chat, dm, dify, gate, proxy, mode, how
):
    dify.reply(Answer([how], gate=gate))
    async with world.bot(**WHOLE):
        dm.ask("count")
        await given_up(dify, proxy)
        gate.finish()
        answer = await shows(chat, dm.answers, "failed while answering")
        await parked(world, chat, answer)
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("kind", RUN_KINDS)
async def test_a_run_that_waits_for_a_person_by_then_shows_its_form(world, chat, dm, dify, gate, proxy, kind):
    behind(world, proxy, kind)
    dify.reply(Answer(["Before. ", Pause(content="Shall I?", inputs=()), "After."], gate=gate))
    async with world.bot(**WHOLE):
        dm.ask("do it")
        await given_up(dify, proxy)
        gate.finish()
        answer = await shows(chat, dm.answers, "Shall I?")
        await chat.journal.wait(lambda: chat.buttons(answer) == ["Approve", "Reject"])
        await kept(world, chat, "state = 'parked'")
        dm.press(answer, "Approve")
        await says_only(chat, dm.answers, "Before. After.")
    assert dm.answers() == [answer]
    assert len(asked(dify)) == 1


async def test_a_stop_does_not_wait_for_the_whole_answer(world, chat, dm, dify, gate):
    serve(world, "chat")
    dify.reply(Answer(PIECES, gate=gate))
    async with world.bot(**WHOLE):
        question = dm.ask("count")
        await dify.started()
        chat.react(question, chat.alice, chat.stop_sign)
        await shows(chat, dm.answers, "Stopped.", within=4)
        gate.finish()
        dm.ask("and then?")
        await shows(chat, dm.answers, "and then?", count=2)
    assert len(dm.answers()) == 2
    assert "All of it." not in chat.text(dm.answers()[0])
    assert len(asked(dify)) == 2


async def test_an_answer_that_is_looked_for_can_be_given_up(world, chat, dm, dify, gate, proxy):
    behind(world, proxy, "chat")
    dify.reply(Answer(PIECES, gate=gate))
    async with world.bot(**WHOLE):
        question = dm.ask("count")
        await given_up(dify, proxy)
        await looked_for(dify, "chat")
        chat.react(question, chat.alice, chat.stop_sign)
        await shows(chat, dm.answers, "Stopped.", within=4)
        gate.finish()
        dm.ask("and then?")
        await shows(chat, dm.answers, "and then?", count=2)
    assert len(asked(dify)) == 2


@pytest.mark.parametrize("kind", KEPT)
async def test_who_dies_while_it_waits_for_the_whole_answer_finds_it(world, chat, dm, dify, gate, kind):
    serve(world, kind)
    dify.reply(Answer(PIECES, gate=gate), "Asked again!")
    async with world.doomed(**WHOLE):
        dm.ask("count")
        await dify.started()
        await kept(world, chat, "state = 'running'")
    async with world.bot(**WHOLE):
        await looked_for(dify, kind)
        gate.finish()
        answer = await says_only(chat, dm.answers, "All of it.")
    assert dm.answers() == [answer]
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("status", [504, 524])
@pytest.mark.parametrize("kind", RUN_KINDS)
async def test_a_stream_that_a_proxy_gave_up_before_its_first_byte_is_followed(
    world, chat, dm, dify, gate, proxy, kind, status
):
    behind(world, proxy, kind)
    dify.reply(Answer(PIECES, gate=gate))
    async with world.bot():
        dm.ask("count")
        await given_up(dify, proxy, status)
        await looked_for(dify, kind)
        gate.finish()
        answer = await says_only(chat, dm.answers, "All of it.")
    assert not chat.buttons(answer)
    assert [call.args["response_mode"] for call in asked(dify)] == ["streaming"]


@pytest.mark.parametrize("kind", ["chat", "agent-chat", "agent"])
async def test_a_streamed_answer_that_dify_had_whole_is_found_behind_a_proxy(
    world, chat, dm, dify, proxy, kind
):
    behind(world, proxy, kind)
    dify.reply(saved_but_untold("All was said."))
    async with world.bot():
        dm.ask("count")
        run = await dify.started()
        await dify.journal.wait(lambda: run.message.answer)
        proxy.give_up(524)
        answer = await says_only(chat, dm.answers, "All was said.")
    assert not chat.buttons(answer)
    assert len(asked(dify)) == 1


async def test_a_streamed_answer_that_went_with_the_proxy_is_said_to_be_lost(world, chat, dm, dify, proxy):
    behind(world, proxy, "chat")
    dify.reply(Answer(PIECES, gate=Gate()))
    async with world.bot():
        dm.ask("count")
        await given_up(dify, proxy)
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
    assert len(asked(dify)) == 1
