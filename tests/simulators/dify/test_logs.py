"""The log of a workflow app is sorted out; a preview may be an attachment."""

import pytest

from simulators.dify.script import Fail


async def test_a_log_is_sorted_out_by_time_status_and_account(dify, caller):
    speaker = await caller(dify, "workflow")
    dify.reply("fine", [Fail()])
    await speaker.ask("one")
    await speaker.ask("two")

    async def total(**query):
        return (await speaker.get("/workflows/logs", **query)).json()["total"]

    assert await total() == 2
    assert await total(status="failed") == 1
    assert await total(created_at__after="2020-01-01T00:00:00Z") == 2
    assert await total(created_at__before="2020-01-01T00:00:00") == 0
    assert await total(created_by_account="ann@example.com") == 0


async def test_a_time_that_is_none_is_refused(dify, caller):
    speaker = await caller(dify, "workflow")
    response = await speaker.get("/workflows/logs", created_at__after="yesterday")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_param")


@pytest.mark.parametrize(
    ("given", "kept"), [({}, None), ({"as_attachment": "true"}, "attachment; filename*=UTF-8''a%20b.png")]
)
async def test_a_preview_is_an_attachment_on_wish(dify, caller, given, kept):
    ann = await caller(dify)
    upload = await ann.client.post(
        "/files/upload",
        files={"file": ("a b.png", b"PNG", "image/png")},
        data={"user": "ann"},
        headers=ann.headers,
    )
    file = {"type": "image", "transfer_method": "local_file", "upload_file_id": upload.json()["id"]}
    await ann.ask(files=[file])
    response = await ann.get(f"/files/{upload.json()['id']}/preview", **given)
    assert (response.content, response.headers.get("Content-Disposition")) == (b"PNG", kept)
