"""The small buttons: an answer read aloud, a reason taken to Dify."""

import asyncio

import pytest

from core.contract import FileTooLarge, Gone, RateLimited, Uncertain
from core.extras import ReadAloud, Reasons
from core.messages import Form, Whisper
from simulators.dify.state import Message
from tests.core.parts import BOB, house, press, sent

WHO = "fake:w:c:t"


@pytest.fixture
async def home(tmp_path, new_store, monkeypatch):
    new_store(tmp_path / "s.db")
    monkeypatch.setattr("core.extras.PAUSE_SECONDS", 0.01)
    async with house(tmp_path, features={"speech": b"ID3 spoken"}) as home:
        await home.answered(message_id="m")
        home.dify.apps["app-k"].messages["m"] = Message("c", WHO, "Why?", {}, "r", id="m")
        yield home


@pytest.fixture
def aloud(home):
    return ReadAloud(home.asides, home.apps, home.adapters)


async def ended(aloud):
    await asyncio.gather(*aloud._speaking.values())


async def test_an_answer_is_spoken_once_however_often_it_is_pressed(home, aloud, monkeypatch):
    pressed, upload = asyncio.Event(), home.chat.upload

    async def late(target, file):
        await pressed.wait()
        return await upload(target, file)

    monkeypatch.setattr(home.chat, "upload", late)
    for author in (BOB, BOB):
        assert isinstance(await aloud.pressed(press("aloud", author=author)), Whisper)
    pressed.set()
    await ended(aloud)
    [(target, file)] = home.chat.uploaded
    assert (file.name, file.mime_type, file.data) == ("answer.mp3", "audio/mpeg", b"ID3 spoken")
    assert (target.key, target.question.id) == ("parley-a1:aloud", "a1")
    [call] = home.dify.journal.named("POST /text-to-audio")
    assert (call.args["message_id"], call.args["user"]) == ("m", WHO)
    assert aloud._speaking == {}


@pytest.mark.parametrize("fault", [RateLimited(0.01), Uncertain("lost")])
async def test_posting_a_recording_is_patient(home, aloud, fault):
    home.chat.faults += [fault] * 3
    await aloud.pressed(press("aloud"))
    await ended(aloud)
    assert len(home.chat.uploaded) == 1
    assert home.chat.whispers == []


@pytest.mark.parametrize("fault", [FileTooLarge("much"), Gone("archived"), Uncertain("lost")])
async def test_what_can_not_be_posted_is_told_to_who_pressed(home, aloud, fault):
    home.chat.faults += [fault] * 4
    await aloud.pressed(press("aloud", author=BOB))
    await ended(aloud)
    assert home.chat.uploaded == []
    [(_, person, sentence)] = home.chat.whispers
    assert person == "bob"
    assert "could not post it here" in sentence


async def test_an_answer_that_is_no_longer_kept_is_too_late(home, aloud):
    home.apps.clear()
    assert "no longer kept" in (await aloud.pressed(press("aloud"))).markdown


async def test_a_reason_reaches_dify_in_any_language(home):
    reasons = Reasons(home.asides, home.apps)
    form = await reasons.pressed(press("reason", locale="ja"))
    assert isinstance(form, Form)
    liked = form.fields[0].options[0]
    told = await reasons.submitted(sent("reason", {"rating": liked, "content": " 早い "}, locale="ja"))
    assert isinstance(told, Whisper)
    [call] = home.dify.journal.named("POST /messages/{message_id}/feedbacks")
    assert (call.args["rating"], call.args["content"], call.args["user"]) == ("like", "早い", WHO)
