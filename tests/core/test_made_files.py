"""Files out: fetched as soon as they are named, posted once each, and never in the way of the answer."""

import asyncio
import base64
from dataclasses import replace

import pytest

from core import made_files
from core.answer import Answer
from core.contract import FileTooLarge, Gone, RateLimited, Uncertain, unguarded
from core.dify.metadata import AppFile
from core.errors import Advice, Superseded
from core.file_names import identity_of, name_of
from core.made_files import MadeFiles
from core.messages import OutgoingFile
from core.pictures import pictured
from core.store.rows import FILES_FROM
from core.writing import target_of
from simulators.dify.script import File
from tests.core.files_scene import said, staged

CAT, DOG = File(b"PNG", "cat.png"), File(b"DOG!", "dog.pdf", "application/pdf", "document")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(made_files, "FETCH_RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(made_files, "POST_RETRY_SECONDS", 0.01)


def making(scene, guard=unguarded):
    return MadeFiles(scene.app, scene.chat, scene.turn, guard)


async def answer_with(scene, *files):
    """A turn whose answer the app made files for."""
    await scene.asked("draw")
    scene.dify.reply([*files, "Here."])
    question, answer = await scene.prepared(), Answer()
    dify = scene.app.dify
    async with dify.client.ask(question, run=dify.runs, mode=dify.mode) as events:
        async for event in events:
            answer.take(event)
    return answer


async def posted(scene, files):
    made = making(scene)
    made.note(files)
    notes = await made.post(scene.ledger)
    await made.aclose()
    return said(notes)


def shown(scene):
    return [(file.name, file.mime_type, file.data) for _, file in scene.chat.posted.values()]


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("files_url", [None, ""], ids=["absolute", "relative"])
async def test_files_are_posted_in_the_order_in_which_they_were_named(tmp_path, version, files_url):
    async with staged(tmp_path, version=version) as scene:
        scene.dify.files_url = files_url
        answer = await answer_with(scene, CAT, DOG)
        assert await posted(scene, answer.files) == []
        assert [(mime, data) for _, mime, data in shown(scene)] == [
            ("image/png", b"PNG"), ("application/pdf", b"DOG!")
        ]  # fmt: skip
        assert all(name.endswith((".png", ".pdf")) for name, _, _ in shown(scene))
        turn = await scene.ledger.claim(scene.turn.id)
        assert sorted(turn.files.values(), key=str) == sorted(
            (ref for ref, _ in scene.chat.posted.values()), key=str
        )
        assert turn.posts == ()


async def test_each_file_has_a_key_of_its_own_below_that_of_the_answer(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT, DOG)
        await posted(scene, answer.files)
        turn = await scene.ledger.claim(scene.turn.id)
        key = target_of(scene.turn).key
        assert set(scene.chat.posted) == {f"{key}:file{number}" for number in turn.files}


async def test_it_is_fetched_as_soon_as_it_is_named(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        made = making(scene)
        made.note(answer.files)
        [one] = made._made.values()
        await one.fetching
        scene.dify.files_timeout = -1  # from here on its address is worth nothing
        assert await made.post(scene.ledger) == []
        assert [data for _, _, data in shown(scene)] == [b"PNG"]


async def test_told_again_and_again_it_is_fetched_and_posted_once(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        [file] = answer.files
        in_text = AppFile(type="image", name="a cat", url="/files/" + file.url.partition("/files/")[2])
        made = making(scene)
        for _ in range(3):
            made.note(answer.files)
            made.note((in_text, replace_url(file, f"{file.url}&again")))
        assert await made.post(scene.ledger) == []
        assert await made.post(scene.ledger) == []
        assert (len(scene.chat.posted), len(scene.chat.tries)) == (1, 1)


def replace_url(file, url):
    return file.model_copy(update={"id": "other", "url": url})


async def test_what_stands_already_is_not_posted_again_whatever_the_order(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT, DOG)
        await posted(scene, answer.files[:1])
        scene.turn = await scene.ledger.claim(scene.turn.id)
        assert await posted(scene, answer.files[::-1]) == []
        assert [data for _, _, data in shown(scene)] == [b"PNG", b"DOG!"]
        assert len(scene.chat.tries) == 2


async def test_a_process_that_died_before_it_kept_the_post_repeats_its_key(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        await posted(scene, answer.files)
        assert await posted(scene, answer.files) == []  # of the same row, as it was before
        assert len(scene.chat.tries) == 2
        assert len(scene.chat.posted) == 1


@pytest.mark.parametrize(("mode", "same"), [("chat", True), ("advanced-chat", False)])
async def test_a_chats_file_is_called_the_same_as_before_a_restart(tmp_path, mode, same):
    """By its name a platform may know it again; a chat's history has names that its stream had not."""
    async with staged(tmp_path, mode) as scene:
        [file] = (await answer_with(scene, CAT)).files
        await posted(scene, [file])
        [(before, *_)] = shown(scene)
        scene.chat.posted.clear()
        await posted(scene, [file.model_copy(update={"filename": "kitten.png"})])
        [(after, *_)] = shown(scene)
        assert after == (before if same else "kitten.png")


@pytest.mark.parametrize(
    "faults", [[RateLimited(0.01), Uncertain("reset")], [Uncertain("reset")] * 4, [RateLimited(0.01)] * 5]
)
async def test_posting_is_patient(tmp_path, faults):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        scene.chat.faults = list(faults)
        assert await posted(scene, answer.files) == []
        assert len(scene.chat.posted) == 1


async def test_what_was_posted_though_the_reply_was_lost_stands_once(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        lost = Uncertain("reset")
        lost.done = True
        scene.chat.faults = [lost]
        assert await posted(scene, answer.files) == []
        assert len(scene.chat.posted) == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Gone("archived"), "file_not_shown"),
        (RateLimited(600), "file_not_shown"),
        (ValueError("a bug"), "file_not_shown"),
        (FileTooLarge("12 MB"), "file_over_post"),
    ],
)
async def test_a_file_that_can_not_be_posted_is_told_and_the_next_one_comes(tmp_path, fault, sentence):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT, DOG)
        scene.chat.faults = [fault]
        [(told, values)] = await posted(scene, answer.files)
        assert (told, values["name"]) == (sentence, name_of(answer.files[0]))
        assert [data for _, _, data in shown(scene)] == [b"DOG!"]


async def test_a_platform_that_is_down_holds_all_files_up_for_a_minute_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr(made_files, "POST_SECONDS", 0.05)
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT, DOG)
        scene.chat.faults = [Uncertain("down")] * 50
        [(sentence, values)] = await posted(scene, answer.files)
        assert (sentence, values["name"].count(", ")) == ("file_not_shown", 1)
        assert len(scene.chat.tries) < 6


