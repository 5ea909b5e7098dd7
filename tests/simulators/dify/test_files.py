"""Uploads, files in messages, previews, and speech."""

import pytest


async def upload(speaker, name="red.png", data=b"PNG", mime="image/png", user="ann", field="file"):
    return await speaker.client.post(
        "/files/upload", files={field: (name, data, mime)}, data={"user": user}, headers=speaker.headers
    )


def attached(file_id, kind="image"):
    return {"files": [{"type": kind, "transfer_method": "local_file", "upload_file_id": file_id}]}


async def test_an_upload_is_reported_and_can_be_sent(either, caller):
    ann = await caller(either)
    response = await upload(ann)
    row = response.json()
    assert response.status_code == 201
    assert (row["name"], row["size"], row["extension"], row["mime_type"]) == (
        "red.png",
        3,
        "png",
        "image/png",
    )
    assert ("source_url" in row) == (either.version > "1")
    end = (await ann.ask(**attached(row["id"])))[-1]
    listed = (await ann.get("/messages", conversation_id=end["conversation_id"])).json()["data"][0]
    (kept,) = listed["message_files"]
    assert (kept["filename"], kept["belongs_to"]) == ("red.png", "user")
    assert (await ann.client.get(kept["url"])).content == b"PNG"
    assert either.journal.named("POST /files/upload")[0].args == {
        "user": "ann",
        "file": {"filename": "red.png", "mime_type": "image/png", "size": 3},
    }


async def test_uploads_that_are_refused(either, caller):
    ann = await caller(either, upload_megabytes={"image": 1, "document": 2, "audio": 1, "video": 1})
    big = await upload(ann, data=b"x" * (1024 * 1024 + 1))
    assert (big.status_code, big.json()["code"]) == (413, "file_too_large")
    assert (await upload(ann, "x.txt", b"x" * (1024 * 1024 + 1), "text/plain")).status_code == 201
    wrong = await upload(ann, field="document")
    assert wrong.json()["code"] == (
        "bad_request_key_error" if either.version == "0.15.8" else "no_file_uploaded"
    )


async def test_a_part_without_a_type_is_refused(either, caller):
    ann = await caller(either)
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    headers = ann.headers | {"Content-Type": "multipart/form-data; boundary=b"}
    refused = await ann.client.post("/files/upload", content=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_file_type")


async def test_since_1_14_a_file_is_its_uploaders_only(either, caller):
    ann, bob = await caller(either), await caller(either, user="bob")
    file_id = (await upload(ann)).json()["id"]
    foreign = await bob.block(**attached(file_id))
    if either.version == "0.15.8":
        assert foreign.status_code == 200
    else:
        assert foreign.json()["message"] == "Invalid upload file"
    assert (await ann.block(**attached("unknown"))).json()["message"] == "Invalid upload file"
    assert (await ann.block(**attached(file_id, "weird"))).json()[
        "message"
    ] == "'weird' is not a valid FileType"


async def test_too_many_images_and_apps_without_files(either, caller):
    ann = await caller(either, file_limit=1)
    file_id = (await upload(ann)).json()["id"]
    two = {"files": attached(file_id)["files"] * 2}
    assert (await ann.block(**two)).json()["message"] == "Number of image files exceeds the maximum limit 1"
    ann.app.file_upload = False
    assert (await ann.block(**two)).status_code == 200
    assert ann.app.runs[-1].files == []


async def test_previews_only_of_attached_files_of_the_app(dify, caller):
    ann, flow = await caller(dify), await caller(dify, "advanced-chat")
    file_id = (await upload(ann)).json()["id"]
    path = f"/files/{file_id}/preview"
    assert (await ann.get(path)).json()["code"] == "file_access_denied"
    await ann.block(**attached(file_id))
    assert (await ann.get(path)).content == b"PNG"
    assert (await flow.get(path)).status_code == 403
    assert (await ann.get("/files/unknown/preview")).json()["code"] == "file_not_found"


@pytest.mark.parametrize(("mime", "status"), [("audio/mp3", 200), ("audio/mpeg", 415), ("audio/ogg", 415)])
async def test_audio_is_taken_by_its_mime_string(dify, caller, mime, status):
    ann = await caller(dify, transcript="hello there")

    async def hear():
        files = {"file": ("voice", b"sound", mime)}
        return await ann.client.post("/audio-to-text", files=files, headers=ann.headers)

    heard = await hear()
    assert heard.status_code == status
    if status == 200:
        assert heard.json() == {"text": "hello there"}
    ann.app.transcript = None
    assert (await hear()).json()["code"] == "speech_to_text_disabled"


async def test_text_to_audio(dify, caller):
    ann = await caller(dify, speech=b"mp3")
    message = (await ann.ask())[-1]["message_id"]
    assert (await ann.post("/text-to-audio", text="hi")).content == b"mp3"
    assert (await ann.post("/text-to-audio", message_id=message)).content == b"mp3"
    assert (await ann.post("/text-to-audio", message_id="unknown")).json() is None
    assert (await ann.post("/text-to-audio")).json()["message"] == "Text is required"
    ann.app.speech = None
    assert (await ann.post("/text-to-audio", text="hi")).json()["message"] == "TTS is not enabled"
