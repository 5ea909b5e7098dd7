"""A question offered to Dify until it is taken."""

import asyncio

import pytest

from core import offering
from core.answer import Answer, Outcome
from core.errors import Advice, DifyBusy, DifyRefused
from core.offering import QUOTA, Offering

WHY = Advice("dify_busy", "a test")


class Dify:
    """What comes of each attempt, in order."""

    def __init__(self, *results):
        self.results = list(results)
        self.asked = 0
        self.waits = 0
        self.waited = asyncio.Event()
        self.stop = asyncio.Event()

    async def once(self):
        self.asked += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def wait(self):
        self.waits += 1
        self.waited.set()

    def offering(self, retries=0):
        return Offering(self.once, stop=self.stop, waiting=self.wait, quota_retries=retries)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(offering, "QUOTA_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(offering, "FIRST_PAUSE_SECONDS", 0.01)


def used_up(text=""):
    return Answer.ended(Outcome.FAILED, text=text, error_code=QUOTA)


async def test_while_nothing_has_begun_it_is_asked_again():
    dify = Dify(DifyBusy(WHY), DifyBusy(WHY), Answer(text="It is late."))
    assert (await dify.offering().answer()).text == "It is late."
    assert (dify.asked, dify.waits) == (3, 2)


@pytest.mark.parametrize("trouble", [used_up(), DifyRefused(WHY, status=400, code=QUOTA)])
async def test_a_used_up_quota_is_waited_for_as_often_as_wanted(trouble):
    dify = Dify(trouble, trouble, Answer(text="It is late."))
    assert (await dify.offering(2).answer()).text == "It is late."
    assert (dify.asked, dify.waits) == (3, 2)


async def test_in_the_end_it_says_what_dify_said():
    dify = Dify(used_up(), DifyRefused(WHY, status=400, code=QUOTA))
    with pytest.raises(DifyRefused):
        await dify.offering(1).answer()


@pytest.mark.parametrize("result", [used_up("It is "), Answer.ended(Outcome.FAILED, error_code="other")])
async def test_what_has_begun_or_failed_otherwise_is_not_asked_again(result):
    dify = Dify(result)
    assert await dify.offering(2).answer() is result


async def test_another_refusal_goes_through():
    dify = Dify(DifyRefused(WHY, status=400, code="invalid_param"))
    with pytest.raises(DifyRefused):
        await dify.offering(2).answer()
    assert dify.asked == 1


async def test_a_stop_ends_the_pause(monkeypatch):
    monkeypatch.setattr(offering, "QUOTA_PAUSE_SECONDS", 600.0)
    dify = Dify(used_up())
    asked = asyncio.create_task(dify.offering(1).answer())
    await dify.waited.wait()
    dify.stop.set()
    async with asyncio.timeout(5):
        assert (await asked).outcome is Outcome.LOST
    assert dify.asked == 1
