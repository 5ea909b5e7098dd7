import pytest

from core.contract import FileRefused, FileTooLarge, RateLimited, Uncertain
from core.messages import IncomingFile
from simulators.slack import SlackSimulator, Upload
from simulators.slack.workspace import SCOPES

PNG = b"\x89PNG\r\n" * 100_000
DOWNLOAD = "GET /files-pri"


@pytest.fixture
async def send(slack, run):
    """Ada sends a file; the bot, and the file as it was told of it."""

    async def sent(upload, **settings):
        bot = await run(**settings)
        slack.post(slack.dm("ada"), "ada", "look", files=[upload])
        (message,) = await slack.journal.wait(lambda: bot.inbox.messages)
        (file,) = message.files
        return bot.adapter, file

    return sent


async def test_a_file_is_fetched_with_our_token(slack, send):
    adapter, file = await send(Upload("a b.png", PNG, "image/png"))
    assert (file.name, file.mime_type, file.size) == ("a b.png", "image/png", len(PNG))
    assert await adapter.fetch(file, len(PNG)) == PNG


async def test_a_voice_message_is_a_file(slack, send):
    voice = Upload("audio_message.m4a", b"sound", "audio/mp4", subtype="slack_audio")
    adapter, file = await send(voice)
    assert (file.name, file.mime_type) == ("audio_message.m4a", "audio/mp4")
    assert await adapter.fetch(file, 100) == b"sound"


async def test_a_file_from_over_slack_connect_is_asked_for(slack, send):
    adapter, file = await send(Upload("plan.pdf", b"%PDF", "application/pdf", external=True))
    assert (file.name, file.mime_type, file.size) == ("plan.pdf", "application/pdf", 4)
    bare = IncomingFile(file.id, file.id, "application/octet-stream", -1, "")
    assert await adapter.fetch(bare, 4) == b"%PDF"


async def test_a_file_that_can_t_be_asked_for_comes_as_it_was_told(slack, send):
    slack.refuse("files.info", "missing_scope")
    adapter, file = await send(Upload("plan.pdf", b"%PDF", "application/pdf", external=True))
    assert (file.url, file.size) == ("", -1)
    with pytest.raises(FileRefused, match="missing_scope"):
        await adapter.fetch(file, 4)


async def test_too_large_is_known_before_the_download(slack, send):
    adapter, file = await send(Upload("a.png", PNG, "image/png"))
    with pytest.raises(FileTooLarge):
        await adapter.fetch(file, len(PNG) - 1)
    assert slack.journal.named(DOWNLOAD) == []


@pytest.mark.parametrize("chunked", [True, False])
async def test_too_large_is_seen_during_the_download(slack, send, chunked):
    adapter, file = await send(Upload("a.png", PNG, "image/png"))
    slack.faults.chunked = chunked
    with pytest.raises(FileTooLarge):
        await adapter.fetch(IncomingFile(file.id, file.name, file.mime_type, -1, file.url), len(PNG) - 1)


async def test_the_login_page_is_no_file(slack, send):
    adapter, file = await send(Upload("a.html", b"<p>mine", "text/html"))
    assert await adapter.fetch(file, 100) == b"<p>mine"
    slack.serve_login_pages()
    with pytest.raises(FileRefused, match="files:read"):
        await adapter.fetch(file, 10_000)


@pytest.mark.parametrize(
    ("status", "meaning"), [(429, RateLimited), (503, Uncertain), (404, FileRefused), (403, FileRefused)]
)
async def test_what_a_status_means(slack, send, status, meaning):
    adapter, file = await send(Upload("a.png", b"x", "image/png"))
    if status == 429:
        slack.rate_limit_next(DOWNLOAD, 7)
    else:
        slack.fail_next(DOWNLOAD, status)
    with pytest.raises(meaning) as caught:
        await adapter.fetch(file, 10)
    assert getattr(caught.value, "retry_after", 7) == 7


async def test_no_connection_is_uncertain(slack, send):
    adapter, file = await send(Upload("a.png", b"x", "image/png"))
    await slack.stop()
    with pytest.raises(Uncertain):
        await adapter.fetch(file, 10)


async def test_a_redirect_within_slack_is_followed(slack, send):
    adapter, file = await send(Upload("a.png", b"x", "image/png"))
    slack.faults.redirects.append(file.url.replace("/download/", "/"))
    assert await adapter.fetch(file, 10) == b"x"


async def test_no_end_of_redirects(slack, send):
    adapter, file = await send(Upload("a.png", b"x", "image/png"))
    slack.faults.redirects.extend([file.url] * 9)
    with pytest.raises(FileRefused, match="redirects"):
        await adapter.fetch(file, 10)


async def test_nobody_else_sees_the_token(slack, send):
    adapter, file = await send(Upload("a.png", b"x", "image/png"))
    async with SlackSimulator() as other:  # another port is another host
        foreign = file.url.replace(slack.base, other.base)
        slack.faults.redirects.append(foreign)
        with pytest.raises(FileRefused, match="token"):
            await adapter.fetch(file, 10)
        with pytest.raises(FileRefused, match="token"):
            await adapter.fetch(IncomingFile(file.id, "a", "image/png", 1, foreign), 10)
        assert other.journal.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/f",
        "https://files.slack.com:8443/f",
        "https://slack.com.evil.example/f",
        "https://evilslack.com/f",
        "https://files.slack.com@evil.example/f",
        "file:///etc/passwd",
        "/relative",
        "https://[",
    ],
)
async def test_addresses_that_are_not_slack_s(make, url):
    with pytest.raises(FileRefused):
        await make().fetch(IncomingFile("F1", "a", "image/png", 1, url), 10)


def test_the_scope_is_one_that_slack_has():
    assert "files:read" in SCOPES
