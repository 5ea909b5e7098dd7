"""What is repeated by itself, and what never is: a server that says exactly what it is told to."""

import pytest

from core.dify.calls import Retries
from core.dify.client import DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.errors import DifyBusy, DifyError, DifyLost, DifyRefused, DifyUnreachable
from tests.core.dify.replay import Replay, Reply

AT_ONCE = Retries(pauses=(0.0, 0.0))
GOOD = Reply.of({"id": "x", "text": "hello", "data": [], "job_id": "j"})
BUSY = Reply.of({"code": "invalid_param", "message": "Too many requests. Please try again later."}, 400)
AWAY = Reply.page(503, "no healthy upstream")
NEVER_BEGUN = {"busy": BUSY, "too many": Reply.of({"code": "too_many_requests"}, 429), "away": AWAY}
ON_THE_WAY = {
    "lost": Reply(mute=True),
    "502": Reply.page(502),
    "503": Reply.page(503),
    "504": Reply.page(504),
    "storage": Reply.of({"code": "s3_connection_failed", "message": "s3.internal"}, 503),
}
LAST_WORDS = {
    "400": Reply.of({"code": "invalid_param", "message": "no"}, 400),
    "401": Reply.of({"code": "unauthorized"}, 401),
    "404": Reply.of({"code": "not_found"}, 404),
    "413": Reply.of({"code": "file_too_large"}, 413),
    "415": Reply.of({"code": "unsupported_file_type"}, 415),
    "429 quota": Reply.of({"code": "rate_limit_error"}, 429),
    "quota": Reply.of({"code": "provider_quota_exceeded"}, 400),
    "too large for storage": Reply.of({"code": "s3_file_too_large"}, 503),
    "not let into storage": Reply.of({"code": "s3_permission_denied"}, 503),
    "not let in": Reply.of({"code": "permission_denied"}, 503),
    "500": Reply.of({"code": "internal_server_error"}, 500),
    "500 page": Reply.page(500),
    "524": Reply.page(524),
}
REPEATABLE = {
    "info": lambda api: api.about.info(),
    "parameters": lambda api: api.about.parameters(),
    "meta": lambda api: api.about.tool_icons(),
    "site": lambda api: api.about.site(),
    "index": lambda api: api.about.index(),
    "end user": lambda api: api.about.end_user("e"),
    "conversations": lambda api: api.conversations.list("u"),
    "turns": lambda api: api.conversations.turns("c", "u"),
    "rename": lambda api: api.conversations.rename("c", "u", "n"),
    "auto name": lambda api: api.conversations.auto_name("c", "u"),
    "variables": lambda api: api.conversations.variables("c", "u"),
    "set variable": lambda api: api.conversations.set_variable("c", "v", "u", 1),
    "suggested": lambda api: api.messages.suggested("m", "u"),
    "feedbacks": lambda api: api.messages.feedbacks(),
    "upload": lambda api: api.files.upload("u", "a.txt", b"x"),
    "preview": lambda api: api.files.preview("f", "u"),
    "form": lambda api: api.human_input.form("t"),
    "run": lambda api: api.workflows.run("r"),
    "logs": lambda api: api.workflows.logs(),
    "annotations": lambda api: api.annotations.list(),
    "update annotation": lambda api: api.annotations.update("a", "q", "a"),
    "delete annotation": lambda api: api.annotations.delete("a"),
    "switch annotations": lambda api: api.annotations.switch("enable", threshold=1, provider="p", model="m"),
    "annotation job": lambda api: api.annotations.job("enable", "j"),
}
ONCE = {
    "hear": lambda api: api.audio.hear("u", "a.mp3", b"x", "audio/mp3"),
    "speak": lambda api: api.audio.speak("u", text="hi"),
    "submit": lambda api: api.human_input.submit("t", {}, "approve", "u"),
    "create annotation": lambda api: api.annotations.create("q", "a"),
}


@pytest.fixture
async def doing():
    """Does a call against a server that says these things; gives how often it was asked, and the error."""

    async def do(call, *replies):
        async with Replay(*replies) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            error = None
            try:
                await call(DifyClient(server, "key", retries=AT_ONCE))
            except DifyError as caught:
                error = caught
            await server.aclose()
            return len(dify.asked), error

    return do


def api(call):
    return lambda client: call(client.api)


@pytest.mark.parametrize("name", [*REPEATABLE, *ONCE])
@pytest.mark.parametrize("why", NEVER_BEGUN)
async def test_what_never_began_is_repeated_whatever_it_was(doing, name, why):
    call = (REPEATABLE | ONCE)[name]
    assert await doing(api(call), NEVER_BEGUN[why], NEVER_BEGUN[why], GOOD) == (3, None)


