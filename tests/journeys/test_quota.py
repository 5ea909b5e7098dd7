"""A model provider's quota that is used up: asked again where that is wanted, never after words came."""

import pytest
from extras import answered
from shared import asked

from simulators.dify.script import Answer, Fail, Refuse

USED_UP = "provider_quota_exceeded"
SENTENCE = "language model is not available"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr("core.offering.QUOTA_PAUSE_SECONDS", 0.01)


@pytest.mark.parametrize(
    "trouble", [Answer([Fail(code=USED_UP)]), Refuse(400, USED_UP, "Your quota is used up.")]
)
async def test_the_question_is_repeated_after_a_pause(world, chat, dify, trouble):
    dify.reply(trouble, "Here again.")
    async with world.bot(apps__support__quota_retries=1):
        chat.whisper("hello")
        answer = await answered(chat, "Here again.")
    assert SENTENCE not in chat.text(answer)
    assert len(asked(dify)) == 2


@pytest.mark.parametrize("retries", [0, 1])
async def test_it_is_not_repeated_for_ever(world, chat, dify, retries):
    dify.script = Answer([Fail(code=USED_UP)])
    async with world.bot(apps__support__quota_retries=retries):
        chat.whisper("hello")
        await answered(chat, SENTENCE)
    assert len(asked(dify)) == 1 + retries


async def test_an_answer_that_has_begun_is_not_asked_for_again(world, chat, dify):
    dify.reply(Answer(["It is ", Fail(code=USED_UP)]), "It is late.")
    async with world.bot(apps__support__quota_retries=1):
        chat.whisper("hello")
        answer = await answered(chat, SENTENCE)
    assert "It is" in chat.text(answer)
    assert len(asked(dify)) == 1
