"""The recorded replies that are one row or none, those that no client asks for, and that none is left out.

The facts are those of the recording: the JSON as it stands there, and the request that was made.
"""

import json
import re
from email.utils import parsedate_to_datetime

import pytest
from pydantic import BaseModel

from core.dify.blocking import events_of
from core.dify.calls import Calls
from core.dify.client import DifyClient
from core.dify.connection import Connection
from core.dify.events import MessageEnd, WorkflowFinished
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyRefused
from tests.core.dify import test_conformance, test_conformance_replies
from tests.core.dify.recordings import MISSING, ROOT, Recording, every
from tests.core.dify.replay import Replay, Reply
from tests.core.dify.test_conformance_replies import ANSWERED, AT_ONCE, OURS, PAGES, STRANGE, call_of

if not ROOT.is_dir():
    pytest.skip(MISSING, allow_module_level=True)

LONGEST_NAME = 200  # of a file, as we send it


@pytest.fixture
async def replayed():
    """What a call gives that is replied to as recorded, and the request that it made."""

    async def replay(recording, call):
        async with Replay(Reply(recording.status, recording.body, recording.headers)) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            try:
                result = await call(server)
            except DifyRefused as refused:
                result = refused
            finally:
                await server.aclose()
            [request] = dify.asked
            assert request.method == recording.method
            assert request.path.removeprefix("/v1") == recording.endpoint
            return result, request

    return replay


def client_of(server):
    return DifyClient(server, "app-key", retries=AT_ONCE)


def asking(recording):
    return lambda server: call_of(recording)(client_of(server), recording)


def is_read(mine, there):
    """Whether a value of a typed row is what stands in the JSON; what is null there has a default."""
    if isinstance(there, dict) and isinstance(mine, BaseModel):
        return all(is_read(getattr(mine, name), value) for name, value in there.items())
    if isinstance(mine, tuple):
        return list(mine) == (there or [])
    if isinstance(mine, dict) and isinstance(there, str):  # 0.15 sends the text of an object
        return mine == json.loads(there)
    if isinstance(mine, float) and isinstance(there, str):  # and times as mails do
        return mine == parsedate_to_datetime(there).timestamp()
    return not mine if there is None else mine == there


GOOD = [it for it in OURS if it.status < 400 and it not in {*PAGES, *ANSWERED}]
UPLOADS = [it for it in GOOD if it.endpoint == "/files/upload"]
RATED = [it for it in GOOD if it.endpoint.endswith("/feedbacks")]
FETCHED = [it for it in GOOD if it.endpoint.startswith("/files/tools/")]
UNKNOWN = [
    it for it in OURS if it.name == "workflow_run_detail_unknown" or str(it) == "1.16.1/info_root.json"
]
ROWS = [
    it
    for it in GOOD
    if it not in {*UPLOADS, *RATED, *FETCHED, *UNKNOWN} and it.json and it.json != {"result": "success"}
]


@pytest.mark.parametrize("recording", ROWS, ids=str)
async def test_a_row_has_the_values_that_stand_there(replayed, recording):
    row, _ = await replayed(recording, asking(recording))
    there = recording.json
    assert {name for name in there if not is_read(getattr(row, name), there[name])} == set()


@pytest.mark.parametrize("recording", UPLOADS, ids=str)
async def test_an_upload_is_sent_as_it_was_and_read_as_it_is_kept(replayed, recording):
    there = recording.json
    name, mime, data = there["name"], there["mime_type"], b"x" * there["size"]
    kept, request = await replayed(
        recording, lambda server: client_of(server).api.files.upload("u", name, data, mime)
    )
    assert {field for field in there if not is_read(getattr(kept, field), there[field])} == set()
    part = re.search(
        rb'name="file"; filename="(.*?)"\r\nContent-Type: (.*?)\r\n\r\n(.*?)\r\n--', request.body
    )
    sent = part[1].decode(), part[2].decode(), part[3]
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 4]}{name[-4:]}"
    if mime == "application/octet-stream":  # is no type: a better one is found where there is one
        mime = "image/png" if name.endswith(".png") else sent[1]
    assert sent == (short, mime, data)
    assert b'name="user"\r\n\r\nu\r\n' in request.body


@pytest.mark.parametrize("recording", RATED, ids=str)
async def test_a_rating_that_is_taken_says_nothing(replayed, recording):
    result, request = await replayed(recording, asking(recording))
    assert result is None
    assert request.json["rating"] == recording.asked.get("rating")


@pytest.mark.parametrize("recording", FETCHED, ids=str)
async def test_a_file_is_what_the_server_sent(replayed, recording):
    file, _ = await replayed(recording, asking(recording))
    assert file.data == recording.body


@pytest.mark.parametrize("recording", UNKNOWN, ids=str)
async def test_what_the_server_does_not_know_is_none(replayed, recording):
    result, _ = await replayed(recording, asking(recording))
    assert result is None


@pytest.mark.parametrize("recording", STRANGE, ids=str)
async def test_what_no_client_asks_for_is_refused_or_read_all_the_same(replayed, recording):
    def call(server):
        calls = Calls(Connection(server, "app-key"), AT_ONCE)
        return calls.raw(recording.method, recording.endpoint, json=recording.asked or None)

    result, _ = await replayed(recording, call)
    if recording.status == 200:
        assert result.json() == recording.json
        return
    assert (result.status, result.code) == (
        recording.status,
        recording.json["code"] if recording.json else "http_404",
    )
    assert result.advice.sentence == "app_misconfigured"
    assert "html" not in f"{result!r} {result.advice}"


@pytest.mark.parametrize("recording", ANSWERED, ids=str)
def test_a_blocking_reply_tells_the_kind_of_app_and_the_time(recording):
    body, last = recording.json, [*events_of(recording.json)][-1]
    if isinstance(last, WorkflowFinished):
        told, data = last.data, body["data"]
        assert (told.created_at, told.finished_at) == (data["created_at"], data["finished_at"])
        return
    assert isinstance(last, MessageEnd)
    assert (last.mode, last.created_at) == (body["mode"], body["created_at"])


def cases(module):
    """The recordings that the tests of a module are called with, one by one."""
    for name, test in vars(module).items():
        for mark in getattr(test, "pytestmark", ()) if name.startswith("test_") else ():
            for case in mark.args[1] if mark.name == "parametrize" else ():
                value = case.values[0] if isinstance(case, type(pytest.param())) else case
                if isinstance(value, Recording):
                    yield value


def test_every_recording_is_a_case():
    import tests.core.dify.test_conformance_rows as here  # noqa: PLC0415

    tested = {case for module in (test_conformance, test_conformance_replies, here) for case in cases(module)}
    bodies = {path for path in ROOT.glob("*/*") if not path.name.endswith(".meta.json")}
    assert {str(path.relative_to(ROOT)) for path in bodies} - {str(case) for case in tested} == set()
    assert tested == set(every())
    assert len(tested) == len(bodies) >= 620
