"""What kind of app a key belongs to, on servers that say so and on servers that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.apps import version_of
from core.errors import DifyRefused, DifyUnreachable
from simulators.dify import DifySimulator

NEW = ("chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow")
OLD = {  # 0.15 does not tell agents from chats: both are asked alike
    "chat": "chat",
    "agent-chat": "chat",
    "advanced-chat": "advanced-chat",
    "completion": "completion",
    "workflow": "workflow",
}


@pytest.mark.parametrize("kind", NEW)
async def test_a_new_server_says_what_the_app_is(dify, asker, kind):
    app = asker(dify, kind).app
    assert await app.detect() == kind
    assert (app.title, app.chats) == ("Helpdesk", kind not in {"completion", "workflow"})
    assert app.runs is (kind in {"advanced-chat", "workflow"})
    assert {call.method for call in dify.journal.calls} == {"GET /info"}


@pytest.mark.parametrize("kind", OLD)
async def test_an_old_server_is_probed_without_starting_anything(asker, kind):
    async with DifySimulator(version="0.15.8") as old:
        app = asker(old, kind).app
        assert await app.detect() == OLD[kind]
        assert app.title == "Helpdesk"
        assert app.chats is (kind not in {"completion", "workflow"})
        assert not app.runs  # no worker processes before 1.13: the API process answers
        assert all(call.method.startswith("GET ") for call in old.journal.calls)
        assert old.runs == []


async def test_what_is_known_is_not_asked_again(dify, asker):
    app = asker(dify).app
    await app.detect()
    await app.detect()
    assert len(dify.journal.calls) == 1


async def test_a_configured_mode_stands_but_the_server_is_still_asked_for_its_version(either, asker):
    app = asker(either, "advanced-chat").app
    app.mode = "chat"
    assert await app.detect() == "chat"
    assert app.client.server_version == either.version
    assert [call.method for call in either.journal.calls] == ["GET /info"]


async def test_a_wrong_key_is_not_taken_for_a_kind(either, asker):
    app = asker(either, key="app-wrong").app
    with pytest.raises(DifyRefused):
        await app.detect()
    assert app.mode is None


async def test_a_server_that_is_down_is_asked_again_later(asker):
    simulator = DifySimulator(version="1.16.1")
    await simulator.start()
    app = asker(simulator, "agent").app
    port = int(simulator.origin.rpartition(":")[2])
    await simulator.stop()
    with pytest.raises(DifyUnreachable):
        await app.detect()
    await simulator.start(port)
    assert await app.detect() == "agent"
    await simulator.stop()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.16.1", (1, 16, 1)),
        ("1.16.1-rc1", (1, 16, 1)),
        ("0.15.8", (0, 15, 8)),
        ("1.9", (1, 9, 0)),
        ("", (999,)),
        ("nightly", (999,)),
    ],
)
def test_versions_are_compared_by_their_numbers(text, version):
    assert version_of(text) == version


@given(st.tuples(*[st.integers(0, 99)] * 3), st.tuples(*[st.integers(0, 99)] * 3))
def test_a_later_version_is_greater(one, other):
    def text(numbers):
        return ".".join(map(str, numbers))

    assert (version_of(text(one)) < version_of(text(other))) is (one < other)
