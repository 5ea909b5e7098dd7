"""Files that the server is told to fetch: what it looks at before a run begins."""

import pytest

URL = "https://x.example/a.pdf?size=/1.png"


def remote(kind="document", url=URL, **more):
    return {"type": kind, "transfer_method": "remote_url", "url": url, **more}


async def test_a_file_that_is_fetched_is_known_by_its_address(either, caller):
    ann = await caller(either, file_types=["document"])
    assert (await ann.block(files=[remote()])).status_code == 200
    [kept] = either.runs[0].files
    assert (kept.name, kept.extension, kept.type) == ("a.pdf", "pdf", "document")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (remote(url=""), "Invalid file url"),
        (remote(url=None), "Invalid file url"),
        (remote("image"), "File validation failed for file: a.pdf"),
        (
            remote(url="https://gone.example/a.pdf"),
            "Reached maximum retries (3) for URL https://gone.example/",
        ),
    ],
)
async def test_what_can_not_be_fetched_is_refused_before_the_run(either, caller, item, words):
    either.unreachable.add("https://gone.example/a.pdf")
    ann = await caller(either, file_types=["document"])
    response = await ann.block(files=[item])
    assert (response.status_code, response.json()["code"]) == (400, "invalid_param")
    assert response.json()["message"].startswith(words)
    assert either.runs == []


LINKS = {"allowed_file_upload_methods": ["remote_url"]}
UPLOADS = {"allowed_file_upload_methods": ["local_file"]}


@pytest.mark.parametrize(
    ("rules", "item", "words"),
    [
        ({}, remote(), ""),
        (LINKS, remote(), ""),
        ({"allowed_file_types": ["custom"], "allowed_file_extensions": [".pdf"]}, remote("custom"), ""),
        (UPLOADS, remote("image", "https://x.example/a.png"), ""),  # as the server has it: any way for images
        (UPLOADS, remote(), "File validation failed for file: a.pdf"),
        ({"allowed_file_types": ["image"]}, remote(), "File validation failed for file: a.pdf"),
        ({"allowed_file_types": ["custom"], "allowed_file_extensions": [".epub"]}, remote("custom"), "File"),
        ({}, {"type": "document", "url": URL}, "transfer_method is required in file mapping"),
        ({}, remote(url=""), "Invalid file url"),
        ({}, remote("picture"), "Invalid file"),
    ],
)
async def test_a_file_in_a_variable_goes_by_the_variables_rules(either, caller, rules, item, words):
    form = [{"file": {"variable": "doc", "label": "Doc", **rules}}]
    ann = await caller(either, input_form=form)
    response = await ann.block(inputs={"doc": item})
    assert response.status_code == (400 if words else 200)
    if words:
        assert response.json()["message"].startswith(words)


@pytest.mark.parametrize(("kind", "status"), [("document", 200), ("image", 400)])
async def test_a_workflow_refuses_another_type_than_the_address_has(dify, caller, kind, status):
    ann = await caller(dify, mode="workflow", input_form=[{"file": {"variable": "doc", "label": "Doc"}}])
    response = await ann.block(inputs={"doc": remote(kind)})
    assert response.status_code == status
    assert ("Detected file type does not match" in response.text) == (status == 400)
