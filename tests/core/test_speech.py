"""What an app speaks by itself: pieces become one recording, or none."""

import base64

import pytest

from core.answer import Answer
from core.dify.events import TtsMessage
from core.speech import MOST_BYTES, Speech


def piece(data, event="tts_message"):
    audio = data if isinstance(data, str) else base64.b64encode(data).decode()
    return TtsMessage(event=event, audio=audio)


def recorded(*pieces):
    answer = Answer(speech=Speech())
    for each in pieces:
        answer.take(piece(each))
    answer.take(piece("", "tts_message_end"))
    file = answer.speech.file()
    return file and (file.name, file.mime_type, file.data)


@pytest.mark.parametrize(
    ("pieces", "name", "mime"),
    [
        ([b"ID3 one ", b"two"], "answer.mp3", "audio/mpeg"),
        ([b"RIFF one ", b"two"], "answer.wav", "audio/wav"),
        ([b"OggS one ", b"two"], "answer.ogg", "audio/ogg"),
    ],
)
def test_pieces_become_one_file_in_their_order(pieces, name, mime):
    assert recorded(*pieces) == (name, mime, b"".join(pieces))


def test_a_broken_piece_is_left_out():
    assert recorded(b"ID3 one ", "a", b"two") == ("answer.mp3", "audio/mpeg", b"ID3 one two")


def test_silence_is_no_file():
    assert recorded() is None


def test_of_a_recording_that_is_too_long_nothing_is_kept():
    half = b"x" * (MOST_BYTES // 2)
    assert recorded(half, half) is not None
    assert recorded(half, half, b"x", b"ID3") is None


def test_where_nobody_listens_nothing_is_kept():
    answer = Answer()
    answer.take(piece(b"ID3"))
    assert answer.speech is None
