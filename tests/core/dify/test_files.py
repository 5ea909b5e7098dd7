"""Files in, files out and speech, over sockets: what Dify received, and what may be fetched at all."""

import pytest

from core.answer import Outcome
from core.dify.audio import heard_as
from core.dify.client import DifyClient
from core.dify.downloads import Downloads
from core.dify.file_types import FileInput, mime_of, safe_name, size_kind, type_of
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyLost, DifyRefused, DifyUnreachable
from simulators.dify.script import File
from tests.core.dify.replay import Replay, Reply

SPEECH = b"ID3 la la"


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.gif", "image/gif"),
    ],
)
async def test_pictures_reach_the_app_with_the_user_that_asks(either, asker, name, mime):
    us = asker(either)
    kept = await us.client.api.files.upload(us.user, name, b"PICTURE", mime)
    assert (kept.name, kept.size, kept.extension, kept.mime_type) == (name, 7, name[2:], mime)
    assert kept.created_at > 1_700_000_000
    file = FileInput.uploaded(kept.id, type_of(name, mime))
    await us.ask("what is it?", files=[file])
    assert [found.data for found in either.runs[0].files] == [b"PICTURE"]
    assert either.journal.named("POST /chat-messages")[0].args["files"] == [
        {"type": "image", "transfer_method": "local_file", "upload_file_id": kept.id}
    ]
    [upload] = either.journal.named("POST /files/upload")
    assert upload.args == {"user": us.user, "file": {"filename": name, "mime_type": mime, "size": 7}}


async def test_files_of_a_workflow_are_values_of_its_variables(either, asker):
    us = asker(either, "workflow")
    kept = await us.client.api.files.upload(us.user, "a.pdf", b"PDF", "application/pdf")
    one = FileInput.uploaded(kept.id, "document")
    far = FileInput.remote("https://files.example/b.pdf", "document")
    await us.ask("sum up", inputs={"doc": one, "docs": [one, far], "tone": "plain"})
    local = {"type": "document", "transfer_method": "local_file", "upload_file_id": kept.id}
    remote = {"type": "document", "transfer_method": "remote_url", "url": "https://files.example/b.pdf"}
    assert either.journal.named("POST /workflows/run")[0].args["inputs"] == {
        "doc": local,
        "docs": [local, remote],
        "tone": "plain",
        "query": "sum up",
    }


DOC = [
    {"file": {"variable": "doc", "allowed_file_types": ["document"]}},
    {"paragraph": {"variable": "query"}},
]


@pytest.mark.parametrize(
    ("name", "declared", "user", "outcome"),
    [
        ("a.pdf", "document", "slack:T1:U1", Outcome.COMPLETE),
        ("a.pdf", "image", "slack:T1:U1", Outcome.FAILED),  # declared as what it is not
        ("a.png", "image", "slack:T1:U1", Outcome.FAILED),  # the variable takes no pictures
        ("a.pdf", "document", "slack:T1:U9", Outcome.FAILED),  # another user's
    ],
)
async def test_a_file_in_a_variable_is_checked_as_it_was_declared(dify, asker, name, declared, user, outcome):
    us = asker(dify, "workflow", input_form=DOC)
    kept = await us.client.api.files.upload(user, name, b"x")
    answer = await us.ask("sum up", inputs={"doc": FileInput.uploaded(kept.id, declared)})
    assert answer.outcome is outcome


async def test_a_file_that_somebody_else_uploaded_is_refused_as_a_file(dify, asker):
    us = asker(dify)
    kept = await us.client.api.files.upload("slack:T1:U9", "a.png", b"x", "image/png")
    with pytest.raises(DifyRefused) as caught:
        await us.ask("hi", files=[FileInput.uploaded(kept.id, "image")])
    assert (caught.value.code, caught.value.advice.sentence) == ("invalid_param", "file_refused")


@pytest.mark.parametrize(("name", "megabytes"), [("a.png", 1), ("a.bin", 2)])
async def test_a_file_over_the_limit_is_told_as_such(either, asker, name, megabytes):
    us = asker(either, upload_megabytes={"image": 1, "audio": 1, "video": 1, "document": 2})
    limits = (await us.client.api.about.parameters()).system_parameters
    assert limits.bytes_of(size_kind(name)) == megabytes * 2**20
    await us.client.api.files.upload(us.user, name, b"x" * megabytes * 2**20)
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.files.upload(us.user, name, b"x" * (megabytes * 2**20 + 1))
    assert (caught.value.status, caught.value.code) == (413, "file_too_large")
    assert caught.value.advice.sentence == "file_over_limit"


async def test_a_proxys_413_is_told_as_one_of_dify():
    async with Replay(Reply.page(413)) as dify:
        server = DifyServer(dify.base_url, StreamLimits())
        with pytest.raises(DifyRefused) as caught:
            await DifyClient(server, "key").api.files.upload("u", "a.txt", b"x")
        assert (caught.value.code, caught.value.advice.sentence) == ("http_413", "file_over_limit")
        await server.aclose()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("レポート ü.txt", "レポート ü.txt"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b\nc.txt", "a_b_c.txt"),
        ("", "file"),
        ('quo"te.txt', "quo'te.txt"),
    ],
)
async def test_any_name_arrives_as_one_part(either, asker, name, kept):
    us = asker(either)
    assert (await us.client.api.files.upload(us.user, name, b"x")).name == kept


