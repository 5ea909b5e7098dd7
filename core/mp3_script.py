"""Ogg or WebM audio on standard input, MP3 on standard output: the other process of core.transcoding.

Run as a script, with the longest recording and the processor time in seconds. It imports nothing of ours, and
exits with 3 where the recording is too long, with another code where it can't be read.
"""

import io
import os
import sys
from contextlib import suppress

import av

if sys.platform != "win32":
    import resource

RATE = 16_000  # Hz, which models of speech work at
BIT_RATE = 32_000
MEMORY_BYTES = 1 << 30
TOO_LONG = 3
_FORMATS = {b"OggS": "ogg", b"\x1aE\xdf\xa3": "matroska"}  # never guessed: playlists name other files
_CODECS = ("opus", "libopus", "vorbis")


class TooLong(Exception):  # noqa: N818
    """There is more of it than is listened to."""


def mp3_of(data: bytes, longest: float) -> bytes:
    """The first audio track as MP3. Raises TooLong, ValueError, av.FFmpegError."""
    made = io.BytesIO()
    kind = _FORMATS.get(data[:4])
    if kind is None:
        raise ValueError("neither Ogg nor WebM")
    options = {"codec_whitelist": ",".join(_CODECS)}  # for the first look at it
    with av.open(io.BytesIO(data), "r", kind, options) as source, av.open(made, "w", "mp3") as target:
        heard = next(iter(source.streams.audio), None)
        if heard is None or heard.codec_context.name not in _CODECS:
            raise ValueError("neither Opus nor Vorbis")
        track = target.add_stream("libmp3lame", RATE, layout="mono")
        track.bit_rate = BIT_RATE
        seconds = 0.0
        for frame in source.decode(heard):
            seconds += frame.samples / frame.sample_rate
            if seconds > longest:
                raise TooLong
            frame.pts = None  # counted anew: those of others may jump
            target.mux(track.encode(frame))
        if not seconds:
            raise ValueError("nothing to hear")
        target.mux(track.encode(None))
    return made.getvalue()


def confine(processor_seconds: int) -> None:
    """Bound what hostile bytes can cost, and let the bot itself go first."""
    if sys.platform == "win32":
        return
    os.nice(10)
    limits = {resource.RLIMIT_CPU: processor_seconds, resource.RLIMIT_AS: MEMORY_BYTES}
    limits |= {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}  # no files
    for limit, value in limits.items():
        with suppress(ValueError, OSError):  # not every system has each of them
            resource.setrlimit(limit, (value, value))


def main(longest: str, processor_seconds: str) -> int:
    """Read, work, write; the exit code."""
    confine(int(processor_seconds))
    try:
        made = mp3_of(sys.stdin.buffer.read(), float(longest))
    except TooLong:
        return TOO_LONG
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