@pytest.mark.parametrize(("most", "sentence"), [(2, "file_over_post"), (3, None)])
async def test_a_file_over_the_platforms_limit_is_told_with_it(tmp_path, most, sentence):
    async with staged(tmp_path, most=most) as scene:
        answer = await answer_with(scene, CAT)
        assert [told for told, _ in await posted(scene, answer.files)] == [sentence][: sentence is not None]
        assert len(scene.chat.posted) == int(sentence is None)


async def test_a_file_too_large_to_be_held_is_fetched_when_it_is_posted(tmp_path, monkeypatch):
    monkeypatch.setattr(made_files, "HELD_BYTES", 2)
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        assert await posted(scene, answer.files) == []
        assert [data for _, _, data in shown(scene)] == [b"PNG"]


async def test_only_so_many_are_held_before_they_are_posted(tmp_path):
    async with staged(tmp_path) as scene:
        files = [File(b"%d" % number, f"{number}.png") for number in range(6)]
        answer = await answer_with(scene, *files)
        made = making(scene)
        made.note(answer.files)
        assert sum(one.fetching is not None for one in made._made.values()) == made_files.HELD
        assert await made.post(scene.ledger) == []
        assert [data for _, _, data in shown(scene)] == [b"%d" % number for number in range(6)]
        assert not any(one.fetching for one in made._made.values())


