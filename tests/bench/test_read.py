"""`parley bench read`, so short that its figures say nothing."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import read
from bench.streams import raw, script
from bench.streams.feed import Feed

TINY = ("--events", "40", "--answers", "2", "--rounds", "1")


async def test_our_reader_is_held_against_the_yardstick():
    pytest.importorskip("orjson", reason=read.MISSING)
    report = await read.run(TINY)
    [figure] = report.figures
    assert (figure.name, figure.unit) == ("CPU per event", "us")
    assert figure.value > 0
    assert figure.ratio == pytest.approx(figure.value / figure.reference)
    assert report.ok is (figure.ratio <= 3.5)


async def test_without_the_yardsticks_parser_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(read, "find_spec", lambda _name: None)
    report = await read.run(TINY)
    assert (report.figures, report.skipped) == ([], [read.MISSING])
    assert "orjson" in report.table()


async def test_another_text_than_was_sent_ends_the_benchmark():
    async def half():
        return 3, "half of it"

    options = read._parser().parse_args(TINY)
    with pytest.raises(AssertionError, match="ours: 3 events"):
        await read._round("ours", half, options)


async def test_the_yardstick_reads_what_the_fake_dify_says():
    async with await asyncio.get_running_loop().create_server(Feed, "127.0.0.1") as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for rate in (0, 500):
            assert await raw.read(url, {"events": 25, "rate": rate}, json.loads) == (26, script.text(25))


@given(st.lists(st.integers(1, 4000), max_size=20))
@settings(max_examples=50)
def test_the_yardstick_reads_a_stream_that_is_cut_anywhere(cuts):
    chunks = [script.MESSAGES[index % len(script.MESSAGES)].stamped() for index in range(12)]
    body = script.HEAD + b"".join(chunks) + script.END.stamped() + script.LAST_CHUNK

    async def fed():
        reader = raw.RawReader(b"", json.loads, None)
        reader.connection_made(_Sink())
        at = 0
        for cut in [*sorted(cuts), len(body)]:
            reader.data_received(body[at:cut])
            at = cut
        return reader.events, await reader.over

    assert asyncio.run(fed()) == (13, script.text(12))


class _Sink(asyncio.Transport):
    """A connection that leads nowhere."""

    def write(self, data):
        pass

    def close(self):
        pass