def test_a_long_name_keeps_its_extension():
    assert safe_name("n" * 300 + ".txt") == "n" * 196 + ".txt"
    assert len(safe_name("n" * 300)) <= 200


@pytest.mark.parametrize(
    ("name", "mime", "kind", "size"),
    [
        ("a.png", "", "image", "image"),
        ("A.JPG", "", "image", "image"),
        ("a.svg", "", "image", "image"),
        ("a.pdf", "", "document", "document"),
        ("a.md", "text/plain", "document", "document"),
        ("a.mp3", "", "audio", "audio"),
        ("a.ogg", "audio/ogg", "audio", "document"),
        ("a.webm", "audio/webm", "video", "video"),
        ("a.pptx", "application/x", "custom", "document"),
        ("a.zip", "application/zip", "custom", "document"),
        ("a", "text/x-python", "document", "document"),
        ("a.py", "application/pdf", "document", "document"),
        ("a", "", "custom", "document"),
    ],
)
def test_the_type_is_found_as_the_server_does(name, mime, kind, size):
    assert type_of(name, mime) == kind
    assert size_kind(name) == size


@pytest.mark.parametrize(
    ("name", "said", "mime"),
    [
        ("a.png", "image/png; charset=x", "image/png"),
        ("a.png", "", "image/png"),
        ("a.pdf", "application/octet-stream", "application/pdf"),
        ("a.unheard", "", "application/octet-stream"),
        ("a", "nonsense", "application/octet-stream"),
    ],
)
def test_an_upload_always_has_a_type(name, said, mime):
    assert mime_of(name, said) == mime


async def test_a_preview_is_of_what_a_message_holds(dify, asker):
    us = asker(dify)
    files = us.client.api.files
    kept = await files.upload(us.user, "a.png", b"PNG", "image/png")
    with pytest.raises(DifyRefused) as caught:
        await files.preview(kept.id, us.user)
    assert caught.value.code == "file_access_denied"
    await us.ask("what is it?", files=[FileInput.uploaded(kept.id, "image")])
    for attachment in (False, True):
        found = await files.preview(kept.id, us.user, as_attachment=attachment)
        assert (found.data, found.mime) == (b"PNG", "image/png")
    with pytest.raises(DifyRefused) as caught:
        await files.preview("00000000-0000-4000-8000-000000000000", us.user)
    assert caught.value.code == "file_not_found"


@pytest.mark.parametrize(
    ("name", "mime", "label"),
    [
        ("v.mp3", "audio/mpeg", "audio/mp3"),
        ("v.m4a", "audio/mp4", "audio/m4a"),
        ("v.m4a", "audio/x-m4a", "audio/m4a"),
        ("v.wav", "audio/x-wav", "audio/wav"),
        ("v.amr", "audio/amr", "audio/amr"),
        ("v.mp3", "application/octet-stream", "audio/mp3"),
        ("v.mpga", "", "audio/mpga"),
        ("v.ogg", "audio/ogg; codecs=opus", None),
        ("v.webm", "audio/webm", None),
        ("v.ogg", "", None),
        ("v.mp3", "text/html", None),
    ],
)
async def test_a_recording_is_heard_under_a_label_that_dify_takes(either, asker, name, mime, label):
    assert heard_as(name, mime) == label
    us = asker(either, transcript="hello there")
    hearing = us.client.api.audio.hear(us.user, name, b"SOUND", mime)
    if label is None:
        with pytest.raises(DifyRefused) as caught:
            await hearing
        assert caught.value.code == "unsupported_audio_type"
        assert either.journal.named("POST /audio-to-text") == []
        return
    assert await hearing == "hello there"
    [call] = either.journal.named("POST /audio-to-text")
    assert (call.args["user"], call.args["file"]["mime_type"]) == (us.user, label)


async def test_speech_that_is_off_says_so_in_both_dialects(either, asker):
    us = asker(either)
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.audio.hear(us.user, "v.mp3", b"x", "audio/mp3")
    assert caught.value.advice.sentence == "voice_off"
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.audio.speak(us.user, text="hi")
    assert caught.value.advice.sentence == "speech_off"


async def test_an_answer_is_read_aloud_and_a_message_goes_before_a_text(either, asker):
    us = asker(either, speech=SPEECH)
    answer = await us.ask()
    speak = us.client.api.audio.speak
    said = await speak(us.user, text="hi", message_id=answer.message_id, voice="alloy")
    assert (said.data, said.mime) == (SPEECH, "audio/mpeg")
    [call] = either.journal.named("POST /text-to-audio")
    assert call.args == {
        "user": us.user,
        "text": "hi",
        "message_id": answer.message_id,
        "voice": "alloy",
    }
    assert (await speak(us.user, text="hi")).data == SPEECH
    assert await speak("slack:T1:U9", message_id=answer.message_id) is None


