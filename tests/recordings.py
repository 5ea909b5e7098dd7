"""Recordings as chat programs make them, and what can be heard in one. Skips where PyAV has no wheel."""

import array
import io
import itertools
import math
from dataclasses import dataclass

import pytest

TONE = 440  # Hz
_LOUD = 8000  # of 32767


@dataclass(frozen=True)
class Sound:
    """What a recording turned out to be."""

    kind: str
    rate: int
    channels: int
    seconds: float
    tone: float  # Hz, by counting


def recording(seconds=1.0, *, kind="ogg", codec="libopus", rate=48_000):
    """A tone, as a file; Discord's voice messages are Opus in Ogg, 48 kHz."""
    av = _library()
    made, wave = io.BytesIO(), _wave(rate)
    layout = "stereo" if codec == "vorbis" else "mono"  # FFmpeg's own encoder knows no other
    with av.open(made, "w", kind) as target:
        track = target.add_stream(codec, rate, {"strict": "experimental"}, layout=layout)
        for _ in range(int(seconds * 10)):
            frame = av.AudioFrame("s16", "mono", rate // 10)
            frame.sample_rate = rate
            frame.planes[0].update(wave)
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return made.getvalue()


def heard_in(data):
    """What a player would make of the bytes."""
    av = _library()
    with av.open(io.BytesIO(data), "r") as source:
        track = source.streams.audio[0]
        mono = av.AudioResampler("s16", "mono", track.rate)
        frames = [*itertools.chain.from_iterable(mono.resample(frame) for frame in source.decode(track))]
        samples = array.array("h", b"".join(bytes(f.planes[0])[: f.samples * 2] for f in frames))
        seconds = len(samples) / track.rate
        crossings = sum(before < 0 <= after for before, after in itertools.pairwise(samples))
        return Sound(source.format.name, track.rate, track.channels, seconds, crossings / seconds)


def _wave(rate):
    """A tenth of a second, after which the tone begins anew."""
    return array.array(
        "h", (int(_LOUD * math.sin(math.tau * TONE * n / rate)) for n in range(rate // 10))
    ).tobytes()


def _library():
    return pytest.importorskip("av", reason="PyAV, which makes and reads recordings, is not installed")