async def test_an_address_that_is_no_longer_valid_is_told(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        scene.dify.files_timeout = -1
        [(sentence, _)] = await posted(scene, answer.files)
        assert sentence == "file_not_shown"


async def test_a_file_elsewhere_is_named_with_its_address_and_not_fetched(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("x")
        far = AppFile(filename="plan.pdf", remote_url="https://elsewhere.example/plan.pdf")
        odd = AppFile(name="x", url="ftp://elsewhere.example/x")
        mine = AppFile(url="https://dify.example/files/y", belongs_to="user")
        assert await posted(scene, (far, odd, mine)) == [
            ("file_elsewhere", {"name": "plan.pdf", "url": "https://elsewhere.example/plan.pdf"}),
            ("file_not_shown", {"name": "x"}),
        ]
        assert scene.chat.tries == []


async def test_a_file_at_an_inner_host_is_a_matter_for_the_operator(tmp_path, caplog):
    async with staged(tmp_path) as scene:
        scene.dify.files_url = "http://api:5001"
        answer = await answer_with(scene, CAT)
        [(sentence, values)] = await posted(scene, answer.files)
        assert (sentence, set(values)) == ("file_not_shown", {"name"})
        assert "files_base_url" in caplog.text
        assert "api:5001" not in caplog.text


async def test_what_is_here_already_is_posted_too(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("x")
        made = making(scene)
        plot = "data:image/png;base64," + base64.b64encode(b"PLOT").decode()
        made.note(pictured(f"![a plot]({plot})", lambda _: False, final=True)[1])
        made.note((AppFile(url="data:image/png;base64,a"),))
        made.add(OutgoingFile("answer.mp3", "audio/mpeg", b"LA LA"))
        assert [sentence for sentence, _ in said(await made.post(scene.ledger))] == ["file_not_shown"]
        assert shown(scene) == [("a plot.png", "image/png", b"PLOT"), ("answer.mp3", "audio/mpeg", b"LA LA")]


async def test_who_may_not_write_any_more_posts_nothing_and_is_told_so(tmp_path):
    async def superseded():
        raise Superseded(Advice("internal", "another process has it"))

    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        made = making(scene, superseded)
        made.note(answer.files)
        with pytest.raises(Superseded):
            await made.post(scene.ledger)
        await made.aclose()
        assert scene.chat.posted == {}


async def test_of_a_turn_that_was_erased_nothing_is_kept(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        scene.turn = replace(scene.turn, queued_at=scene.turn.queued_at - 1)
        with pytest.raises(Superseded):
            await posted(scene, answer.files)


async def test_given_up_it_leaves_nothing_running(tmp_path):
    async with staged(tmp_path) as scene:
        answer = await answer_with(scene, CAT)
        scene.dify.limit_connections(1)
        made = making(scene)
        made.note(answer.files)
        [one] = made._made.values()
        await made.aclose()
        assert one.fetching.cancelled()
        assert not [task for task in asyncio.all_tasks() if task is one.fetching]


ID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


@pytest.mark.parametrize(
    ("file", "mime", "name"),
    [
        ({"filename": "report.pdf", "url": "/files/tools/x.bin"}, "", "report.pdf"),
        ({"url": "/files/tools/my%20cat.png?sign=a/b"}, "image/png", "my cat.png"),
        ({"url": f"/files/tools/{ID}.png?s=1", "type": "image"}, "", "image-3f2504.png"),
        ({"url": f"/files/{ID}/file-preview?s=1", "type": "image"}, "image/png", "image-3f2504.png"),
        ({"name": "a cat", "url": "/files/x"}, "image/jpeg; q=1", "a cat.jpg"),
        ({"name": "notes", "url": "/files/x", "extension": ".md"}, "application/octet-stream", "notes.md"),
        ({"name": "data.parquet", "url": "/files/x"}, "application/octet-stream", "data.parquet"),
        ({"name": "speech", "url": "/files/x"}, "audio/mp3", "speech.mp3"),
        ({"name": "../../etc/passwd"}, "text/plain", "_.._etc_passwd.txt"),
        ({"name": "a\nb\x00.png"}, "", "a b_.png"),
        ({}, "", "file"),
    ],
)
def test_a_file_has_a_name_that_any_platform_takes(file, mime, name):
    assert name_of(AppFile(**file), mime) == name


def test_a_file_is_known_again_whatever_its_host_and_signature():
    urls = ["/files/tools/x.png?sign=1", "https://dify.example/files/tools/x.png?sign=2"]
    assert len({identity_of(AppFile(url=url)) for url in urls}) == 1
    assert identity_of(AppFile(id="7")) == "7"


def test_numbers_of_files_stay_clear_of_those_of_pages():
    assert FILES_FROM + 2 * made_files._NUMBERS < 2**31
