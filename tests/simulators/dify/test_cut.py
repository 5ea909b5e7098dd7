"""A stream cut at an exact place: what the client still gets, and what becomes of the run."""

import httpx
import pytest

from simulators.dify.cut import Cut


async def received(speaker):
    """All bytes up to the end or the cut, and whether it was a clean end."""
    data = b""
    try:
        async with speaker.stream() as listening:
            async for chunk in listening.response.aiter_bytes():
                data += chunk
    except httpx.RemoteProtocolError:
        return data, False
    return data, True


@pytest.mark.parametrize("clean", [False, True])
async def test_so_many_events_and_bytes_are_sent(dify, caller, clean):
    ann = await caller(dify)
    for events, offset, whole, rest in [
        (2, 0, 2, b""),
        (2, 3, 2, b"dat"),
        (1, 1, 1, b"d"),
        (0, 5, 0, b"data:"),
    ]:
        dify.reply("one two three")
        dify.cut_next = Cut(events, offset, clean)
        data, ended = await received(ann)
        blocks = data.split(b"\n\n")
        assert (len(blocks) - 1, blocks[-1], ended) == (whole, rest, clean)


async def test_a_negative_offset_cuts_the_last_event_short(dify, caller):
    ann = await caller(dify)
    dify.cut_next = Cut(2, -1)
    data, _ = await received(ann)
    assert data.count(b"\n\n") == 1
    assert data.endswith(b"}\n")


async def test_no_event_at_all_is_not_even_a_status(dify, caller):
    ann = await caller(dify)
    dify.cut_next = Cut(0)
    assert await received(ann) == (b"", False)
    assert len(dify.runs) == 1


@pytest.mark.parametrize(("mode", "status"), [("chat", "lost"), ("advanced-chat", "succeeded")])
async def test_the_run_does_what_it_does_without_a_client(dify, caller, mode, status):
    ann = await caller(dify, mode)
    dify.cut_next = Cut(2)
    await received(ann)
    assert (await dify.ended()).status == status


async def test_only_the_next_stream_is_cut(dify, caller):
    ann = await caller(dify)
    dify.cut_next = Cut(1)
    assert (await received(ann))[1] is False
    data, clean = await received(ann)
    assert clean
    assert b"message_end" in data
