"""Recordings made into MP3: what comes out, what is refused, and that nothing of it harms the bot."""

import asyncio
import random
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core.dify.audio import HEARD
from core.transcoding import LONGEST_SECONDS, MP3, NotTranscoded, Transcoder, transcodable
from tests.recordings import TONE, heard_in, recording

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "sound",
    [
        {},
        {"codec": "vorbis", "rate": 44_100},
        {"kind": "webm"},
        {"kind": "webm", "codec": "vorbis"},
    ],
)
async def test_ogg_and_webm_become_mp3_with_the_same_sound(sound):
    made = await Transcoder().mp3(recording(2.0, **sound))
    heard = heard_in(made)
    assert (heard.kind, heard.rate, heard.channels) == ("mp3", 16_000, 1)
    assert heard.seconds == pytest.approx(2.0, abs=0.2)
    assert heard.tone == pytest.approx(TONE, rel=0.1)
    assert MP3 in HEARD


async def test_the_longest_recording_is_small_enough_for_speech_models():
    a_second = len(await Transcoder().mp3(recording(11.0))) - len(await Transcoder().mp3(recording(1.0)))
    assert a_second / 10 * LONGEST_SECONDS < 25_000_000


async def refusal(data, **limits):
    """The sentence with which bytes are refused."""
    with pytest.raises(NotTranscoded) as caught:
        await Transcoder(**limits).mp3(data)
    return caught.value.advice.sentence


async def test_what_is_too_long_is_not_listened_to():
    assert await refusal(recording(2.0), longest=1.9) == "voice_too_long"
    assert heard_in(await Transcoder(longest=2.1).mp3(recording(2.0))).seconds > 1.9


NOISE = random.Random(7).randbytes(5000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OggS",
        b"OggS" + NOISE,
        b"\x1aE\xdf\xa3" + NOISE,
        NOISE,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
)
async def test_hostile_bytes_are_refused(data):
    pytest.importorskip("av")
    assert await refusal(data) == "voice_refused"


@pytest.mark.parametrize(
    "sound", [{"kind": "wav", "codec": "pcm_s16le"}, {"kind": "matroska", "codec": "aac"}]
)
async def test_other_types_and_codecs_are_refused(sound):
    assert await refusal(recording(**sound)) == "voice_refused"


@pytest.mark.parametrize("kind", ["ogg", "webm"])
async def test_what_is_damaged_is_heard_or_refused_and_nothing_else(kind):
    whole, chance, transcoder = recording(0.5, kind=kind), random.Random(11), Transcoder()
    damaged = [whole[: chance.randrange(len(whole))] for _ in range(4)]
    for _ in range(6):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 40)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        damaged.append(bytes(broken))
    results = await asyncio.gather(*map(transcoder.mp3, damaged), return_exceptions=True)
    wrong = [one for one in results if not isinstance(one, NotTranscoded) and heard_in(one).kind != "mp3"]
    assert wrong == []
    assert any(isinstance(one, NotTranscoded) for one in results)


async def test_work_that_takes_too_long_is_ended():
    assert await refusal(recording(), within=0.001) == "voice_refused"


async def test_a_question_that_is_stopped_leaves_the_place_to_others():
    transcoder, data = Transcoder(), recording()
    tasks = [asyncio.create_task(transcoder.mp3(data)) for _ in range(5)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(one, asyncio.CancelledError) for one in ended)
    assert heard_in(await transcoder.mp3(data)).kind == "mp3"


def test_the_library_is_not_loaded_into_the_bot(tmp_path):
    (tmp_path / "voice.ogg").write_bytes(recording())
    script = """
import asyncio, pathlib, sys
import bots.assembly
from core.transcoding import Transcoder
made = asyncio.run(Transcoder().mp3(pathlib.Path("voice.ogg").read_bytes()))
print(len(made) > 1000, "av" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_the_extra_is_what_is_pinned_for_the_container():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra, group = project["project"]["optional-dependencies"]["voice"], project["dependency-groups"]["voice"]
    assert extra == group
    assert (ROOT / "requirements" / "voice.txt").read_text(encoding="utf-8").startswith("av==")


@pytest.mark.parametrize(
    ("name", "mime", "expected"),
    [
        ("voice-message.ogg", "audio/ogg", True),
        ("voice-message.ogg", "audio/ogg; codecs=opus", True),
        ("a.opus", "application/octet-stream", True),
        ("a.webm", "audio/webm", True),
        ("a.webm", "video/webm", False),
        ("a.webm", "", False),
        ("a.ogg", "text/plain", False),
        ("a.mp3", "audio/mpeg", False),
        ("a.m4a", "audio/mp4", False),
    ],
)
def test_what_is_made_into_mp3(name, mime, expected):
    assert transcodable(name, mime) is expected
