"""Files up and down."""

import pytest
from slack_sdk.errors import SlackApiError

from simulators.slack import Upload

PNG = b"\x89PNG\r\n" * 100


@pytest.fixture
async def sent(slack):
    message = slack.post("general", "ada", "look", files=[Upload("a b.png", PNG, "image/png")])
    return message.files[0]


async def _get(session, url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with session.get(url, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def test_a_download_needs_the_token(slack, client, session, sent):
    url = (await client.files_info(file=sent.id))["file"]["url_private_download"]
    assert await _get(session, url, slack.bot_token) == (200, "image/png", PNG)
    for token in (None, "xoxb-wrong"):
        status, kind, body = await _get(session, url, token)
        assert (status, kind) == (200, "text/html")
        assert body.lower().startswith(b"<!doctype")
    assert slack.journal.calls[-1].error == "login_page"


async def test_without_the_scope_a_download_is_the_login_page(slack, client, session, sent):
    url = (await client.files_info(file=sent.id))["file"]["url_private_download"]
    slack.serve_login_pages()
    assert (await _get(session, url, slack.bot_token))[1] == "text/html"
    slack.serve_login_pages(on=False)
    slack.settings.scopes.discard("files:read")
    assert (await _get(session, url, slack.bot_token))[1] == "text/html"


async def test_the_sdks_upload_shares_a_file_in_a_thread(slack, client):
    root = slack.post("general", "ada", "the report?")
    await client.files_upload_v2(
        channel=root.channel,
        thread_ts=root.ts,
        filename="r.md",
        content="# Report",
        title="Report",
        initial_comment="!",
    )
    reply = slack.world.thread("general", root.ts)[-1]
    assert (reply.subtype, reply.text, reply.user) == ("file_share", "!", slack.world.bot_user)
    assert [(file.name, file.title, file.data) for file in reply.files] == [("r.md", "Report", b"# Report")]


async def test_a_file_that_was_not_uploaded_cannot_be_shared(slack, client):
    given = await client.files_getUploadURLExternal(filename="x.md", length=3)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": given["file_id"]}])


async def test_an_upload_of_another_length_is_refused(slack, client, session):
    given = await client.files_getUploadURLExternal(filename="x.md", length=3)
    async with session.post(given["upload_url"], data=b"four") as response:
        assert response.status == 400
    async with session.post(given["upload_url"], data=b"abc") as response:
        assert (response.status, response.content_type) == (200, "text/plain")
    await client.files_delete(file=given["file_id"])
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_info(file=given["file_id"])
