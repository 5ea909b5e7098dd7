"""What an app takes of files, as it says and as it checks; and refusals of uploads on order."""

import pytest

from tests.simulators.dify.test_files import upload


def sent(file_id, kind, **more):
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": file_id, **more}


async def test_an_app_says_which_files_it_takes(either, caller):
    ann = await caller(either, file_types=["custom"], file_extensions=[".epub"], file_methods=["local_file"])
    told = (await ann.get("/parameters")).json()["file_upload"]
    assert told["allowed_file_types"] == ["custom"]
    assert told["allowed_file_extensions"] == [".epub"]
    assert told["allowed_file_upload_methods"] == told["image"]["transfer_methods"] == ["local_file"]


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [("a.png", "image", 200), ("a.mp3", "audio", 400), ("a.epub", "custom", 200), ("a.zip", "custom", 400)],
)
async def test_a_file_is_checked_by_its_declared_type_and_extension(either, caller, name, kind, status):
    ann = await caller(either, file_types=["image", "custom"], file_extensions=[".epub"])
    kept = (await upload(ann, name)).json()["id"]
    response = await ann.block(files=[sent(kept, kind)])
    assert response.status_code == status
    if status == 400:
        assert response.json()["message"] == f"File validation failed for file: {name}"


async def test_a_way_to_send_files_that_is_not_allowed_is_refused(either, caller):
    ann = await caller(either, file_methods=["local_file"])
    far = {"type": "image", "transfer_method": "remote_url", "url": "https://x.example/a.png"}
    assert (await ann.block(files=[far])).status_code == 400


async def test_more_files_than_allowed_are_refused_whatever_they_are(either, caller):
    ann = await caller(either, file_limit=1)
    kept = [(await upload(ann, f"{number}.pdf")).json()["id"] for number in range(2)]
    response = await ann.block(files=[sent(one, "document") for one in kept])
    assert (response.status_code, response.json()["code"]) == (400, "invalid_param")


async def test_uploads_are_refused_as_ordered_and_then_taken_again(either, caller):
    ann = await caller(either)
    either.refuse_uploads.extend([(503, "s3_connection_failed"), (413, "file_too_large")])
    found = [await upload(ann) for _ in range(3)]
    assert [response.status_code for response in found] == [503, 413, 201]
    assert found[0].json()["code"] == "s3_connection_failed"
