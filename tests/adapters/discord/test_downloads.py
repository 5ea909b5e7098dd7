"""Files that people send are fetched from Discord's own hosts, without our token, up to a size."""

import pytest

from core.contract import FileRefused, FileTooLarge, RateLimited, Uncertain
from core.messages import IncomingFile

REFRESH = "POST /attachments/refresh-urls"
PAPER = b"%PDF-1.7 " + bytes(range(256)) * 400
VOICE = 1 << 13


@pytest.fixture
def dm(simulator, alice):
    return simulator.dm(alice)


@pytest.fixture
async def sent(adapter, simulator, inbox, dm, alice):
    simulator.post(dm, alice, "read this", attachments=[simulator.file("paper.pdf", PAPER)])
    [file] = (await inbox.next()).files
    return file


async def test_a_file_comes_whole_and_our_token_does_not_go(adapter, simulator, sent):
    assert await adapter.fetch(sent, len(PAPER)) == PAPER
    assert (sent.name, sent.mime_type, sent.size) == ("paper.pdf", "application/pdf", len(PAPER))
    assert [simulator.token in str(each) for each in simulator.cdn.headers] == [False]
    assert "Authorization" not in simulator.cdn.headers[0]


async def test_a_voice_message_is_a_file(adapter, simulator, inbox, dm, alice):
    recording = simulator.file("voice-message.ogg", b"OggS", "audio/ogg; codecs=opus")
    recording.duration_secs, recording.waveform = 1.5, "AAAA"
    simulator.post(dm, alice, attachments=[recording], flags=VOICE)
    heard = await inbox.next()
    [file] = heard.files
    assert (heard.text, file.name, file.mime_type, file.size) == ("", "voice-message.ogg", "audio/ogg", 4)
    assert await adapter.fetch(file, 4) == b"OggS"


async def test_too_large_a_file_is_not_even_asked_for(adapter, simulator, sent):
    with pytest.raises(FileTooLarge):
        await adapter.fetch(sent, len(PAPER) - 1)
    assert simulator.cdn.headers == []


async def test_a_file_of_unknown_size_is_stopped_where_it_is_too_large(adapter, sent):
    unknown = IncomingFile(sent.id, sent.name, sent.mime_type, -1, sent.url)
    with pytest.raises(FileTooLarge):
        await adapter.fetch(unknown, len(PAPER) - 1)


async def test_an_expired_address_is_renewed_once(adapter, simulator, sent):
    simulator.cdn.expire_all()
    assert await adapter.fetch(sent, len(PAPER)) == PAPER
    [call] = simulator.journal.named(REFRESH)
    assert call.args["attachment_urls"] == [sent.url]


async def test_a_file_that_is_gone_is_refused(adapter, simulator, sent):
    simulator.world.attachments.clear()
    with pytest.raises(FileRefused):
        await adapter.fetch(sent, len(PAPER))
    for status in (404, 403):
        simulator.world.attachments[int(sent.id)] = simulator.file("paper.pdf", PAPER)
        simulator.cdn.answer_next(404)
        simulator.cdn.answer_next(status)
        with pytest.raises(FileRefused):
            await adapter.fetch(sent, len(PAPER))


async def test_a_web_page_in_its_place_is_refused(adapter, simulator, sent):
    simulator.cdn.page_next()
    with pytest.raises(FileRefused):
        await adapter.fetch(sent, len(PAPER))
    page = IncomingFile(sent.id, "page.html", "text/html", -1, sent.url)
    simulator.cdn.page_next()
    assert b"moment" in await adapter.fetch(page, 1000)


async def test_a_redirection_is_not_followed(adapter, simulator, sent):
    simulator.cdn.answer_next(302, Location=sent.url)
    with pytest.raises(FileRefused):
        await adapter.fetch(sent, len(PAPER))
    assert len(simulator.cdn.headers) == 1


async def test_what_may_pass_is_said_so(adapter, simulator, sent):
    simulator.cdn.answer_next(429, Retry_After="7")
    with pytest.raises(RateLimited) as limited:
        await adapter.fetch(sent, len(PAPER))
    assert limited.value.retry_after == 7
    simulator.cdn.answer_next(503)
    with pytest.raises(Uncertain):
        await adapter.fetch(sent, len(PAPER))
    async with simulator.unreachable():
        with pytest.raises(Uncertain):
            await adapter.fetch(sent, len(PAPER))
    assert await adapter.fetch(sent, len(PAPER)) == PAPER


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/attachments/1/2/a.png",
        "http://cdn.discordapp.com/attachments/1/2/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "http://127.0.0.1:9/attachments/1/2/a.png",
        "file:///etc/passwd",
        "//cdn.discordapp.com/a.png",
        "",
    ],
)
async def test_foreign_addresses_are_not_asked(launch, url):
    with pytest.raises(FileRefused):
        await launch().fetch(IncomingFile("1", "a.png", "image/png", 1, url), 10)