async def made_file(dify, us):
    dify.reply([File(b"PNG", "cat.png"), "Here."])
    answer = await us.ask("a cat, please")
    [turn] = (await us.client.api.conversations.turns(answer.conversation_id, us.user)).rows
    [file] = turn.files
    return file.url


@pytest.mark.parametrize("files_url", [None, ""], ids=["absolute", "relative"])
async def test_a_file_of_an_answer_is_fetched_without_the_key(either, asker, files_url):
    us = asker(either)
    either.files_url = files_url
    url = await made_file(either, us)
    assert url.startswith("/files/") == (files_url == "")
    seen = []

    async def look(request):
        seen.append(request.headers)

    us.server.side_client.event_hooks = {"request": [look]}
    found = await us.client.api.downloads.fetch(url, 1000)
    assert (found.data, found.mime) == (b"PNG", "image/png")
    assert "authorization" not in seen[0]
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.downloads.fetch(url, 2)
    assert caught.value.code == "file_too_large"
    either.files_timeout = -1
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.downloads.fetch(url, 1000)
    assert caught.value.status == 403


async def test_a_file_on_an_inner_host_is_fetched_where_the_operator_says(dify, asker):
    us = asker(dify)
    dify.files_url = "http://api:5001"
    url = await made_file(dify, us)
    assert url.startswith("http://api:5001/files/")
    assert (await Downloads(us.server, dify.origin + "/").fetch(url, 1000)).data == b"PNG"
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.downloads.fetch(url, 1000)
    assert caught.value.code == "foreign"


OWN = "https://dify.example/inner"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/files/tools/x.png?sign=1", f"{OWN}/files/tools/x.png?sign=1"),
        (f"{OWN}/files/x/file-preview?sign=1", f"{OWN}/files/x/file-preview?sign=1"),
        ("https://DIFY.example/inner/files/x", "https://DIFY.example/inner/files/x"),
        ("https://dify.example/files/x", None),
        ("http://dify.example/inner/files/x", None),
        ("https://dify.example:8443/inner/files/x", None),
        (f"{OWN}/console/api/x", None),
        (f"{OWN}/files/../console/api", None),
        (f"{OWN}/files/%2e%2e/console/api", None),
        (f"{OWN}/files/..\\console", None),
        ("https://dify.example@evil.example/inner/files/x", None),
        ("https://evil.example/files/x", None),
        ("//evil.example/files/x", None),
        ("file:///files/x", None),
        ("ftp://dify.example/inner/files/x", None),
        ("https://[broken/files/x", None),
        ("x.png", None),
        ("", None),
    ],
)
def test_only_files_of_the_apps_own_dify_have_an_address(url, address):
    server = DifyServer(f"{OWN}/v1", StreamLimits())
    assert Downloads(server).address(url) == address


def test_with_a_base_for_files_whatever_lies_under_files_is_looked_for_there():
    files = Downloads(DifyServer("https://dify.example/v1", StreamLimits()), "https://files.example")
    assert files.address("http://api:5001/files/x?sign=1") == "https://files.example/files/x?sign=1"
    assert files.address("https://files.example/files/x?a=b") == "https://files.example/files/x?a=b"
    assert files.address("/files/x") == "https://files.example/files/x"
    assert files.address("https://dify.example/v1/info") is None


@pytest.fixture
async def fetching():
    """What fetching says of a reply."""

    async def fetch(*replies, limit=100):
        async with Replay(*replies) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            try:
                return await Downloads(server).fetch("/files/x.png", limit)
            finally:
                await server.aclose()

    return fetch


async def test_a_page_is_no_file(fetching):
    with pytest.raises(DifyRefused) as caught:
        await fetching(Reply.page(200, "<html>log in"))
    assert caught.value.code == "not_a_file"


async def test_a_redirect_is_not_followed(fetching):
    away = Reply(302, b"", {"Location": "http://127.0.0.1:1/files/x.png"})
    with pytest.raises(DifyRefused) as caught:
        await fetching(away)
    assert caught.value.status == 302


async def test_an_endless_file_is_given_up_at_the_limit(fetching):
    endless = Reply(200, b"x" * 10_000, {"Content-Type": "image/png"}, sizes=[10] * 1000)
    with pytest.raises(DifyRefused) as caught:
        await fetching(endless)
    assert caught.value.code == "file_too_large"


async def test_a_file_that_breaks_off_is_lost(fetching):
    with pytest.raises(DifyLost):
        await fetching(Reply(200, b"half", {"Content-Type": "image/png"}, sizes=[4], finished=False))


async def test_a_host_that_is_away_is_unreachable():
    server = DifyServer("http://127.0.0.1:1/v1", StreamLimits())
    with pytest.raises(DifyUnreachable):
        await Downloads(server).fetch("/files/x", 10)
    await server.aclose()