@pytest.mark.parametrize("name", REPEATABLE)
@pytest.mark.parametrize("why", ON_THE_WAY)
async def test_what_may_be_done_twice_is_repeated_when_it_was_lost_on_the_way(doing, name, why):
    assert await doing(api(REPEATABLE[name]), ON_THE_WAY[why], GOOD) == (2, None)


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("why", ON_THE_WAY)
async def test_what_may_not_be_done_twice_is_not(doing, name, why):
    times, error = await doing(api(ONCE[name]), ON_THE_WAY[why], GOOD)
    assert times == 1
    assert isinstance(error, DifyLost | DifyRefused)


@pytest.mark.parametrize("why", LAST_WORDS)
@pytest.mark.parametrize("name", ["conversations", "upload", "speak"])
async def test_a_last_word_is_taken_as_such(doing, name, why):
    call = (REPEATABLE | ONCE)[name]
    times, error = await doing(api(call), LAST_WORDS[why], GOOD)
    assert times == 1
    assert isinstance(error, DifyRefused)


async def test_after_the_last_attempt_the_error_is_told(doing):
    times, error = await doing(api(REPEATABLE["info"]), BUSY, BUSY, BUSY, GOOD)
    assert (times, type(error)) == (3, DifyBusy)
    times, error = await doing(api(REPEATABLE["info"]), *[Reply(mute=True)] * 3, GOOD)
    assert (times, type(error)) == (3, DifyLost)


async def ask(client):
    async with client.ask(Question("hi", "u"), run=False) as events:
        async for _ in events:
            pass


@pytest.mark.parametrize("why", NEVER_BEGUN | ON_THE_WAY | LAST_WORDS)
async def test_a_question_is_never_repeated_by_the_client(doing, why):
    """Whoever asks decides: it may have to tell somebody that it waits."""
    times, error = await doing(ask, (NEVER_BEGUN | ON_THE_WAY | LAST_WORDS)[why], GOOD)
    assert times == 1
    assert isinstance(error, DifyBusy | DifyUnreachable) == (why in NEVER_BEGUN)


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (503, "no healthy upstream"),
        (503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
        (503, "<html>No server is available to handle this request.</html>"),
        (503, "no available server"),
        (521, "<html>Web server is down</html>"),
        (523, "<html>Origin is unreachable</html>"),
    ],
)
async def test_a_proxy_that_could_not_reach_dify_is_as_if_nothing_had_been_sent(doing, status, page):
    times, error = await doing(ask, Reply.page(status, page))
    assert (times, type(error)) == (1, DifyUnreachable)


async def test_a_proxy_that_was_cut_off_is_no_such_case(doing):
    reset = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
    for page in (reset, "<h1>502 Bad Gateway</h1><hr>nginx", ""):
        _, error = await doing(ask, Reply.page(502, page))
        assert isinstance(error, DifyRefused)


@pytest.mark.parametrize("name", [name for name in REPEATABLE if name != "preview"])
async def test_a_web_page_of_200_is_told_to_the_operator(doing, name):
    times, error = await doing(api(REPEATABLE[name]), Reply.page(200))
    assert (times, error.code, error.advice.sentence) == (1, "not_json", "app_misconfigured")
    assert "base_url" in error.advice.hint
    assert "secret-host" not in f"{error} {error.advice}"


@pytest.mark.parametrize("name", REPEATABLE)
async def test_a_web_page_of_404_is_never_shown(doing, name):
    _, error = await doing(api(REPEATABLE[name]), Reply.page(404))
    if name == "index":
        assert error is None  # it tells nothing that X-Version does not
        return
    assert isinstance(error, DifyRefused)
    assert error.advice.sentence in {"app_misconfigured", "dify_too_old"}
    assert "secret-host" not in f"{error} {error.advice}"


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b'"text"', b"{}", b"7", b"", b'{"data": 7}', b"[" * 100_000]
)
@pytest.mark.parametrize("name", ["info", "conversations", "suggested", "variables", "run"])
async def test_a_body_that_is_something_else_is_empty_or_told(doing, name, body):
    _, error = await doing(api(REPEATABLE[name]), Reply(200, body))
    assert error is None or error.code == "not_json"


@pytest.mark.parametrize(
    ("version", "code"), [("0.15.8", "too_old"), ("1.16.1", "http_404"), ("", "http_404")]
)
async def test_a_server_is_too_old_only_where_it_says_so(doing, version, code):
    page = Reply.page(404)
    page.headers |= {"X-Version": version} if version else {}
    _, error = await doing(api(REPEATABLE["variables"]), page)
    assert error.code == code
